package catcher

import (
	"iter"
	"slices"
	"strings"
)

// reach is how many characters on either side of an @ the index looks at.
const reach = 6

// around finds mails by what stands around an @ in their addresses. Where an
// address is a part of a longer text, what stands around its @ is a part, too: so
// a search for it need look at no other mail.
type around map[string][]*record

func (a around) add(mail *record) {
	for key := range keysIn(mail.haystack) {
		if mails := a[key]; len(mails) == 0 || mails[len(mails)-1] != mail {
			a[key] = append(mails, mail)
		}
	}
}

func (a around) remove(mail *record) {
	for key := range keysIn(mail.haystack) {
		a[key] = slices.DeleteFunc(a[key], func(m *record) bool { return m == mail })
		if len(a[key]) == 0 {
			delete(a, key)
		}
	}
}

// candidates are the mails, oldest first, among which are all that hold the
// needle; false when the index cannot say.
func (a around) candidates(needle string) (mails []*record, ok bool) {
	for key := range keysIn(needle) {
		return a[key], true
	}
	return nil, false
}

// keysIn are what stands around each @ of a text that is not too near its ends.
func keysIn(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for from := 0; ; {
			i := strings.IndexByte(text[from:], '@')
			if i < 0 {
				return
			}
			at := from + i
			from = at + 1
			if at >= reach && at+reach < len(text) && !yield(text[at-reach:at+reach+1]) {
				return
			}
		}
	}
}
