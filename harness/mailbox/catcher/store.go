package catcher

import (
	"slices"
	"strings"
	"sync"
)

// limits bound the memory of a store, so that a homeserver that mails without
// end cannot take the test machine down.
type limits struct {
	mails int
	bytes int
}

// defaultLimits are far above what a run sends (a few thousand mails of some
// kilobytes).
var defaultLimits = limits{mails: 20_000, bytes: 256 << 20}

// store keeps mails in the order of their arrival and drops the oldest ones
// when it is full.
type store struct {
	limits limits

	mu      sync.RWMutex
	mails   []*record // oldest first
	byID    map[string]*record
	around  around
	bytes   int
	dropped int
}

func newStore(limits limits) *store {
	return &store{limits: limits, byID: map[string]*record{}, around: around{}}
}

func (s *store) add(mail *record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, mail)
	s.byID[mail.id] = mail
	s.around.add(mail)
	s.bytes += mail.size()

	// The newest mail stays whatever its size.
	surplus := 0
	for len(s.mails)-surplus > 1 && (len(s.mails)-surplus > s.limits.mails || s.bytes > s.limits.bytes) {
		s.forget(s.mails[surplus])
		surplus++
	}
	s.mails = slices.Delete(s.mails, 0, surplus)
	s.dropped += surplus
}

// forget takes a mail out of the accounts; the caller takes it out of s.mails.
func (s *store) forget(mail *record) {
	delete(s.byID, mail.id)
	s.around.remove(mail)
	s.bytes -= mail.size()
}

func (s *store) get(id string) (mail *record, ok bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	mail, ok = s.byID[id]
	return mail, ok
}

// page returns the mails whose haystack holds the needle, newest first, without
// the first start and at most limit of them, and how many match in all.
func (s *store) page(needle string, start, limit int) (mails []*record, matching int) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	candidates, ok := s.around.candidates(needle)
	if !ok {
		candidates = s.mails
	}
	for _, mail := range slices.Backward(candidates) {
		if !strings.Contains(mail.haystack, needle) {
			continue
		}
		if matching >= start && len(mails) < limit {
			mails = append(mails, mail)
		}
		matching++
	}
	return mails, matching
}

// remove deletes the mails with these ids; unknown ids are no error.
func (s *store) remove(ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		if mail, ok := s.byID[id]; ok {
			s.forget(mail)
		}
	}
	s.mails = slices.DeleteFunc(s.mails, func(mail *record) bool {
		_, kept := s.byID[mail.id]
		return !kept
	})
}

func (s *store) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails, s.bytes = nil, 0
	clear(s.byID)
	clear(s.around)
}

func (s *store) count() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.mails)
}

func (s *store) droppedSoFar() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.dropped
}
