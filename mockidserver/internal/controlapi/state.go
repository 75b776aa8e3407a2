package controlapi

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/endpoints"
	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/scopes"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// ownerOf finds the scope a control request names, "" for none, and gives it keys.
func (a *API) ownerOf(id string, keys ...control.Key) (*scopes.Scope, error) {
	if id == "" {
		return nil, nil
	}
	owner, err := a.Scopes.Get(id)
	if err != nil {
		return nil, err
	}
	return owner, a.Scopes.Own(owner, keys...)
}

func (a *API) mintToken(request control.TokenRequest) (any, error) {
	if !homeservers.IsMXID(request.MXID) {
		return nil, fmt.Errorf("%q is not a Matrix user ID", request.MXID)
	}
	owner, err := a.ownerOf(request.Scope)
	if err != nil {
		return nil, err
	}
	if request.TermsPending {
		a.Store.ForgetTerms(request.MXID)
	}
	token := a.Store.IssueToken(request.Scope, request.MXID, request.TermsPending)
	a.Scopes.Adopt(owner, control.Token(token))
	return map[string]string{"token": token}, nil
}

func (a *API) createSession(request control.SessionRequest) (any, error) {
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
	if !store.IsOpaque(request.ClientSecret) {
		return nil, fmt.Errorf("client_secret is not 1 to 255 of 0-9 a-z A-Z . = _ -")
	}
	owner, err := a.ownerOf(request.Scope, control.Address(address), control.ClientSecret(request.ClientSecret))
	if err != nil {
		return nil, err
	}
	var link store.Link
	if request.Medium == control.Email {
		link = endpoints.SubmitLink(a.AdvertisedAt(a.Port), "v2")
	}
	pid := store.ThreePID{Medium: request.Medium, Address: address}
	session := a.Store.Create(request.Scope, request.Service, pid, request.ClientSecret, !request.Unvalidated, link)
	a.Scopes.Adopt(owner, control.SID(session.SID))
	return session, nil
}

func (a *API) session(r *http.Request) (any, error) {
	session, ok := a.Store.Session(r.PathValue("sid"))
	if !ok {
		return nil, fmt.Errorf("session: %w", errNotThere)
	}
	return session, nil
}

func (a *API) expire(r *http.Request) (any, error) {
	if !a.Store.Expire(r.PathValue("sid")) {
		return nil, fmt.Errorf("session: %w", errNotThere)
	}
	return nil, nil
}

func (a *API) journal(r *http.Request) (any, error) {
	if r.URL.Query().Get("orphans") != "" {
		return a.Journal.Orphans(), nil
	}
	return withKey(func(key control.Key) any { return a.Journal.Search(key) })(r)
}

func (a *API) bind(request control.Binding) (any, error) {
	address, err := threepid.Canonical(request.Medium, request.Address)
	if err != nil {
		return nil, err
	}
	if !homeservers.IsMXID(request.MXID) {
		return nil, fmt.Errorf("%q is not a Matrix user ID", request.MXID)
	}
	if _, err := a.ownerOf(request.Scope, control.Address(address)); err != nil {
		return nil, err
	}
	a.Store.Bind(request.Scope, store.Binding{
		ThreePID: store.ThreePID{Medium: request.Medium, Address: address}, MXID: request.MXID, TS: time.Now().UnixMilli(),
	})
	return nil, nil
}

func (a *API) unbind(r *http.Request) (any, error) {
	medium := r.URL.Query().Get("medium")
	address, err := threepid.Canonical(medium, r.URL.Query().Get("address"))
	if err != nil {
		return nil, err
	}
	a.Store.Unbind(store.ThreePID{Medium: medium, Address: address}, "")
	return nil, nil
}

func (a *API) bindings(key control.Key) any {
	list := []control.Binding{}
	for _, b := range a.Store.Bindings(func(b store.Binding) bool {
		return control.Keys{Address: b.Address, MXID: b.MXID}.Has(key)
	}) {
		list = append(list, control.Binding{Medium: b.Medium, Address: b.Address, MXID: b.MXID, TS: b.TS})
	}
	return list
}

func (a *API) invites(key control.Key) any {
	list := []control.Invite{}
	for _, i := range a.Store.Invites(func(i store.Invite) bool {
		return slices.Contains([]control.Key{control.Address(i.Address), control.MXID(i.Sender)}, key)
	}) {
		list = append(list, control.Invite{
			Token: i.Token, Medium: control.Email, Address: i.Address, RoomID: i.RoomID, Sender: i.Sender, EphemeralKey: i.PrivateKey,
		})
	}
	return list
}
