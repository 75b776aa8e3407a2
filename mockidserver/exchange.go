package mockidserver

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/journal"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/signing"
)

// Limits of what is read and of what is kept.
const (
	maxBody     = 1 << 20
	bodyTimeout = 30 * time.Second
	keptBody    = 16 << 10 // in the journal
)

// A site is where a request came in.
type site struct {
	service  string // control.ServiceIdentity or ServiceSMS
	listener string // as the journal calls it
	port     int
	scope    *scope // that owns the listener, nil for a shared one
}

// An exchange is a request on its way to an answer.
type exchange struct {
	*Server
	site
	route
	r    *http.Request
	w    http.ResponseWriter
	body []byte

	arguments   arguments
	keys        control.Keys
	credentials control.Credentials
	token       store.Token // if credentials.Known
	scope       *scope
	signature   *control.Signature
	openID      *openIDResult // of account/register

	effects  []control.Effect
	outbound []control.Call
	record   *journal.Record
	conn     *listen.Conn
}

// scopeID is the scope that owns what the exchange makes.
func (x *exchange) scopeID() string {
	if x.scope == nil {
		return ""
	}
	return x.scope.id
}

// effect notes a change for the journal.
func (x *exchange) effect(name, detail string) {
	x.effects = append(x.effects, control.Effect{Name: name, Detail: detail})
}

type connKey struct{}

// rememberConn makes a connection available to the handlers of its requests.
func rememberConn(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, conn)
}

// handler answers the requests of one listener.
func (s *Server) handler(at site) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn := r.Context().Value(connKey{}).(*listen.Conn)
		defer conn.EndRequest()
		x := &exchange{Server: s, site: at, r: r, w: w, conn: conn}
		x.serve()
	})
}

// serve takes a request through its stations.
func (x *exchange) serve() {
	seq := x.journal.Number()
	received := time.Now()
	facts := x.conn.Record().Used(seq)
	refusal := x.read()
	x.route = find(x.service, x.r.Method, x.r.URL.Path)
	if x.route.refusal == nil {
		x.route.refusal = refusal
	}
	x.investigate()

	x.scope = x.site.scope
	if x.scope == nil {
		x.scope = x.scopes.attribute(x.keys)
	}
	entry := control.Entry{
		Seq: seq, Kind: control.RequestEntry, Scope: x.scopeID(), Listener: x.listener, Received: received,
		Connection: facts, Request: x.describe(),
	}
	x.record = x.journal.Add(entry)

	if f := x.scopes.play(x.scope, x.name, x.api, x.keys); f != nil {
		x.sabotage(f)
		return
	}
	x.send(x.carryOut())
}

// read takes in the body and the arguments. What it returns refuses a request
// that cannot be understood.
func (x *exchange) read() *answer {
	controller := http.NewResponseController(x.w)
	_ = controller.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(x.w, x.r.Body, maxBody))
	_ = controller.SetReadDeadline(time.Time{})
	x.body = body
	x.arguments = readArguments(x.r, body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		x.arguments = arguments{source: malformed}
		refusal := failure(http.StatusRequestEntityTooLarge, "M_TOO_LARGE", "a request body has at most %d bytes", maxBody)
		return &refusal
	case err != nil:
		x.arguments = arguments{source: malformed}
		refusal := failure(http.StatusBadRequest, "M_BAD_JSON", "the request body did not arrive in full")
		return &refusal
	}
	return nil
}

