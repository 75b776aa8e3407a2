package controlapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/scopes"
)

// maxWait bounds one long poll of a journal.
const maxWait = 30 * time.Second

// keysRequest carries the keys of a new or an open scope.
type keysRequest struct {
	Name string        `json:"name"`
	Keys []control.Key `json:"keys"`
}

func (a *API) openScope(request keysRequest) (any, error) {
	// Journal and store keep what belongs to the scope as soon as it is open.
	announce := func(id string) (seq int64) {
		a.Store.Open(id)
		return a.Journal.Open(id)
	}
	opened, idle, err := a.Scopes.Open(request.Name, request.Keys, announce)
	for _, gone := range idle {
		a.free(gone)
	}
	if err != nil {
		return nil, err
	}
	return control.OpenedScope{ID: opened.ID, IDServer: a.AdvertisedAt(a.Port)}, nil
}

// closeScope closes a scope and tells what it saw; one that is not open is
// closed already.
func (a *API) closeScope(r *http.Request) (any, error) {
	closed := a.Scopes.Close(r.PathValue("scope"))
	if closed == nil {
		return control.Seen{}, nil
	}
	page, _ := a.Journal.Scope(closed.ID)
	seen := control.Seen{Known: true, Journal: page.Journal, Codes: a.Store.ScopeCodes(closed.ID)}
	a.free(closed)
	return seen, nil
}

// free ends a closed scope and forgets what was kept for it.
func (a *API) free(gone *scopes.Scope) {
	gone.End()
	a.Journal.Free(gone.ID)
	a.Store.Free(gone.ID)
}

func (a *API) own(owner *scopes.Scope, request keysRequest) (any, error) {
	return nil, a.Scopes.Own(owner, request.Keys...)
}

func (a *API) setFault(owner *scopes.Scope, fault control.Fault) (any, error) {
	return a.Scopes.AddFault(owner, fault)
}

func clearFault(r *http.Request, owner *scopes.Scope) (any, error) {
	if id := r.PathValue("fault"); !owner.Faults.Remove(id) {
		return nil, fmt.Errorf("fault %s: %w", id, errNotThere)
	}
	return nil, nil
}

func (a *API) listen(owner *scopes.Scope, request control.ListenerRequest) (any, error) {
	return a.Listen(owner, request)
}

func (a *API) codesOfScope(_ *http.Request, owner *scopes.Scope) (any, error) {
	return a.Store.ScopeCodes(owner.ID), nil
}

// journalOfScope waits for another version than the known one if asked to.
func (a *API) journalOfScope(r *http.Request, owner *scopes.Scope) (any, error) {
	query := r.URL.Query()
	if wait := query.Get("wait"); wait != "" {
		patience, err := time.ParseDuration(wait)
		if err != nil {
			return nil, fmt.Errorf("wait is a duration such as 5s: %w", err)
		}
		version, err := strconv.ParseInt(query.Get("version"), 10, 64)
		if err != nil {
			return nil, errors.New("wait needs the version that is known already, 0 for none")
		}
		a.Journal.Wait(r.Context(), owner.ID, version, min(patience, maxWait))
	}
	page, open := a.Journal.Scope(owner.ID)
	if !open {
		return nil, scopes.ErrNoScope
	}
	return page, nil
}

// reachability tells apart why a scope saw no request.
func (a *API) reachability(r *http.Request, owner *scopes.Scope) (any, error) {
	connections := a.shaken(r.Context(), owner.Opened)
	page, open := a.Journal.Scope(owner.ID)
	if !open {
		return nil, scopes.ErrNoScope
	}
	var found control.Reachability
	for _, entry := range page.Entries {
		if entry.Request != nil {
			found.Requests++
		} else {
			connections = append(connections, entry.Connection)
		}
	}
	busy := 0
	for _, c := range connections {
		found.Connections++
		switch {
		case c.Requests > 0:
			busy++
		case c.Handshake == control.HandshakeRefused:
			found.Refused++
		case c.Handshake == control.HandshakeNotTLS:
			found.NotTLS++
		default:
			found.Unused++
		}
	}
	found.Verdict, found.Sentence = judge(found, busy, a.Info().CAFile)
	return found, nil
}

// handshakePatience is how long a handshake in progress is waited for.
const handshakePatience = 2 * time.Second

// shaken are the connections to the shared listener since then. A homeserver that
// refuses our certificate may have told its client before we have heard of it, so
// handshakes that go on are waited for.
func (a *API) shaken(ctx context.Context, since int64) []control.Connection {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		connections := a.Journal.ConnectionsSince(since, control.ServiceIdentity)
		pending := func(c control.Connection) bool { return c.Handshake == control.HandshakePending && !c.Closed }
		if !slices.ContainsFunc(connections, pending) {
			return connections
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return connections
		}
	}
}

// judge finds the words for what the connections show.
func judge(found control.Reachability, busy int, caFile string) (verdict, sentence string) {
	switch {
	case found.Requests > 0:
		return control.ReachRequests, fmt.Sprintf("%d requests arrived", found.Requests)
	case found.Refused > 0:
		return control.ReachUntrusted, fmt.Sprintf("%d connections ended in the TLS handshake: the client does not trust the CA of the identity server; start the homeserver with SSL_CERT_FILE=%s", found.Refused, caFile)
	case found.NotTLS > 0:
		return control.ReachNotTLS, fmt.Sprintf("%d connections sent plain HTTP to the TLS port: identity servers are reached over https", found.NotTLS)
	case found.Unused > 0:
		return control.ReachUnused, fmt.Sprintf("%d connections were opened and no request was sent on them; the client may have refused the certificate after the handshake", found.Unused)
	case busy > 0:
		return control.ReachOthersOnly, "requests arrived, and none of them carried a key of this scope"
	}
	return control.ReachNobody, "nobody came: no connection to the identity server was opened or used since the scope was opened"
}
