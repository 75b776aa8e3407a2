package catcher

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// A search that is helped by the index finds what one through all mails finds.
func TestTheIndexFindsWhatIsThere(t *testing.T) {
	s := newStore(defaultLimits)
	locals := []string{"a", "alice", "malice", "alice.in.wonderland", "Alice", "x\"y@z\""}
	domains := []string{"b", "example.org", "example.org.uk", "mail.example.org", "EXAMPLE.org"}
	var removed string
	for i, local := range locals {
		for j, domain := range domains {
			address := local + "@" + domain
			mail := newRecord("sender@example.com", []string{address}, []byte("Subject: x\r\n\r\nx"), time.Now())
			s.add(mail)
			if i == 2 && j == 2 {
				removed = mail.id
			}
		}
	}
	s.remove([]string{removed})
	needles := []string{"", "@", "alice@", "@example.org", "sender@example.com", "alice@example.org", "malice@example.org.uk", "wonderland@mail.example", "nobody@example.org"}
	for _, local := range locals {
		for _, domain := range domains {
			needles = append(needles, strings.ToLower(local+"@"+domain))
		}
	}
	for _, needle := range needles {
		var want []string
		for _, m := range s.mails {
			if strings.Contains(m.haystack, needle) {
				want = append([]string{m.id}, want...)
			}
		}
		mails, matching := s.page(needle, 0, 1000)
		var got []string
		for _, m := range mails {
			got = append(got, m.id)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || matching != len(want) {
			t.Errorf("%q: got %d mails, want %d", needle, len(got), len(want))
		}
	}
	if s.clear(); len(s.around) != 0 {
		t.Error("the index outlives its mails")
	}
}
