package replay

import (
	"net/url"
	"strings"
)

// describe says which request it was, without what is secret or of one run only.
func (s *step) describe() string {
	path := s.url
	if u, err := url.Parse(path); err == nil {
		path = u.Path
	}
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if len(part) > 4 && strings.ContainsAny(part, "0123456789@") {
			parts[i] = "…"
		}
	}
	return s.method + " " + strings.Join(parts, "/")
}
