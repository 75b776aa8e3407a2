package endpoints

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/faults"
	"threepid-conformance/mockidserver/internal/journal"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/scopes"
	"threepid-conformance/mockidserver/internal/signing"
	"threepid-conformance/mockidserver/internal/store"
)

// Limits of what is read and of what is kept.
const (
	maxBody     = 1 << 20
	bodyTimeout = 30 * time.Second
	keptBody    = 16 << 10 // in the journal
)

// A request on its way to a response.
type request struct {
	*API
	listener Listener
	route
	http *http.Request
	w    http.ResponseWriter
	body []byte

	arguments   arguments
	keys        control.Keys
	credentials control.Credentials
	token       store.Token // if credentials.Known
	scope       *scopes.Scope
	signature   *control.Signature

	openIDRefusal *response.Response // of account/register

	effects  []control.Effect
	outbound []control.Call
	record   *journal.Record
	conn     *listen.Conn
}

// scopeID is the scope that owns what the request makes.
func (r *request) scopeID() string {
	if r.scope == nil {
		return ""
	}
	return r.scope.ID
}

// effect notes a change for the journal.
func (r *request) effect(name, detail string) {
	r.effects = append(r.effects, control.Effect{Name: name, Detail: detail})
}

// serve reads a request, finds its scope, writes it into the journal, and then
// plays a fault of the scope or does what was asked.
func (a *API) serve(at Listener, w http.ResponseWriter, incoming *http.Request, to route) {
	conn := listen.ConnOf(incoming)
	defer conn.EndRequest()
	r := &request{API: a, listener: at, route: to, http: incoming, w: w, conn: conn}

	seq := r.Journal.Number()
	received := time.Now()
	facts := conn.Record().Used(seq)
	if refusal := r.read(); r.refusal == nil {
		r.refusal = refusal
	}
	r.investigate()

	r.scope = at.Scope
	if r.scope == nil {
		r.scope = r.Scopes.Attribute(r.keys)
	}
	r.record = r.Journal.Add(control.Entry{
		Seq: seq, Kind: control.RequestEntry, Scope: r.scopeID(), Listener: at.Name, Received: received,
		Connection: facts, Request: r.describe(),
	})

	if r.scope != nil {
		if f := r.scope.Faults.Next(r.name, r.api, r.keys); f != nil {
			// The entry shows the fault while it lasts, not only afterwards.
			r.update(func(e *control.Request) { e.Fault = f.ID })
			faults.Play(f, faults.Request{HTTP: incoming, W: w, Conn: conn, Scope: r.scope.Context, CarryOut: r.carryOut, Note: r.note})
			return
		}
	}
	// The journal comes first: who has the response finds the entry complete.
	honest := r.carryOut()
	r.note(honest)
	honest.Write(w)
}

// read takes in the body and the arguments. What it returns refuses a request
// that cannot be understood.
func (r *request) read() *response.Response {
	controller := http.NewResponseController(r.w)
	_ = controller.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(r.w, r.http.Body, maxBody))
	_ = controller.SetReadDeadline(time.Time{})
	r.body = body
	r.arguments = readArguments(r.http, body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		r.arguments = arguments{source: malformed}
		return response.Error(http.StatusRequestEntityTooLarge, "M_TOO_LARGE", "a request body has at most %d bytes", maxBody)
	case err != nil:
		r.arguments = arguments{source: malformed}
		return response.Error(http.StatusBadRequest, "M_BAD_JSON", "the request body did not arrive in full")
	}
	return nil
}

// investigate finds out who and what a request is about, before it is known
// whether it will be carried out.
func (r *request) investigate() {
	r.keys = r.arguments.keys()
	r.credentials = readCredentials(r.http)
	r.keys.Token = r.credentials.Token
	if r.credentials.Token != "" {
		r.token, r.credentials.Known = r.Store.Token(r.credentials.Token)
		r.credentials.Owner = r.token.MXID
	}
	switch {
	case r.refusal != nil:
	case r.name == control.Register:
		r.exchangeOpenID()
	case r.name == control.Unbind:
		r.signature = r.verifyUnbind()
	}
	r.keys = derive(r.keys, r.Store)
}

