// Package controlapi is the server's side of the control interface, whose client
// and types are package control.
package controlapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/endpoints"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/scopes"
)

// maxBody bounds what is read of a request.
const maxBody = 1 << 20

// errNotThere is for what the control interface was asked for and does not have.
var errNotThere = errors.New("there is none")

// API steers what the endpoints of a server share.
type API struct {
	*endpoints.API
	Info   func() control.Info
	Listen func(*scopes.Scope, control.ListenerRequest) (control.Listener, error)
}

// A handler returns what is written as JSON.
type handler func(*http.Request) (any, error)

// Handler serves the control interface.
func (a *API) Handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, handle := range map[string]handler{
		"GET /v1/info":         func(*http.Request) (any, error) { return a.Info(), nil },
		"POST /v1/homeservers": withBody(func(hs control.Homeserver) (any, error) { return nil, a.Homeservers.Add(hs) }),

		"POST /v1/scopes":                          withBody(a.openScope),
		"DELETE /v1/scopes/{scope}":                a.closeScope,
		"POST /v1/scopes/{scope}/keys":             inScope(a, a.own),
		"POST /v1/scopes/{scope}/faults":           inScope(a, a.setFault),
		"DELETE /v1/scopes/{scope}/faults/{fault}": a.ofScope(clearFault),
		"POST /v1/scopes/{scope}/listeners":        inScope(a, a.listen),
		"GET /v1/scopes/{scope}/journal":           a.ofScope(a.journalOfScope),
		"GET /v1/scopes/{scope}/reachability":      a.ofScope(a.reachability),
		"GET /v1/scopes/{scope}/codes":             a.ofScope(a.codesOfScope),

		"GET /v1/journal":                a.journal,
		"POST /v1/tokens":                withBody(a.mintToken),
		"POST /v1/sessions":              withBody(a.createSession),
		"GET /v1/sessions/{sid}":         a.session,
		"POST /v1/sessions/{sid}/expire": a.expire,
		"GET /v1/codes":                  withKey(func(key control.Key) any { return a.Store.Codes(key) }),
		"GET /v1/bindings":               withKey(a.bindings),
		"POST /v1/bindings":              withBody(a.bind),
		"DELETE /v1/bindings":            a.unbind,
		"GET /v1/invites":                withKey(a.invites),
	} {
		mux.HandleFunc(pattern, handle.serve)
	}
	return mux
}

func (handle handler) serve(w http.ResponseWriter, r *http.Request) {
	// A page in some browser of this machine must not steer the server.
	if r.Header.Get("Origin") != "" {
		write(w, http.StatusForbidden, problem("the control interface does not serve browsers"))
		return
	}
	result, err := handle(r)
	if err != nil {
		write(w, statusOf(err), problem(err.Error()))
		return
	}
	write(w, http.StatusOK, result)
}

// ofScope finds the open scope in the path.
func (a *API) ofScope(handle func(*http.Request, *scopes.Scope) (any, error)) handler {
	return func(r *http.Request) (any, error) {
		owner, err := a.Scopes.Get(r.PathValue("scope"))
		if err != nil {
			return nil, err
		}
		return handle(r, owner)
	}
}

// withBody reads the body of a request.
func withBody[T any](handle func(T) (any, error)) handler {
	return func(r *http.Request) (any, error) {
		body, err := read[T](r)
		if err != nil {
			return nil, err
		}
		return handle(body)
	}
}

// inScope is ofScope for requests with a body.
func inScope[T any](a *API, handle func(*scopes.Scope, T) (any, error)) handler {
	return a.ofScope(func(r *http.Request, owner *scopes.Scope) (any, error) {
		body, err := read[T](r)
		if err != nil {
			return nil, err
		}
		return handle(owner, body)
	})
}

// withKey reads the one key in a query, such as ?address=alice@example.org.
func withKey(find func(control.Key) any) handler {
	return func(r *http.Request) (any, error) {
		for _, kind := range control.Kinds() {
			if value := r.URL.Query().Get(string(kind)); value != "" {
				return find(scopes.Canonical(control.Key{Kind: kind, Value: value})), nil
			}
		}
		return nil, errors.New("the query names no key: sid, client_secret, token, address or mxid")
	}
}

func problem(sentence string) any { return map[string]string{"error": sentence} }

// statusOf is the status of an error, which the client turns back.
func statusOf(err error) int {
	switch {
	case errors.Is(err, scopes.ErrNoScope), errors.Is(err, errNotThere):
		return http.StatusNotFound
	case errors.Is(err, scopes.ErrKeyTaken):
		return http.StatusConflict
	case errors.Is(err, scopes.ErrTooMany):
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func write(w http.ResponseWriter, status int, result any) {
	if result == nil {
		result = struct{}{}
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(result); err != nil {
		status = http.StatusInternalServerError
		body.Reset()
		fmt.Fprintf(&body, `{"error":%q}`, err.Error())
	}
	w.Header().Set("Content-Type", response.JSONType)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// read reads a body. Unknown keys are errors: they are typing mistakes.
func read[T any](r *http.Request) (T, error) {
	var request T
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, fmt.Errorf("the body of this control request is not understood: %w", err)
	}
	return request, nil
}
