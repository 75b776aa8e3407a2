package control

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// EntryKind tells a request from a connection.
type EntryKind string

// Kinds of journal entries.
const (
	RequestEntry    EntryKind = "request"
	ConnectionEntry EntryKind = "connection"
)

// Entry is one thing the identity server saw. Entries are numbered in the order
// of arrival across all listeners. A request's entry is complete before the
// first byte of its response is sent, so whoever has a response finds the entry.
type Entry struct {
	Seq      int64     `json:"seq"`
	Kind     EntryKind `json:"kind"`
	Scope    string    `json:"scope,omitempty"` // "" for an orphan
	Listener string    `json:"listener"`        // "identity", "sms" or the ID of an extra listener
	Received time.Time `json:"received"`

	Connection Connection `json:"connection"`
	*Request
}

// Connection is what is known of a TCP connection.
type Connection struct {
	ID        int64     `json:"id"`
	Remote    string    `json:"remote"`
	Handshake Handshake `json:"handshake"`
	Error     string    `json:"error,omitempty"` // of the handshake; wording is Go's and not to be parsed
	TLS       string    `json:"tls,omitempty"`   // "TLS 1.3"
	Cipher    string    `json:"cipher,omitempty"`
	SNI       string    `json:"sni,omitempty"`
	Requests  int       `json:"requests"`
	Closed    bool      `json:"closed"`
}

// Handshake is how far a connection came.
type Handshake string

const (
	HandshakePending   Handshake = "pending"   // nothing decided yet
	HandshakeOK        Handshake = "ok"        // TLS is up
	HandshakeNone      Handshake = "none"      // a plain-text listener
	HandshakeRefused   Handshake = "refused"   // the client said hello and left: it does not trust the certificate
	HandshakeNotTLS    Handshake = "not-tls"   // plain text (http://) sent to a TLS port
	HandshakeTLSOnHTTP Handshake = "tls-hello" // a TLS hello sent to a plain-text port
	HandshakeSilent    Handshake = "silent"    // connected, said nothing, left
	HandshakeHeld      Handshake = "sabotaged" // the listener's profile is to hang or reset
)

// Request is one HTTP request and what became of it.
type Request struct {
	Method  string   `json:"method"`
	Target  string   `json:"target"` // exactly as on the request line
	Proto   string   `json:"proto"`
	Host    string   `json:"host"`
	Headers []Header `json:"headers"` // in the order and spelling received

	// Body is empty when the bytes are not UTF-8; then BodyBase64 has them.
	// Large bodies are kept in part: BodyBytes is the true length.
	Body       string `json:"body,omitempty"`
	BodyBase64 string `json:"body_base64,omitempty"`
	BodyBytes  int    `json:"body_bytes"`

	API         string      `json:"api,omitempty"`      // "v1", "v2", or "" outside both
	Endpoint    Endpoint    `json:"endpoint,omitempty"` // "" when the path or method is unknown
	Arguments   string      `json:"arguments"`          // where they were: "json", "form", "query", "none", "malformed"
	Keys        Keys        `json:"keys"`
	Credentials Credentials `json:"credentials"`
	Signature   *Signature  `json:"signature,omitempty"` // of an unbind that claims to be signed

	Fault    string   `json:"fault,omitempty"` // ID of the fault that was played
	Effects  []Effect `json:"effects,omitempty"`
	Outbound []Call   `json:"outbound,omitempty"`

	Answered bool   `json:"answered"` // false while in progress
	Status   int    `json:"status"`   // 0 when no response was sent
	ErrCode  string `json:"errcode,omitempty"`
	Answer   string `json:"answer,omitempty"`
}

// Header is one header line.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// CredentialKind is the way in which a request authenticates.
type CredentialKind string

// Kinds of credentials.
const (
	NoCredentials    CredentialKind = "none"
	BearerHeader     CredentialKind = "bearer-header"
	BearerQuery      CredentialKind = "bearer-query"
	XMatrix          CredentialKind = "x-matrix"
	OtherCredentials CredentialKind = "other"
)

// Credentials are those a request brought, whether or not they were needed.
type Credentials struct {
	Kind  CredentialKind `json:"kind"`
	Token string         `json:"token,omitempty"`
	Known bool           `json:"known,omitempty"` // the token is one of this server's, and is valid
	Owner string         `json:"owner,omitempty"` // mxid the token belongs to
}

