package signing

import (
	"errors"
	"fmt"
	"regexp"
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

// One parameter, in the grammar of RFC 9110, and the comma after it.
const (
	token  = "([0-9A-Za-z!#$%&'*+.^_`|~-]+)"
	quoted = `"((?:[^"\\]|\\.)*)"`
	plain  = `([^ \t,"]+)`
)

var (
	parameter = regexp.MustCompile(`(?s)^` + token + `[ \t]*=[ \t]*(?:` + quoted + `|` + plain + `)[ \t]*(?:,|$)`)
	escaped   = regexp.MustCompile(`(?s)\\(.)`)
)

// parseParameters reads name=value pairs between commas. Names come back in
// lower case.
func parseParameters(rest string) (map[string]string, error) {
	parameters := map[string]string{}
	for {
		rest = strings.TrimLeft(rest, " \t,") // RFC 9110 allows empty elements
		if rest == "" {
			return parameters, nil
		}
		found := parameter.FindStringSubmatch(rest)
		if found == nil {
			return nil, errors.New("it is no list of name=value pairs")
		}
		name := strings.ToLower(found[1])
		if _, repeated := parameters[name]; repeated {
			return nil, fmt.Errorf("%s occurs twice", name)
		}
		parameters[name] = escaped.ReplaceAllString(found[2], "$1") + found[3]
		rest = rest[len(found[0]):]
	}
}
