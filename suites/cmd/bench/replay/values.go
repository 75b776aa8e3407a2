package replay

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// A value is something that differs from start to start: what a server handed
// out, or an address of the deployment.
type value struct {
	old   string
	place place  // in the answer that first had it
	now   string // in the replay; old until the answer has come
}

// A form is one way in which a value is written.
type form func(string) string

var forms = []form{
	func(s string) string { return s },
	url.QueryEscape,
	url.PathEscape,
	func(s string) string {
		text, _ := json.Marshal(s) // a string always can be
		return string(text[1 : len(text)-1])
	},
}

// A template is a text of a request with gaps for values.
type template struct {
	fixed []string // one more than gaps
	gaps  []gap
}

type gap struct {
	value *value
	form  form
}

// text is the template with the values as they are now.
func (t template) text() string {
	if len(t.gaps) == 0 {
		return t.fixed[0]
	}
	var b strings.Builder
	b.WriteString(t.fixed[0])
	for i, g := range t.gaps {
		b.WriteString(g.form(g.value.now))
		b.WriteString(t.fixed[i+1])
	}
	return b.String()
}

// newTemplate leaves a gap wherever one of the values stands in a text, in any of
// its forms. Of two that overlap the first stays, and the longer one of two that
// begin together.
func newTemplate(text string, values []*value) template {
	type match struct {
		begin, end int
		gap        gap
	}
	var matches []match
	for _, v := range values {
		seen := map[string]bool{}
		for _, f := range forms {
			written := f(v.old)
			if seen[written] {
				continue
			}
			seen[written] = true
			for from := 0; ; {
				i := strings.Index(text[from:], written)
				if i < 0 {
					break
				}
				begin := from + i
				end := begin + len(written)
				from = begin + 1
				if standsAlone(text, begin, end) {
					matches = append(matches, match{begin, end, gap{v, f}})
				}
			}
		}
	}
	slices.SortStableFunc(matches, func(a, b match) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(b.end, a.end))
	})
	t, done := template{}, 0
	for _, m := range matches {
		if m.begin < done {
			continue
		}
		t.fixed = append(t.fixed, text[done:m.begin])
		t.gaps = append(t.gaps, m.gap)
		done = m.end
	}
	t.fixed = append(t.fixed, text[done:])
	return t
}

// standsAlone says that no word goes on beyond the edges of text[begin:end]. A
// byte in percent-encoding ends a word.
func standsAlone(text string, begin, end int) bool {
	before := begin == 0 || !inWord(rune(text[begin-1])) || !inWord(rune(text[begin])) ||
		begin >= 3 && text[begin-3] == '%'
	after := end == len(text) || !inWord(rune(text[end])) || !inWord(rune(text[end-1]))
	return before && after
}
