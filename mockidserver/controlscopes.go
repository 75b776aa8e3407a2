package mockidserver

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"threepid-conformance/mockidserver/control"
)

// keysRequest carries the keys of a new or an open scope.
type keysRequest struct {
	Name string        `json:"name"`
	Keys []control.Key `json:"keys"`
}

func (s *Server) controlOpenScope(r *http.Request) (any, error) {
	request, err := readControl[keysRequest](r)
	if err != nil {
		return nil, err
	}
	opened, idle, err := s.scopes.open(request.Name, request.Keys, s.announce)
	for _, gone := range idle {
		s.free(gone)
	}
	if err != nil {
		return nil, err
	}
	return control.OpenedScope{ID: opened.id, IDServer: s.IDServer()}, nil
}

// announce makes journal and store keep what belongs to a new scope.
func (s *Server) announce(id string) (seq int64) {
	s.store.Open(id)
	return s.journal.Open(id)
}

// controlCloseScope closes a scope and tells what it saw; one that is not open is
// closed already.
func (s *Server) controlCloseScope(r *http.Request) (any, error) {
	closed := s.scopes.remove(r.PathValue("scope"))
	if closed == nil {
		return control.Seen{}, nil
	}
	page, _ := s.journal.Scope(closed.id)
	seen := control.Seen{Known: true, Journal: page.Journal, Codes: s.store.ScopeCodes(closed.id)}
	s.free(closed)
	return seen, nil
}

// free ends a scope that has been removed, and forgets what was kept for it.
func (s *Server) free(gone *scope) {
	gone.end()
	s.journal.Free(gone.id)
	s.store.Free(gone.id)
}

func (s *Server) controlOwn(r *http.Request) (any, error) {
	request, err := readControl[keysRequest](r)
	if err != nil {
		return nil, err
	}
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	return nil, s.scopes.own(owner, request.Keys...)
}

func (s *Server) controlSetFault(r *http.Request) (any, error) {
	wanted, err := readControl[control.Fault](r)
	if err != nil {
		return nil, err
	}
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	set, err := s.scopes.addFault(owner, wanted)
	return set, err
}

func (s *Server) controlClearFault(r *http.Request) (any, error) {
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	if !s.scopes.clearFault(owner, r.PathValue("fault")) {
		return nil, fmt.Errorf("fault %s: %w", r.PathValue("fault"), errNotThere)
	}
	return nil, nil
}

func (s *Server) controlListen(r *http.Request) (any, error) {
	request, err := readControl[control.ListenerRequest](r)
	if err != nil {
		return nil, err
	}
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	opened, err := s.openExtra(owner, request)
	return opened, err
}

// controlReachability tells apart why a scope saw no request.
func (s *Server) controlReachability(r *http.Request) (any, error) {
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	connections := s.shaken(r.Context(), owner.opened)
	page, open := s.journal.Scope(owner.id)
	if !open {
		return nil, errNoScope
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
	found.Verdict, found.Sentence = s.judge(found, busy)
	return found, nil
}

// handshakePatience is how long a handshake in progress is waited for.
const handshakePatience = 2 * time.Second

// shaken are the connections to the shared listener since then. A homeserver that
// refuses our certificate may have told its client before we have heard of it, so
// handshakes that go on are waited for.
func (s *Server) shaken(ctx context.Context, since int64) []control.Connection {
	ctx, cancel := context.WithTimeout(ctx, handshakePatience)
	defer cancel()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for {
		connections := s.journal.ConnectionsSince(since, control.ServiceIdentity)
		pending := func(c control.Connection) bool { return c.Handshake == control.HandshakePending && !c.Closed }
		if !slices.ContainsFunc(connections, pending) {
			return connections
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return connections
		}
	}
}

// judge finds the words for what the connections show.
func (s *Server) judge(found control.Reachability, busy int) (verdict, sentence string) {
	switch {
	case found.Requests > 0:
		return control.ReachRequests, fmt.Sprintf("%d requests arrived", found.Requests)
	case found.Refused > 0:
		return control.ReachUntrusted, fmt.Sprintf("%d connections ended in the TLS handshake: the client does not trust the CA of the identity server; start the homeserver with SSL_CERT_FILE=%s", found.Refused, s.CAFile())
	case found.NotTLS > 0:
		return control.ReachNotTLS, fmt.Sprintf("%d connections sent plain HTTP to the TLS port: identity servers are reached over https", found.NotTLS)
	case found.Unused > 0:
		return control.ReachUnused, fmt.Sprintf("%d connections were opened and no request was sent on them; the client may have refused the certificate after the handshake", found.Unused)
	case busy > 0:
		return control.ReachOthersOnly, "requests arrived, and none of them carried a key of this scope"
	}
	return control.ReachNobody, "nobody came: no connection to the identity server was opened or used since the scope was opened"
}
