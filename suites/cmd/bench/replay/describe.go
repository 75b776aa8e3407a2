package replay

import "strings"

// describe says which request it was, without what is secret or of one run only.
func (s *step) describe() string {
	parts := strings.Split(s.url.Path, "/")
	for i, part := range parts {
		if len(part) > 4 && strings.ContainsAny(part, "0123456789@") {
			parts[i] = "…"
		}
	}
	return s.method + " " + strings.Join(parts, "/")
}