// investigate finds out who and what a request is about, before it is known
// whether it will be carried out.
func (x *exchange) investigate() {
	x.keys = x.arguments.keys()
	x.credentials = readCredentials(x.r)
	x.keys.Token = x.credentials.Token
	if x.credentials.Token != "" {
		x.token, x.credentials.Known = x.store.Token(x.credentials.Token)
		x.credentials.Owner = x.token.MXID
	}
	switch {
	case x.refusal != nil:
	case x.name == control.Register:
		x.openID = x.exchangeOpenID()
		x.keys.MXID = x.openID.mxid
	case x.name == control.Unbind:
		x.signature = x.verifyUnbind()
	}
	x.keys = derive(x.keys, x.store)
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
func (x *exchange) describe() *control.Request {
	described := &control.Request{
		Method: x.r.Method, Target: x.r.RequestURI, Proto: x.r.Proto, Host: x.r.Host, Headers: x.headers(),
		BodyBytes: len(x.body), API: x.api, Endpoint: x.name, Arguments: x.arguments.source,
		Keys: x.keys, Credentials: x.credentials, Signature: x.signature, Outbound: x.outbound,
	}
	kept := x.body[:min(len(x.body), keptBody)]
	if utf8.Valid(x.body) {
		described.Body = strings.ToValidUTF8(string(kept), "") // the cut may fall into a character
	} else {
		described.BodyBase64 = base64.StdEncoding.EncodeToString(kept)
	}
	return described
}

// headers lists the header lines as they were sent.
func (x *exchange) headers() []control.Header {
	var headers []control.Header
	if head := string(x.conn.Head()); head != "" {
		_, lines, _ := strings.Cut(head, "\r\n")
		headers = make([]control.Header, 0, strings.Count(lines, "\r\n")+1)
		for line := range strings.SplitSeq(lines, "\r\n") {
			if name, value, ok := strings.Cut(line, ":"); ok {
				headers = append(headers, control.Header{Name: name, Value: strings.TrimSpace(value)})
			}
		}
		return headers
	}
	for name, values := range x.r.Header {
		for _, value := range values {
			headers = append(headers, control.Header{Name: name, Value: value})
		}
	}
	slices.SortFunc(headers, func(a, b control.Header) int { return strings.Compare(a.Name, b.Name) })
	return headers
}

// carryOut does what was asked, in the order of checks that identity servers
// have: route, token, terms, body, and then the endpoint's own.
func (x *exchange) carryOut() answer {
	if x.refusal != nil {
		return *x.refusal
	}
	if x.needsToken && !x.credentials.Known {
		return failure(http.StatusUnauthorized, "M_UNAUTHORIZED", "this endpoint needs a valid access token of this identity server")
	}
	if x.needsToken && !x.lenient && x.mustAcceptTerms() {
		return failure(http.StatusForbidden, "M_TERMS_NOT_SIGNED", "the terms of service have to be accepted first")
	}
	if x.r.Method == http.MethodPost && x.name != control.Logout && !x.understood() {
		return failure(http.StatusBadRequest, "M_BAD_JSON", "the body has to be a JSON object")
	}
	return x.handle(x)
}

// understood reports whether the arguments came in a way the API version knows.
// Forms and queries are of v1; v2 takes forms, for compatibility, where the spec
// says so.
func (x *exchange) understood() bool {
	switch x.arguments.source {
	case fromJSON:
		return true
	case fromForm:
		return x.api == "v1" || x.name == control.Bind || strings.HasPrefix(string(x.name), "validate/")
	case fromQuery, fromNone:
		return x.api == "v1"
	}
	return false
}

// send completes the journal entry and then answers: who has the answer finds
// the entry complete.
func (x *exchange) send(a answer) {
	x.note(a, "")
	x.transmit(a)
}

// transmit sends an answer.
func (x *exchange) transmit(a answer) {
	a.writeHead(x.w)
	_, _ = x.w.Write(a.body) // a client that has left is none of our business
}

// note writes the outcome into the journal.
func (x *exchange) note(a answer, faultID string) {
	text := strings.ToValidUTF8(string(a.body[:min(len(a.body), keptBody)]), "�")
	x.record.Update(func(e *control.Entry) {
		done := *e.Request
		done.Answered, done.Status, done.ErrCode, done.Answer = true, a.status, a.errcode, text
		done.Effects, done.Outbound, done.Fault = x.effects, x.outbound, faultID
		e.Request = &done
	})
}