// readCredentials looks at how a request authenticates.
func readCredentials(r *http.Request) control.Credentials {
	values := r.Header.Values("Authorization")
	if slices.ContainsFunc(values, signing.IsXMatrix) {
		return control.Credentials{Kind: control.XMatrix}
	}
	for _, value := range values {
		scheme, token, _ := strings.Cut(value, " ")
		if strings.EqualFold(scheme, "Bearer") {
			return control.Credentials{Kind: control.BearerHeader, Token: strings.TrimSpace(token)}
		}
	}
	if token := r.URL.Query().Get("access_token"); token != "" {
		return control.Credentials{Kind: control.BearerQuery, Token: token}
	}
	if len(values) > 0 {
		return control.Credentials{Kind: control.OtherCredentials}
	}
	return control.Credentials{Kind: control.NoCredentials}
}

// describe is the request as the journal keeps it.
func (r *request) describe() *control.Request {
	described := &control.Request{
		Method: r.http.Method, Target: r.http.RequestURI, Proto: r.http.Proto, Host: r.http.Host, Headers: r.headers(),
		BodyBytes: len(r.body), API: r.api, Endpoint: r.name, Arguments: r.arguments.source,
		Keys: r.keys, Credentials: r.credentials, Signature: r.signature, Outbound: r.outbound,
	}
	kept := r.body[:min(len(r.body), keptBody)]
	if utf8.Valid(r.body) {
		described.Body = strings.ToValidUTF8(string(kept), "") // the cut may fall into a character
	} else {
		described.BodyBase64 = base64.StdEncoding.EncodeToString(kept)
	}
	return described
}

// headers lists the header lines as they were sent.
func (r *request) headers() []control.Header {
	var headers []control.Header
	if head := string(r.conn.Head()); head != "" {
		_, lines, _ := strings.Cut(head, "\r\n")
		headers = make([]control.Header, 0, strings.Count(lines, "\r\n")+1)
		for line := range strings.SplitSeq(lines, "\r\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				headers = append(headers, control.Header{Name: name, Value: strings.TrimSpace(value)})
			}
		}
		return headers
	}
	for name, values := range r.http.Header {
		for _, value := range values {
			headers = append(headers, control.Header{Name: name, Value: value})
		}
	}
	slices.SortFunc(headers, func(a, b control.Header) int { return strings.Compare(a.Name, b.Name) })
	return headers
}

// carryOut does what was asked, in the order of checks that identity servers
// have: route, token, terms, body, and then the endpoint's own.
func (r *request) carryOut() *response.Response {
	if r.refusal != nil {
		return r.refusal
	}
	if r.needsToken() && !r.credentials.Known {
		return response.Error(http.StatusUnauthorized, "M_UNAUTHORIZED", "this endpoint needs a valid access token of this identity server")
	}
	if r.needsToken() && r.traits&withoutTerms == 0 && r.mustAcceptTerms() {
		return response.Error(http.StatusForbidden, "M_TERMS_NOT_SIGNED", "the terms of service have to be accepted first")
	}
	if r.http.Method == http.MethodPost && r.name != control.Logout && !r.understood() {
		return response.Error(http.StatusBadRequest, "M_BAD_JSON", "the body has to be a JSON object")
	}
	return r.handle(r)
}

// understood reports whether the arguments came in a way the API version knows.
// Forms and queries are of v1; v2 takes forms, for compatibility, where the spec
// says so.
func (r *request) understood() bool {
	switch r.arguments.source {
	case fromJSON:
		return true
	case fromForm:
		return r.api == "v1" || r.name == control.Bind || strings.HasPrefix(string(r.name), "validate/")
	case fromQuery, fromNone:
		return r.api == "v1"
	}
	return false
}

// note writes the outcome into the journal.
func (r *request) note(sent *response.Response) {
	r.update(func(e *control.Request) {
		e.Answered, e.Status, e.ErrCode = true, sent.Status, sent.ErrCode
		e.Answer = strings.ToValidUTF8(string(sent.Body[:min(len(sent.Body), keptBody)]), "\uFFFD")
		e.Effects, e.Outbound = r.effects, r.outbound
	})
}

// update changes the entry in the journal. Readers hold the old one.
func (r *request) update(change func(*control.Request)) {
	r.record.Update(func(e *control.Entry) {
		changed := *e.Request
		change(&changed)
		e.Request = &changed
	})
}
