package mockidserver

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/threepid"
)

// Bounds of the scopes that are open at a time, and of the extra listeners of one.
const (
	maxScopes    = 10_000
	maxListeners = 100
)

var (
	errNoScope   = errors.New("no such scope is open: it was closed, was idle for too long, or the server was restarted")
	errTooMany   = fmt.Errorf("%d scopes are open already; close those that are done with", maxScopes)
	errKeyIsOwn  = errors.New("belongs to another open scope")
	errNoSuchKey = errors.New("a key has a kind (sid, client_secret, token, address, mxid) and a value")
)

// A scope is what belongs to one test.
type scope struct {
	id     string
	name   string
	opened int64 // journal number
	ctx    context.Context
	cancel context.CancelFunc

	// Guarded by the lock of scopes.
	keys      []control.Key
	faults    []*fault
	listeners []func() // that close them
	used      time.Time
	closed    bool
}

// end stops what the scope has going on.
func (s *scope) end() {
	s.cancel()
	for _, stop := range s.listeners {
		stop()
	}
}

// scopes knows the open scopes and who owns which key.
type scopes struct {
	idle time.Duration

	mu   sync.Mutex
	byID map[string]*scope
	keys map[control.Key]*scope
}

func newScopes(idle time.Duration) *scopes {
	return &scopes{idle: idle, byID: map[string]*scope{}, keys: map[control.Key]*scope{}}
}

// canonical is the form of a key in which it is compared.
func canonical(key control.Key) control.Key {
	if key.Kind == control.KindAddress {
		key.Value = threepid.Guess(key.Value)
	}
	return key
}

// open makes a scope. announce is called with its ID before anything can be
// attributed to it. It also returns the scopes that were idle for too long and
// have been closed; the caller frees them.
func (r *scopes) open(name string, keys []control.Key, announce func(id string) (seq int64)) (made *scope, idle []*scope, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.byID {
		if time.Since(s.used) > r.idle {
			idle = append(idle, r.removeLocked(id))
		}
	}
	if len(r.byID) >= maxScopes {
		return nil, idle, errTooMany
	}
	ctx, cancel := context.WithCancel(context.Background())
	made = &scope{id: store.Random(), name: name, ctx: ctx, cancel: cancel, used: time.Now()}
	if err := r.ownLocked(made, keys); err != nil {
		cancel()
		return nil, idle, err
	}
	made.opened = announce(made.id)
	r.byID[made.id] = made
	return made, idle, nil
}

// get finds an open scope and notes that it is in use.
func (r *scopes) get(id string) (*scope, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.byID[id]
	if !ok {
		return nil, errNoScope
	}
	s.used = time.Now()
	return s, nil
}

// remove closes a scope for attribution; nil if it is not open.
func (r *scopes) remove(id string) *scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.removeLocked(id)
}

func (r *scopes) removeLocked(id string) *scope {
	s, ok := r.byID[id]
	if !ok {
		return nil
	}
	delete(r.byID, id)
	for _, key := range s.keys {
		delete(r.keys, key)
	}
	s.closed = true
	return s
}

func (r *scopes) closeAll() []*scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []*scope
	for id := range r.byID {
		all = append(all, r.removeLocked(id))
	}
	return all
}

func (r *scopes) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID)
}

// own gives keys to a scope: all of them, or none and an error.
func (r *scopes) own(s *scope, keys ...control.Key) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return errNoScope
	}
	return r.ownLocked(s, keys)
}

func (r *scopes) ownLocked(s *scope, keys []control.Key) error {
	for _, key := range keys {
		if key.Value == "" || !slices.Contains(control.Kinds(), key.Kind) {
			return errNoSuchKey
		}
		if owner := r.keys[canonical(key)]; owner != nil && owner != s {
			// The value may be a secret, so it is not named.
			return fmt.Errorf("a %s %w (%q)", key.Kind, errKeyIsOwn, owner.name)
		}
	}
	for _, key := range keys {
		key = canonical(key)
		if r.keys[key] == nil {
			r.keys[key] = s
			s.keys = append(s.keys, key)
		}
	}
	return nil
}

// adopt gives keys to a scope that came up in its traffic, unless they belong
// to another.
func (r *scopes) adopt(s *scope, keys ...control.Key) {
	if s == nil {
		return
	}
	for _, key := range keys {
		_ = r.own(s, key) // someone else's key stays theirs
	}
}

// attribute finds the scope a request belongs to, nil for none.
func (r *scopes) attribute(keys control.Keys) *scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, kind := range control.Kinds() {
		if s := r.keys[control.Key{Kind: kind, Value: keys.Of(kind)}]; s != nil {
			s.used = time.Now()
			return s
		}
	}
	return nil
}

// addListener makes an extra listener end with the scope.
func (r *scopes) addListener(s *scope, stop func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return errNoScope
	}
	if len(s.listeners) >= maxListeners {
		return fmt.Errorf("the scope has %d extra listeners already", maxListeners)
	}
	s.listeners = append(s.listeners, stop)
	return nil
}
