package mockidserver

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/threepid"
)

// ownerOf finds the scope a control request names, "" for none, and gives it keys.
func (s *Server) ownerOf(id string, keys ...control.Key) (*scope, error) {
	if id == "" {
		return nil, nil
	}
	owner, err := s.scopes.get(id)
	if err != nil {
		return nil, err
	}
	return owner, s.scopes.own(owner, keys...)
}

func (s *Server) controlMintToken(r *http.Request) (any, error) {
	request, err := readControl[control.TokenRequest](r)
	if err != nil {
		return nil, err
	}
	if !mxidForm.MatchString(request.MXID) {
		return nil, fmt.Errorf("%q is not a Matrix user ID", request.MXID)
	}
	owner, err := s.ownerOf(request.Scope)
	if err != nil {
		return nil, err
	}
	if request.TermsPending {
		s.store.ForgetTerms(request.MXID)
	}
	token := s.store.IssueToken(request.Scope, request.MXID, request.TermsPending)
	s.scopes.adopt(owner, control.Token(token))
	return map[string]string{"token": token}, nil
}

func (s *Server) controlCreateSession(r *http.Request) (any, error) {
	request, err := readControl[control.SessionRequest](r)
	if err != nil {
		return nil, err
	}
	address, err := threepid.Canonical(request.Medium, request.Address)
	if err != nil {
		return nil, err
	}
	if request.Service == "" {
		request.Service = control.ServiceIdentity
	}
	if request.Service != control.ServiceIdentity && request.Service != control.ServiceSMS {
		return nil, fmt.Errorf("the service is %q or %q, not %q", control.ServiceIdentity, control.ServiceSMS, request.Service)
	}
	if request.ClientSecret == "" {
		// With all that the grammar has, so that whoever escapes it shows.
		request.ClientSecret = store.Random() + ".=_-"
	}
	if !opaqueID.MatchString(request.ClientSecret) {
		return nil, fmt.Errorf("client_secret is not 1 to 255 of 0-9 a-z A-Z . = _ -")
	}
	owner, err := s.ownerOf(request.Scope, control.Address(address), control.ClientSecret(request.ClientSecret))
	if err != nil {
		return nil, err
	}
	var link store.Link
	if request.Medium == control.Email {
		link = submitLink(s.IDServer(), "v2")
	}
	pid := store.ThreePID{Medium: request.Medium, Address: address}
	session := s.store.Create(request.Scope, request.Service, pid, request.ClientSecret, !request.Unvalidated, link)
	s.scopes.adopt(owner, control.SID(session.SID))
	return session, nil
}

func (s *Server) controlSession(r *http.Request) (any, error) {
	session, ok := s.store.Session(r.PathValue("sid"))
	if !ok {
		return nil, fmt.Errorf("session: %w", errNotThere)
	}
	return session, nil
}

func (s *Server) controlExpire(r *http.Request) (any, error) {
	if !s.store.Expire(r.PathValue("sid")) {
		return nil, fmt.Errorf("session: %w", errNotThere)
	}
	return nil, nil
}

func (s *Server) controlCodes(r *http.Request) (any, error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	return s.store.Codes(key), nil
}

func (s *Server) controlScopeCodes(r *http.Request) (any, error) {
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
	return s.store.ScopeCodes(owner.id), nil
}

func (s *Server) controlBind(r *http.Request) (any, error) {
	request, err := readControl[control.Binding](r)
	if err != nil {
		return nil, err
	}
	address, err := threepid.Canonical(request.Medium, request.Address)
	if err != nil {
		return nil, err
	}
	if !mxidForm.MatchString(request.MXID) {
		return nil, fmt.Errorf("%q is not a Matrix user ID", request.MXID)
	}
	if _, err := s.ownerOf(request.Scope, control.Address(address)); err != nil {
		return nil, err
	}
	s.store.Bind(request.Scope, store.Binding{
		ThreePID: store.ThreePID{Medium: request.Medium, Address: address}, MXID: request.MXID, TS: time.Now().UnixMilli(),
	})
	return nil, nil
}

func (s *Server) controlUnbind(r *http.Request) (any, error) {
	medium := r.URL.Query().Get("medium")
	address, err := threepid.Canonical(medium, r.URL.Query().Get("address"))
	if err != nil {
		return nil, err
	}
	s.store.Unbind(store.ThreePID{Medium: medium, Address: address}, "")
	return nil, nil
}

func (s *Server) controlBindings(r *http.Request) (any, error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	list := []control.Binding{}
	for _, b := range s.store.Bindings(func(b store.Binding) bool {
		return control.Keys{Address: b.Address, MXID: b.MXID}.Has(key)
	}) {
		list = append(list, control.Binding{Medium: b.Medium, Address: b.Address, MXID: b.MXID, TS: b.TS})
	}
	return list, nil
}

func (s *Server) controlInvites(r *http.Request) (any, error) {
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	list := []control.Invite{}
	for _, i := range s.store.Invites(func(i store.Invite) bool {
		return slices.Contains([]control.Key{control.Address(i.Address), control.MXID(i.Sender)}, key)
	}) {
		list = append(list, control.Invite{
			Token: i.Token, Medium: control.Email, Address: i.Address, RoomID: i.RoomID, Sender: i.Sender, EphemeralKey: i.PrivateKey,
		})
	}
	return list, nil
}
