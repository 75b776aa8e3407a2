package masking

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
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

// secretField finds pairs such as "token": "value", the value with its quotes.
var secretField = regexp.MustCompile(`(?is)"(` + strings.Join(slices.Sorted(maps.Keys(secretFields)), "|") + `)"(\s*:\s*)("(?:[^"\\]|\\.)*")`)

// Fields makes the secrets of a JSON body known by the names of its keys. It
// returns the body with those values replaced, whatever their length. It looks for
// pairs of a key and a string and so does not need the whole to be JSON: a body may
// be cut short or not quite right.
func (m *Masker) Fields(body string) string {
	return secretField.ReplaceAllStringFunc(body, func(field string) string {
		part := secretField.FindStringSubmatch(field)
		kind := secretFields[strings.ToLower(part[1])]
		var value string
		if err := json.Unmarshal([]byte(part[3]), &value); err != nil || value == "" {
			return field
		}
		return `"` + part[1] + `"` + part[2] + `"` + m.Register(kind, value) + `"`
	})
}

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
		kind, secret := secretFields[strings.ToLower(key)]
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
