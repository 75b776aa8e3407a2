// Package store is the memory of the identity server: validation sessions,
// accounts, associations and invitations. Every row belongs to a scope, and
// goes with it, or to none, and goes when too many newer ones have come.
package store

import (
	"crypto/rand"
	"regexp"
	"sync"
	"time"
)

// Store is safe for concurrent use. What it returns are copies.
type Store struct {
	mu       sync.Mutex
	open     map[string]bool                // scopes
	sessions table[string, *session]        // by sid
	tokens   table[string, Token]           // by access token
	accounts table[string, map[string]bool] // mxid → accepted policy URLs
	bindings table[ThreePID, Binding]
	invites  table[string, Invite] // by token
	now      func() time.Time
}

// New returns an empty store.
func New() *Store { return &Store{open: map[string]bool{}, now: time.Now} }

// Open lets rows belong to a scope.
func (s *Store) Open(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[scope] = true
}

// owner is the scope a new row belongs to. A request that outlives its scope
// leaves rows that belong to none. The caller holds the lock.
func (s *Store) owner(scope string) string {
	if s.open[scope] {
		return scope
	}
	return ""
}

// Free forgets what belongs to a scope.
func (s *Store) Free(scope string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, scope)
	s.sessions.free(scope)
	s.tokens.free(scope)
	s.accounts.free(scope)
	s.bindings.free(scope)
	s.invites.free(scope)
}

// Random returns an unguessable string of letters and digits, as allowed for
// session IDs, client secrets and tokens.
func Random() string { return rand.Text() }

var opaqueForm = regexp.MustCompile(`^[0-9a-zA-Z.=_-]{1,255}$`)

// IsOpaque reports whether a text has the grammar of client_secret and sid.
func IsOpaque(text string) bool { return opaqueForm.MatchString(text) }
