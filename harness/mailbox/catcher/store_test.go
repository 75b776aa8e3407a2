package catcher

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

func numbered(i, size int) *received {
	return receive([]byte("Subject: "+strconv.Itoa(i)+"\r\n\r\n"+strings.Repeat("x", size)), nil, time.Now())
}

func subjectsOf(s *store) string {
	var all []string
	for _, m := range s.page("", 0, 1000).Messages {
		all = append(all, m.Subject)
	}
	return strings.Join(all, " ")
}

func TestAFullStoreDropsTheOldest(t *testing.T) {
	size := numbered(0, 1000).size()
	s := &store{limit: 3*size + size/2}
	first := numbered(0, 1000)
	s.add(first)
	for i := range 4 {
		s.add(numbered(i+1, 1000))
	}
	kept, dropped := s.counts()
	if got := subjectsOf(s); got != "4 3 2" || kept != 3 || dropped != 2 {
		t.Errorf("want the three newest and 2 dropped, got %q and %d", got, dropped)
	}
	if _, ok := s.get(first.ID); ok {
		t.Error("the oldest can still be read")
	}
}

func TestAStoreKeepsTheNewestWhateverItsSize(t *testing.T) {
	s := &store{limit: 100}
	s.add(numbered(0, 1000))
	s.add(numbered(1, 1000))
	if got := subjectsOf(s); got != "1" {
		t.Errorf("want the newest, got %q", got)
	}
}

// What is deleted makes room, and is not counted as dropped.
func TestAStoreAccountsForDeletedMails(t *testing.T) {
	first := numbered(0, 1000)
	s := &store{limit: 2*first.size() + 10}
	s.add(first)
	s.add(numbered(1, 1000))
	s.remove([]string{first.ID, first.ID, "unknown"})
	s.add(numbered(2, 1000))
	if _, dropped := s.counts(); subjectsOf(s) != "2 1" || dropped != 0 {
		t.Errorf("want two mails and none dropped, got %q and %d", subjectsOf(s), dropped)
	}
}
