package mailbox

import (
	"net/url"
	"slices"
	"strings"
)

// longSegment is the length from which a part of a link's path is taken for a
// token: names of pages are shorter.
const longSegment = 20

// LinkSecrets are what the mail's links carry to validate a session: parameters
// named after tokens, secrets or codes, and long parts of the path.
func (m Mail) LinkSecrets() []string {
	var secrets []string
	add := func(value string) {
		if value != "" && !slices.Contains(secrets, value) {
			secrets = append(secrets, value)
		}
	}
	for _, link := range m.Links() {
		u, err := url.Parse(link)
		if err != nil {
			continue
		}
		for name, values := range u.Query() {
			name = strings.ToLower(name)
			if strings.Contains(name, "token") || strings.Contains(name, "secret") || strings.Contains(name, "code") {
				for _, v := range values {
					add(v)
				}
			}
		}
		for segment := range strings.SplitSeq(u.Path, "/") {
			if len(segment) >= longSegment && hasShape(segment) && hasDigit(segment) {
				add(segment)
			}
		}
	}
	return secrets
}

// WithoutCodes is a text of the mail in which no word is left that could be the
// code to type. Dates and names of servers may go with them, so these words are
// no secrets elsewhere.
func (m Mail) WithoutCodes(text string) string {
	tokens := m.Tokens()
	slices.SortFunc(tokens, func(a, b string) int { return len(b) - len(a) })
	for _, t := range tokens {
		if hasDigit(t) || len(t) >= longSegment {
			text = strings.ReplaceAll(text, t, "<code>")
		}
	}
	return text
}
