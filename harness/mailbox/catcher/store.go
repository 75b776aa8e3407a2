package catcher

import (
	"slices"
	"strings"
	"sync"

	"threepid-conformance/harness/mailbox"
)

// storeLimit is far above what a run sends, which is a few thousand mails of some
// kilobytes. It is there so that a homeserver that mails without end cannot take the
// test machine down.
const storeLimit = 256 << 20 // bytes

// A store keeps mails in the order of their arrival and drops the oldest ones when
// it is full.
type store struct {
	limit int // bytes

	mu      sync.Mutex
	mails   []*received // oldest first
	bytes   int
	dropped int
}

func (s *store) add(mail *received) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, mail)
	s.bytes += mail.size()
	surplus := 0
	for s.bytes > s.limit && surplus < len(s.mails)-1 { // the newest stays whatever its size
		s.bytes -= s.mails[surplus].size()
		surplus++
	}
	s.mails = slices.Delete(s.mails, 0, surplus)
	s.dropped += surplus
}

func (s *store) get(id string) (mail *received, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.mails, func(m *received) bool { return m.ID == id })
	if i < 0 {
		return nil, false
	}
	return s.mails[i], true
}

// page returns the mails that a search for the needle finds, newest first, without
// the first start and at most limit of them.
func (s *store) page(needle string, start, limit int) mailbox.Page {
	s.mu.Lock()
	defer s.mu.Unlock()
	page := mailbox.Page{Messages: []mailbox.Summary{}}
	for _, mail := range slices.Backward(s.mails) {
		if !strings.Contains(mail.haystack, needle) {
			continue
		}
		if page.Matching >= start && len(page.Messages) < limit {
			page.Messages = append(page.Messages, mail.Summary)
		}
		page.Matching++
	}
	return page
}

// remove deletes the mails with these ids; unknown ids are no error.
func (s *store) remove(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = slices.DeleteFunc(s.mails, func(mail *received) bool {
		named := slices.Contains(ids, mail.ID)
		if named {
			s.bytes -= mail.size()
		}
		return named
	})
}

// counts returns how many mails are kept, and how many had to go.
func (s *store) counts() (kept, dropped int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.mails), s.dropped
}
