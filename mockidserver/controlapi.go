package mockidserver

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
)

// maxWait bounds one long poll of a journal.
const maxWait = 30 * time.Second

// errNotThere is for what the control interface was asked for and does not have.
var errNotThere = errors.New("there is none")

// controlHandler is the control interface. Its resources are described by the
// types of package control.
func (s *Server) controlHandler() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, serve func(*http.Request) (any, error)) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			// A page in some browser of this machine must not steer the server.
			if r.Header.Get("Origin") != "" {
				writeControl(w, http.StatusForbidden, problem("the control interface does not serve browsers"))
				return
			}
			result, err := serve(r)
			if err != nil {
				writeControl(w, controlStatus(err), problem(err.Error()))
				return
			}
			writeControl(w, http.StatusOK, result)
		})
	}

	handle("GET /v1/info", func(*http.Request) (any, error) { return s.Info(), nil })
	handle("POST /v1/homeservers", s.controlAddHomeserver)

	handle("POST /v1/scopes", s.controlOpenScope)
	handle("DELETE /v1/scopes/{scope}", s.controlCloseScope)
	handle("POST /v1/scopes/{scope}/keys", s.controlOwn)
	handle("GET /v1/scopes/{scope}/journal", s.controlScopeJournal)
	handle("GET /v1/scopes/{scope}/reachability", s.controlReachability)
	handle("GET /v1/scopes/{scope}/codes", s.controlScopeCodes)
	handle("POST /v1/scopes/{scope}/faults", s.controlSetFault)
	handle("DELETE /v1/scopes/{scope}/faults/{fault}", s.controlClearFault)
	handle("POST /v1/scopes/{scope}/listeners", s.controlListen)
	handle("GET /v1/journal", s.controlJournal)

	handle("POST /v1/tokens", s.controlMintToken)
	handle("POST /v1/sessions", s.controlCreateSession)
	handle("GET /v1/sessions/{sid}", s.controlSession)
	handle("POST /v1/sessions/{sid}/expire", s.controlExpire)
	handle("GET /v1/codes", s.controlCodes)
	handle("GET /v1/bindings", s.controlBindings)
	handle("POST /v1/bindings", s.controlBind)
	handle("DELETE /v1/bindings", s.controlUnbind)
	handle("GET /v1/invites", s.controlInvites)
	return mux
}

func problem(sentence string) any { return map[string]string{"error": sentence} }

// controlStatus is the status of an error, which the client turns back.
func controlStatus(err error) int {
	switch {
	case errors.Is(err, errNoScope), errors.Is(err, errNotThere):
		return http.StatusNotFound
	case errors.Is(err, errKeyIsOwn):
		return http.StatusConflict
	case errors.Is(err, errTooMany):
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

func writeControl(w http.ResponseWriter, status int, result any) {
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
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes())
}

// readControl reads the body of a control request. Unknown keys are errors:
// they are typing mistakes.
func readControl[T any](r *http.Request) (T, error) {
	var request T
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxBody))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&request); err != nil {
		return request, fmt.Errorf("the body of this control request is not understood: %w", err)
	}
	return request, nil
}

// keyOf reads the one key in a query, such as ?address=alice@example.org.
func keyOf(r *http.Request) (control.Key, error) {
	for _, kind := range control.Kinds() {
		if value := r.URL.Query().Get(string(kind)); value != "" {
			return canonical(control.Key{Kind: kind, Value: value}), nil
		}
	}
	return control.Key{}, errors.New("the query names no key: sid, client_secret, token, address or mxid")
}

func (s *Server) controlAddHomeserver(r *http.Request) (any, error) {
	hs, err := readControl[control.Homeserver](r)
	if err != nil {
		return nil, err
	}
	return nil, s.homeservers.add(hs)
}

func (s *Server) controlJournal(r *http.Request) (any, error) {
	if r.URL.Query().Get("orphans") != "" {
		return s.journal.Orphans(), nil
	}
	key, err := keyOf(r)
	if err != nil {
		return nil, err
	}
	return s.journal.Search(key), nil
}

func (s *Server) controlScopeJournal(r *http.Request) (any, error) {
	owner, err := s.scopes.get(r.PathValue("scope"))
	if err != nil {
		return nil, err
	}
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
		s.journal.Wait(r.Context(), owner.id, version, min(patience, maxWait))
	}
	page, open := s.journal.Scope(owner.id)
	if !open {
		return nil, errNoScope
	}
	return page, nil
}
