package control

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Scope is a handle for an open scope: the keys that belong to one spec, what
// was seen of them, and the faults and listeners that exist for it alone.
type Scope struct {
	client   *Client
	id       string
	idServer string
}

// ID identifies the scope, also to other processes.
func (s *Scope) ID() string { return s.id }

// IDServer is what clients put into id_server: host:port. It is "" for a scope
// that another process opened.
func (s *Scope) IDServer() string { return s.idServer }

func (s *Scope) path(rest string) string { return "/scopes/" + url.PathEscape(s.id) + rest }

// Own adds keys to the scope. It returns ErrConflict, and adds none, if another
// open scope owns one of them.
func (s *Scope) Own(ctx context.Context, keys ...Key) error {
	return s.client.do(ctx, http.MethodPost, s.path("/keys"), map[string]any{"keys": keys}, nil)
}

// Close ends the scope and frees everything that was kept for it: journal,
// faults, listeners, sessions, tokens, bindings. It returns what was seen of the
// scope. Closing twice is no error.
func (s *Scope) Close(ctx context.Context) (Seen, error) {
	return fetch[Seen](ctx, s.client, http.MethodDelete, s.path(""), nil)
}

// Journal returns what was seen of this scope so far, in order.
func (s *Scope) Journal(ctx context.Context) (Journal, error) {
	return fetch[Journal](ctx, s.client, http.MethodGet, s.path("/journal"), nil)
}

// Await returns the first entry of the scope that matches, and waits for it
// until the context ends. Requests in progress are seen too (Answered is false).
// A homeserver calls its identity server before it answers its own client, so
// most specs need Journal only.
func (s *Scope) Await(ctx context.Context, match func(Entry) bool) (Entry, error) {
	version := int64(0)
	for {
		var page JournalPage
		query := fmt.Sprintf("/journal?version=%d&wait=%s", version, awaitStep)
		if err := s.client.do(ctx, http.MethodGet, s.path(query), nil, &page); err != nil {
			if ctx.Err() != nil {
				return Entry{}, fmt.Errorf("no matching request reached the identity server: %w", ctx.Err())
			}
			return Entry{}, err
		}
		for _, entry := range page.Entries {
			if match(entry) {
				return entry, nil
			}
		}
		version = page.Version
	}
}

// Reachability says why the scope has seen no request, if it has seen none.
func (s *Scope) Reachability(ctx context.Context) (Reachability, error) {
	return fetch[Reachability](ctx, s.client, http.MethodGet, s.path("/reachability"), nil)
}

// SetFault installs a fault and returns its ID. Faults are tried in the order
// in which they were set.
func (s *Scope) SetFault(ctx context.Context, fault Fault) (string, error) {
	set, err := fetch[Fault](ctx, s.client, http.MethodPost, s.path("/faults"), fault)
	return set.ID, err
}

// ClearFault removes a fault.
func (s *Scope) ClearFault(ctx context.Context, id string) error {
	return s.client.do(ctx, http.MethodDelete, s.path("/faults/"+url.PathEscape(id)), nil, nil)
}

// Listen opens an extra listener with a defect of its own.
func (s *Scope) Listen(ctx context.Context, request ListenerRequest) (Listener, error) {
	return fetch[Listener](ctx, s.client, http.MethodPost, s.path("/listeners"), request)
}

// MintToken issues an access token for a user who has accepted the terms. The
// scope owns it.
func (s *Scope) MintToken(ctx context.Context, mxid string) (string, error) {
	return s.client.MintToken(ctx, TokenRequest{Scope: s.id, MXID: mxid})
}

// MintTokenWithPendingTerms issues an access token that gets M_TERMS_NOT_SIGNED
// until the terms are accepted with it.
func (s *Scope) MintTokenWithPendingTerms(ctx context.Context, mxid string) (string, error) {
	return s.client.MintToken(ctx, TokenRequest{Scope: s.id, MXID: mxid, TermsPending: true})
}

// ValidatedSession makes a validated session for an address. The scope owns
// sid, client_secret and address.
func (s *Scope) ValidatedSession(ctx context.Context, medium, address string) (Session, error) {
	return s.client.CreateSession(ctx, SessionRequest{Scope: s.id, Medium: medium, Address: address})
}

// UnvalidatedSession is the same before the token was submitted; its code can
// be read with Codes.
func (s *Scope) UnvalidatedSession(ctx context.Context, medium, address string) (Session, error) {
	return s.client.CreateSession(ctx, SessionRequest{Scope: s.id, Medium: medium, Address: address, Unvalidated: true})
}

// Codes returns the messages "sent" for sessions of this scope, oldest first.
func (s *Scope) Codes(ctx context.Context) ([]Code, error) {
	return fetch[[]Code](ctx, s.client, http.MethodGet, s.path("/codes"), nil)
}

// Bind makes an association behind the homeserver's back. The scope owns the
// address.
func (s *Scope) Bind(ctx context.Context, medium, address, mxid string) error {
	return s.client.Bind(ctx, Binding{Scope: s.id, Medium: medium, Address: address, MXID: mxid})
}