// Dialect is the form of the signed object under which a signature verified.
type Dialect string

// Dialects of signed unbind requests. The spec describes the first; Synapse and
// Sydent agree on the second.
const (
	DialectDestination   Dialect = "destination"
	DialectDestinationIs Dialect = "destination_is"
	DialectOmitted       Dialect = "omitted" // no destination in header and object
)

// Signature is the outcome of checking the X-Matrix signature of a request.
type Signature struct {
	Verified     bool    `json:"verified"`
	Reason       string  `json:"reason,omitempty"` // why not
	Origin       string  `json:"origin,omitempty"`
	Destination  string  `json:"destination,omitempty"` // as in the header, "" when omitted
	KeyID        string  `json:"key,omitempty"`
	Dialect      Dialect `json:"dialect,omitempty"`    // which form verified
	KeySource    string  `json:"key_source,omitempty"` // "pinned", "cached", the URL fetched, or "none"
	Signed       string  `json:"signed,omitempty"`     // canonical JSON that verified, or the spec's form of it when none did
	ControlsMXID bool    `json:"controls_mxid"`        // origin is the server part of the mxid
}

// Effect is one change a request made, for instance {"bound", "email alice@… to @alice:…"}.
type Effect struct {
	Name   string `json:"name"`
	Detail string `json:"detail,omitempty"`
}

// Names of effects.
const (
	EffectSessionCreated   = "session-created"
	EffectTokenDelivered   = "token-delivered" // "sent": a code is readable with [Client.Codes]
	EffectSessionValidated = "session-validated"
	EffectBound            = "bound"
	EffectReplaced         = "binding-replaced"
	EffectUnbound          = "unbound"
	EffectNothingToUnbind  = "nothing-to-unbind"
	EffectInviteStored     = "invite-stored"
	EffectRegistered       = "token-issued"
	EffectLoggedOut        = "token-revoked"
	EffectTermsAccepted    = "terms-accepted"
)

// Call is a request the identity server made, to a homeserver.
type Call struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Status int    `json:"status"` // 0 when there was no response
	Error  string `json:"error,omitempty"`
}

// Header returns the values of a header, in order, whatever its spelling.
func (r *Request) Header(name string) []string {
	var values []string
	for _, h := range r.Headers {
		if strings.EqualFold(h.Name, name) {
			values = append(values, h.Value)
		}
	}
	return values
}

// BodyRaw returns the body's bytes as received (see [Request.BodyBytes]).
func (r *Request) BodyRaw() []byte {
	if r.BodyBase64 == "" {
		return []byte(r.Body)
	}
	raw, err := base64.StdEncoding.DecodeString(r.BodyBase64)
	if err != nil {
		return nil
	}
	return raw
}

// JSON returns the body as a JSON object. Numbers are [json.Number].
func (r *Request) JSON() (map[string]any, error) {
	decoder := json.NewDecoder(strings.NewReader(string(r.BodyRaw())))
	decoder.UseNumber()
	var object map[string]any
	if err := decoder.Decode(&object); err != nil {
		return nil, fmt.Errorf("body of %s %s is not a JSON object: %w", r.Method, r.Target, err)
	}
	return object, nil
}

// Has reports whether the request had the named effect.
func (r *Request) Has(effect string) bool {
	for _, e := range r.Effects {
		if e.Name == effect {
			return true
		}
	}
	return false
}

// String is one line for a person: what came and what was answered.
func (e Entry) String() string {
	if e.Request == nil {
		return fmt.Sprintf("#%d %s: connection from %s, handshake %s, %d requests",
			e.Seq, e.Listener, e.Connection.Remote, e.Connection.Handshake, e.Connection.Requests)
	}
	answer := fmt.Sprint(e.Status)
	if e.Status == 0 {
		answer = "no answer"
	}
	if e.ErrCode != "" {
		answer += " " + e.ErrCode
	}
	// Without the query: it can hold tokens and secrets.
	path, _, _ := strings.Cut(e.Target, "?")
	return fmt.Sprintf("#%d %s: %s %s (%s) → %s", e.Seq, e.Listener, e.Method, path, e.Credentials.Kind, answer)
}
