package catcher

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func numbered(i, size int) *record {
	return newRecord("", nil, []byte("Subject: "+strconv.Itoa(i)+"\r\n\r\n"+strings.Repeat("x", size)), time.Now())
}

func subjectsOf(s *store) string {
	mails, _ := s.page("", 0, 1000)
	var all []string
	for _, m := range mails {
		all = append(all, m.subject)
	}
	return strings.Join(all, " ")
}

func TestStoreDropsTheOldest(t *testing.T) {
	size := numbered(0, 1000).size()
	for name, limits := range map[string]limits{
		"by number": {mails: 3, bytes: 1 << 20},
		"by bytes":  {mails: 1000, bytes: 3*size + size/2},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStore(limits)
			first := numbered(0, 1000)
			s.add(first)
			for i := range 4 {
				s.add(numbered(i+1, 1000))
			}
			if got := subjectsOf(s); got != "4 3 2" {
				t.Errorf("want the three newest, got %q", got)
			}
			if s.count() != 3 || s.droppedSoFar() != 2 {
				t.Errorf("want 3 kept and 2 dropped, got %d and %d", s.count(), s.droppedSoFar())
			}
			if _, ok := s.get(first.id); ok {
				t.Error("the oldest can still be read")
			}
		})
	}
}

func TestStoreKeepsTheNewestWhateverItsSize(t *testing.T) {
	s := newStore(limits{mails: 10, bytes: 100})
	s.add(numbered(0, 1000))
	s.add(numbered(1, 1000))
	if got := subjectsOf(s); got != "1" {
		t.Errorf("want the newest, got %q", got)
	}
}

// What is deleted makes room, and is not counted as dropped.
func TestStoreAccountsForDeletedMails(t *testing.T) {
	s := newStore(limits{mails: 2, bytes: 5000})
	first := numbered(0, 1000)
	s.add(first)
	s.add(numbered(1, 1000))
	s.remove([]string{first.id, first.id, "unknown"})
	s.add(numbered(2, 1000))
	if got := subjectsOf(s); got != "2 1" || s.droppedSoFar() != 0 {
		t.Errorf("want two mails and none dropped, got %q and %d", got, s.droppedSoFar())
	}

	s.clear()
	if s.count() != 0 || s.bytes != 0 || len(s.byID) != 0 {
		t.Errorf("want nothing left, got %d mails, %d bytes", s.count(), s.bytes)
	}
}
