// Package scopes knows the open scopes: what belongs to one test, the keys by
// which its requests are recognised, its faults and its extra listeners.
package scopes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/faults"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// Bounds of the scopes that are open at a time, and of the extra listeners of one.
const (
	maxScopes    = 10_000
	maxListeners = 100
)

// What a scope can be refused for.
var (
	ErrNoScope  = errors.New("no such scope is open: it was closed, was idle for too long, or the server was restarted")
	ErrTooMany  = fmt.Errorf("%d scopes are open already; close those that are done with", maxScopes)
	ErrKeyTaken = errors.New("belongs to another open scope")
	errNoKey    = errors.New("a key has a kind (sid, client_secret, token, address, mxid) and a value")
)

// Scope is what belongs to one test.
type Scope struct {
	ID      string
	Opened  int64           // journal number
	Context context.Context // ends with the scope
	Faults  faults.Set

	name   string
	cancel context.CancelFunc

	// Guarded by the lock of Registry.
	keys      []control.Key
	listeners []func() // that close them
	used      time.Time
	closed    bool
}

// End stops what a closed scope has going on.
func (s *Scope) End() {
	s.cancel()
	for _, stop := range s.listeners {
		stop()
	}
}

// Registry knows the open scopes and who owns which key.
type Registry struct {
	idle time.Duration

	mu   sync.Mutex
	byID map[string]*Scope
	keys map[control.Key]*Scope
}

// New returns a registry that closes scopes which nobody used for that long.
func New(idle time.Duration) *Registry {
	return &Registry{idle: idle, byID: map[string]*Scope{}, keys: map[control.Key]*Scope{}}
}

// Canonical is the form of a key in which it is compared.
func Canonical(key control.Key) control.Key {
	if key.Kind == control.KindAddress {
		key.Value = threepid.Guess(key.Value)
	}
	return key
}

// Open makes a scope. announce is called with its ID before anything can be
// attributed to it. It also returns the scopes that were idle for too long and
// have been closed; the caller frees them.
func (r *Registry) Open(name string, keys []control.Key, announce func(id string) (seq int64)) (made *Scope, idle []*Scope, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, s := range r.byID {
		if time.Since(s.used) > r.idle {
			idle = append(idle, r.close(id))
		}
	}
	if len(r.byID) >= maxScopes {
		return nil, idle, ErrTooMany
	}
	ctx, cancel := context.WithCancel(context.Background())
	made = &Scope{ID: store.Random(), name: name, Context: ctx, cancel: cancel, used: time.Now()}
	if err := r.own(made, keys); err != nil {
		cancel()
		return nil, idle, err
	}
	made.Opened = announce(made.ID)
	r.byID[made.ID] = made
	return made, idle, nil
}

// Get finds an open scope and notes that it is in use.
func (r *Registry) Get(id string) (*Scope, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.byID[id]
	if !ok {
		return nil, ErrNoScope
	}
	s.used = time.Now()
	return s, nil
}

// Close ends the attribution to a scope; nil if it is not open.
func (r *Registry) Close(id string) *Scope {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.close(id)
}

// close is Close for who holds the lock.
func (r *Registry) close(id string) *Scope {
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

// EndAll closes and ends all scopes.
func (r *Registry) EndAll() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id := range r.byID {
		r.close(id).End()
	}
}

// Count is how many scopes are open.
func (r *Registry) Count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.byID)
}

// Own gives keys to a scope: all of them, or none and an error.
func (r *Registry) Own(s *Scope, keys ...control.Key) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return ErrNoScope
	}
	return r.own(s, keys)
}

// own is Own for who holds the lock.
func (r *Registry) own(s *Scope, keys []control.Key) error {
	for _, key := range keys {
		if key.Value == "" || !slices.Contains(control.Kinds(), key.Kind) {
			return errNoKey
		}
		if owner := r.keys[Canonical(key)]; owner != nil && owner != s {
			// The value may be a secret, so it is not named.
			return fmt.Errorf("a %s %w (%q)", key.Kind, ErrKeyTaken, owner.name)
		}
	}
	for _, key := range keys {
		key = Canonical(key)
		if r.keys[key] == nil {
			r.keys[key] = s
			s.keys = append(s.keys, key)
		}
	}
	return nil
}

// Adopt gives keys to a scope that came up in its traffic, unless they belong
// to another.
func (r *Registry) Adopt(s *Scope, keys ...control.Key) {
	if s == nil {
		return
	}
	for _, key := range keys {
		_ = r.Own(s, key) // someone else's key stays theirs
	}
}

// Attribute finds the scope a request belongs to, nil for none.
func (r *Registry) Attribute(keys control.Keys) *Scope {
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

// AddFault installs a fault. Its key, if it has one, becomes the scope's.
func (r *Registry) AddFault(s *Scope, f control.Fault) (control.Fault, error) {
	f, err := faults.Check(f)
	if err != nil {
		return f, err
	}
	if f.Key != nil {
		key := Canonical(*f.Key)
		if err := r.Own(s, key); err != nil {
			return f, err
		}
		f.Key = &key
	}
	return s.Faults.Add(f)
}

// AddListener makes an extra listener end with the scope.
func (r *Registry) AddListener(s *Scope, stop func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return ErrNoScope
	}
	if len(s.listeners) >= maxListeners {
		return fmt.Errorf("the scope has %d extra listeners already", maxListeners)
	}
	s.listeners = append(s.listeners, stop)
	return nil
}
