package signing

import (
	"errors"
	"fmt"
	"strings"
)

// Scheme is the Authorization scheme of signed requests. It is compared without
// regard to case.
const Scheme = "X-Matrix"

// Header is a parsed X-Matrix Authorization header.
type Header struct {
	Origin         string
	Destination    string
	HasDestination bool // it can be present and empty
	KeyID          string
	Signature      string
}

// IsXMatrix reports whether an Authorization value has the scheme X-Matrix.
func IsXMatrix(value string) bool {
	scheme, _, _ := strings.Cut(value, " ")
	return strings.EqualFold(scheme, Scheme)
}

// ParseAuthorization reads an Authorization value of scheme X-Matrix: a list of
// name=value in the manner of RFC 9110, in any order, with names in any case,
// values plain or quoted. Plain values may hold colons, as older servers send
// them. Unknown parameters are skipped; repeated ones are an error.
func ParseAuthorization(value string) (Header, error) {
	scheme, rest, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, Scheme) {
		return Header{}, fmt.Errorf("the Authorization scheme is %q, not %s", scheme, Scheme)
	}
	parameters, err := parseParameters(rest)
	if err != nil {
		return Header{}, fmt.Errorf("the %s header is malformed: %w", Scheme, err)
	}
	for _, name := range []string{"origin", "key", "sig"} {
		if parameters[name] == "" {
			return Header{}, fmt.Errorf("the %s header has no %s", Scheme, name)
		}
	}
	destination, has := parameters["destination"]
	return Header{
		Origin:         parameters["origin"],
		Destination:    destination,
		HasDestination: has,
		KeyID:          parameters["key"],
		Signature:      parameters["sig"],
	}, nil
}

// parseParameters reads name=value pairs between commas. Names come back in
// lower case.
func parseParameters(rest string) (map[string]string, error) {
	parameters := map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t,") // RFC 9110 allows empty elements
		if rest == "" {
			return parameters, nil
		}
		end := 0
		for end < len(rest) && isTokenByte(rest[end]) {
			end++
		}
		name := strings.ToLower(rest[:end])
		rest = strings.TrimLeft(rest[end:], " \t")
		if name == "" || !strings.HasPrefix(rest, "=") {
			return nil, errors.New("a name=value pair is expected")
		}
		var value string
		var err error
		value, rest, err = parseValue(strings.TrimLeft(rest[1:], " \t"))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if _, repeated := parameters[name]; repeated {
			return nil, fmt.Errorf("%s occurs twice", name)
		}
		parameters[name] = value
		if rest = strings.TrimLeft(rest, " \t"); rest != "" && rest[0] != ',' {
			return nil, fmt.Errorf("a comma is expected after %s", name)
		}
	}
}

// parseValue reads a plain or quoted value and returns it with what follows.
func parseValue(text string) (value, rest string, err error) {
	if !strings.HasPrefix(text, `"`) {
		end := strings.IndexAny(text, " \t,\"")
		if end < 0 {
			end = len(text)
		}
		if end == 0 {
			return "", "", errors.New("the value is missing")
		}
		return text[:end], text[end:], nil
	}
	var unquoted strings.Builder
	for i := 1; i < len(text); i++ {
		switch text[i] {
		case '"':
			return unquoted.String(), text[i+1:], nil
		case '\\':
			if i++; i == len(text) {
				return "", "", errors.New("the quotes do not end")
			}
		}
		unquoted.WriteByte(text[i])
	}
	return "", "", errors.New("the quotes do not end")
}

// isTokenByte reports whether RFC 9110 allows c in a token.
func isTokenByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}
