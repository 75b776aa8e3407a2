package masking

import (
	"encoding/json"
	"net/url"
	"regexp"
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
// returns the body with those values replaced, whatever their length. A body
// that is not JSON is returned as it is.
func (m *Masker) Fields(body string) string {
	if !strings.ContainsAny(body, "{[") {
		return body
	}
	return jsonField.ReplaceAllStringFunc(body, func(pair string) string {
		parts := jsonField.FindStringSubmatch(pair)
		kind, secret := IsSecretField(parts[1])
		if !secret {
			return pair
		}
		var value string
		if err := json.Unmarshal([]byte(parts[3]), &value); err != nil || value == "" {
			return pair
		}
		return `"` + parts[1] + `"` + parts[2] + `"` + m.Register(kind, value) + `"`
	})
}

// jsonField matches one "key": "string value" pair. Searching by pattern also
// works on bodies that are cut short or not quite JSON, which parsing would not.
var jsonField = regexp.MustCompile(`"([A-Za-z_]+)"(\s*:\s*)("(?:[^"\\]|\\.)*")`)

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

// Header makes the credentials of an Authorization header known and returns the
// value with them replaced; other headers are searched for known secrets.
func (m *Masker) Header(name, value string) string {
	switch strings.ToLower(name) {
	case "authorization":
		scheme, credentials, ok := strings.Cut(value, " ")
		if ok && strings.EqualFold(scheme, "Bearer") && credentials != "" {
			return scheme + " " + m.Register("access_token", credentials)
		}
	case "location", "referer":
		return m.URL(value)
	case "cookie", "set-cookie":
		return "<cookie>"
	}
	return m.Mask(value)
}
