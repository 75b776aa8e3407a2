package control

import "time"

// Info describes a running server.
type Info struct {
	Instance  string   `json:"instance"` // another value after a restart
	Name      string   `json:"name"`
	IDServer  string   `json:"id_server"` // what clients put into id_server: host:port
	IDServers []string `json:"id_servers"`
	BaseURL   string   `json:"base_url"` // https://host:port
	SMSURL    string   `json:"sms_url"`  // the homeserver's msisdn delegate: scheme://host:port
	CAFile    string   `json:"ca_file"`  // for SSL_CERT_FILE
	CAPEM     string   `json:"ca_pem"`
	KeyID     string   `json:"key_id"`
	PublicKey string   `json:"public_key"` // unpadded base64
	Scopes    int      `json:"scopes"`     // open ones
	Orphans   int      `json:"orphans"`    // retained requests that belong to no scope
}

// Homeserver says where a server name is reached and which keys it signs with.
// Both can be given several times for one name: all are tried.
type Homeserver struct {
	ServerName string            `json:"server_name"`
	URL        string            `json:"url,omitempty"`  // base, such as http://127.0.0.1:8008
	Keys       map[string]string `json:"keys,omitempty"` // pinned: key ID → unpadded base64
}

// TokenRequest asks for an access token without an OpenID exchange.
type TokenRequest struct {
	Scope string `json:"scope,omitempty"`
	MXID  string `json:"mxid"`
	// TermsPending makes the token answer M_TERMS_NOT_SIGNED until its owner
	// accepts the terms. It also forgets what the owner accepted before.
	TermsPending bool `json:"terms_pending,omitempty"`
}

// SessionRequest asks for a validation session without any message.
type SessionRequest struct {
	Scope        string `json:"scope,omitempty"`
	Service      string `json:"service,omitempty"` // ServiceIdentity by default
	Medium       string `json:"medium"`
	Address      string `json:"address"`                 // an msisdn as E.164 digits, with or without plus
	ClientSecret string `json:"client_secret,omitempty"` // made up when absent
	Unvalidated  bool   `json:"unvalidated,omitempty"`
}

// Session is the state of a validation session.
type Session struct {
	SID          string `json:"sid"`
	ClientSecret string `json:"client_secret"`
	Service      string `json:"service"`
	Medium       string `json:"medium"`
	Address      string `json:"address"`
	Validated    bool   `json:"validated"`
	ValidatedAt  int64  `json:"validated_at,omitempty"` // ms
	Expired      bool   `json:"expired"`
	SendAttempt  int64  `json:"send_attempt"`
}

// Code is one message that would have been sent.
type Code struct {
	Service      string    `json:"service"`
	Medium       string    `json:"medium"`
	Address      string    `json:"address"`
	SID          string    `json:"sid"`
	ClientSecret string    `json:"client_secret"`
	Token        string    `json:"token"`
	Link         string    `json:"link,omitempty"` // email: opens submitToken
	SendAttempt  int64     `json:"send_attempt"`
	Sent         time.Time `json:"sent"`
}

// Binding is an association of an identifier with a user.
type Binding struct {
	Scope   string `json:"scope,omitempty"`
	Medium  string `json:"medium"`
	Address string `json:"address"`
	MXID    string `json:"mxid"`
	TS      int64  `json:"ts,omitempty"` // ms
}

// Invite is a pending invitation made with store-invite.
type Invite struct {
	Token        string `json:"token"`
	Medium       string `json:"medium"`
	Address      string `json:"address"`
	RoomID       string `json:"room_id"`
	Sender       string `json:"sender"`
	EphemeralKey string `json:"ephemeral_key"` // private, unpadded base64
}

// OpenedScope is the response to the opening of a scope.
type OpenedScope struct {
	ID       string `json:"id"`
	IDServer string `json:"id_server"` // what clients put into id_server: host:port
}

// Journal is what was seen, in order.
type Journal struct {
	Entries []Entry `json:"entries"`
	Dropped int     `json:"dropped"` // entries given up because the scope held as many as it may
}

// Seen is what was seen of a scope until it was closed.
type Seen struct {
	Journal
	Codes []Code `json:"codes"`
	Known bool   `json:"known"` // false for a scope that was not open: what it saw is lost
}

// JournalPage is a Journal with the state it shows: a version that grows with
// every change, so that a reader can wait for the next.
type JournalPage struct {
	Journal
	Version int64 `json:"version"`
}

// Requests returns the entries that are requests, to the given endpoint unless
// that is "".
func (j Journal) Requests(endpoint Endpoint) []Entry {
	var found []Entry
	for _, e := range j.Entries {
		if e.Request != nil && (endpoint == "" || e.Endpoint == endpoint) {
			found = append(found, e)
		}
	}
	return found
}

// Reachability tells apart why a scope saw no request.
type Reachability struct {
	Verdict     string `json:"verdict"`  // one of the Reach constants
	Sentence    string `json:"sentence"` // for the person reading the log
	Requests    int    `json:"requests"` // attributed to the scope
	Connections int    `json:"connections"`
	Refused     int    `json:"refused"` // handshakes in which the client did not accept the certificate
	Unused      int    `json:"unused"`  // closed after a handshake without a request
	NotTLS      int    `json:"not_tls"` // plain text on the TLS port
}

// Verdicts of [Reachability]. All but the first look at every connection to the
// listeners since the scope opened, because a connection without a request
// cannot be attributed.
const (
	ReachRequests   = "requests"      // requests of this scope arrived
	ReachUntrusted  = "untrusted-ca"  // the client does not trust the CA
	ReachUnused     = "no-request"    // it connected and left without a request
	ReachNotTLS     = "not-tls"       // it spoke plain HTTP to the TLS port
	ReachOthersOnly = "other-traffic" // requests arrived, none of this scope
	ReachNobody     = "nobody-came"
)

// Profile is how an extra listener misbehaves.
type Profile string

// Profiles of extra listeners.
const (
	ProfileGood        Profile = "good"
	ProfileWrongCA     Profile = "wrong-ca"
	ProfileSelfSigned  Profile = "self-signed"
	ProfileExpired     Profile = "expired"
	ProfileNotYetValid Profile = "not-yet-valid"
	ProfileWrongName   Profile = "wrong-name"
	ProfilePlainHTTP   Profile = "plain-http"  // serves http where https is expected
	ProfileClosed      Profile = "closed-port" // reserved, but refuses connections
	ProfileHang        Profile = "hang"        // accepts, says nothing for Hold, resets
	ProfileReset       Profile = "reset"       // accepts and resets
)

// ListenerRequest asks for an extra listener. It serves the scope that opened
// it, whatever a request carries, and closes with it.
type ListenerRequest struct {
	Profile Profile  `json:"profile"`
	Hold    Duration `json:"hold,omitempty"` // of ProfileHang; DefaultStall by default
}

// Listener is an open extra listener.
type Listener struct {
	ID       string  `json:"id"`
	Profile  Profile `json:"profile"`
	IDServer string  `json:"id_server"` // host:port
}
