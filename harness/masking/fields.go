package masking

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// secretFields are the names under which Matrix carries secrets, in JSON bodies
// and in query strings, with the kind they are registered as.
var secretFields = map[string]string{
	"access_token":       "access_token",
	"refresh_token":      "refresh_token",
	"login_token":        "login_token",
	"password":           "password",
	"new_password":       "password",
	"client_secret":      "client_secret",
	"id_access_token":    "id_access_token",
	"token":              "token",
	"registration_token": "registration_token",
	"mac":                "mac",
	"nonce":              "nonce",
}

// IsSecretField reports whether a JSON key or query parameter holds a secret,
// and of which kind.
func IsSecretField(name string) (kind string, ok bool) {
	kind, ok = secretFields[strings.ToLower(name)]
	return kind, ok
}

// Fields makes the secrets of a JSON body known by the names of its keys. It
// returns the body with those values replaced, whatever their length. It looks for
// pairs of a key and a string and so does not need the whole to be JSON: a body may
// be cut short or not quite right.
func (m *Masker) Fields(body string) string {
	var out strings.Builder
	done := 0 // text before this offset is already in out
	for at := 0; ; {
		f, more := nextField(body, at)
		if !more {
			break
		}
		at = f.end
		kind, secret := IsSecretField(body[f.key:f.keyEnd])
		if !secret {
			continue
		}
		var value string
		if err := json.Unmarshal([]byte(body[f.value:f.end]), &value); err != nil || value == "" {
			continue
		}
		out.WriteString(body[done:f.value])
		out.WriteString(`"` + m.Register(kind, value) + `"`)
		done = f.end
	}
	if done == 0 {
		return body
	}
	out.WriteString(body[done:])
	return out.String()
}

// A field is where a pair such as "key": "value" stands: the key without its quotes,
// the value with them.
type field struct{ key, keyEnd, value, end int }

// nextField finds the first field from an offset on.
func nextField(body string, from int) (f field, found bool) {
	for {
		quote := strings.IndexByte(body[from:], '"')
		if quote < 0 {
			return f, false
		}
		from += quote + 1
		f.key = from
		f.keyEnd = skip(body, f.key, func(c byte) bool { return c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' })
		if f.keyEnd == f.key || !has(body, f.keyEnd, '"') {
			continue
		}
		colon := skip(body, f.keyEnd+1, isSpace)
		if !has(body, colon, ':') {
			continue
		}
		f.value = skip(body, colon+1, isSpace)
		if f.end, found = endOfString(body, f.value); found {
			return f, true
		}
	}
}

// endOfString is where the string that begins at an offset has ended; ok is false
// where there is none or it has no end.
func endOfString(body string, from int) (end int, ok bool) {
	if !has(body, from, '"') {
		return 0, false
	}
	for i := from + 1; i < len(body); i++ {
		switch body[i] {
		case '"':
			return i + 1, true
		case '\\':
			i++ // whatever is escaped is no end
		}
	}
	return 0, false
}

func skip(body string, from int, these func(byte) bool) int {
	for from < len(body) && these(body[from]) {
		from++
	}
	return from
}

func has(body string, offset int, c byte) bool { return offset < len(body) && body[offset] == c }

func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// URL makes the secrets in a URL's query known and returns it with them
// replaced.
func (m *Masker) URL(raw string) string {
	before, query, has := strings.Cut(raw, "?")
	if !has {
		return m.Mask(raw)
	}
	query, fragment, hasFragment := strings.Cut(query, "#")
	params := strings.Split(query, "&")
	for i, p := range params {
		key, value, _ := strings.Cut(p, "=")
		kind, secret := IsSecretField(key)
		if !secret || value == "" {
			continue
		}
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		params[i] = key + "=" + m.Register(kind, plain)
	}
	out := before + "?" + strings.Join(params, "&")
	if hasFragment {
		out += "#" + fragment
	}
	return m.Mask(out)
}

// Carries reports whether a header of that name may make a secret known; see
// [Masker.Header].
func Carries(name string) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization", "Location", "Referer":
		return true
	}
	return false
}

// Header makes the credentials of an Authorization header known and returns the
// value with them replaced; other headers are searched for known secrets.
func (m *Masker) Header(name, value string) string {
	switch http.CanonicalHeaderKey(name) {
	case "Authorization":
		scheme, credentials, ok := strings.Cut(value, " ")
		if ok && strings.EqualFold(scheme, "Bearer") && credentials != "" {
			return scheme + " " + m.Register("access_token", credentials)
		}
	case "Location", "Referer":
		return m.URL(value)
	case "Cookie", "Set-Cookie":
		return "<cookie>"
	}
	return m.Mask(value)
}
