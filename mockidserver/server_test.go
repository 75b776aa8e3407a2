package mockidserver_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

const (
	alice   = "@alice:hs.test"
	address = "alice@example.org"
	pathV1  = "/_matrix/identity/api/v1/"
	pathV2  = "/_matrix/identity/v2/"
)

type object = map[string]any

// An identityServer has one open scope, and a client that trusts its CA.
type identityServer struct {
	*mockidserver.Server
	t      *testing.T
	client *control.Client
	scope  *control.Scope
	http   *http.Client
}

// start starts a server that knows some homeservers.
func start(t *testing.T, known ...*homeserver) *identityServer {
	t.Helper()
	var config mockidserver.Config
	for _, hs := range known {
		config.Homeservers = append(config.Homeservers, control.Homeserver{ServerName: hs.name, URL: hs.URL})
	}
	return startWith(t, config)
}

func startWith(t *testing.T, config mockidserver.Config) *identityServer {
	t.Helper()
	server := must(mockidserver.Start(context.Background(), config))(t)
	t.Cleanup(func() { server.Close() })
	is := &identityServer{Server: server, t: t, client: server.Control(), http: trusting(server)}
	is.scope = is.open(control.MXID(alice), control.Address(address))
	return is
}

// trusting is an HTTP client that trusts a server's CA, and does not follow
// redirects.
func trusting(server *mockidserver.Server) *http.Client {
	return &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.CAPool()}, MaxIdleConnsPerHost: 64},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (is *identityServer) open(keys ...control.Key) *control.Scope {
	is.t.Helper()
	return must(is.client.OpenScope(is.t.Context(), is.t.Name(), keys...))(is.t)
}

// must ends the test on an error.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

// A response of the server.
type response struct {
	status int
	header http.Header
	body   string
	object object
}

// want ends the test unless the response has a status and, for errors, a code.
func (r response) want(t testing.TB, status int, errcode string) response {
	t.Helper()
	if code, _ := r.object["errcode"].(string); r.status != status || code != errcode {
		t.Fatalf("expected %d %s, got %d %s", status, errcode, r.status, r.body)
	}
	return r
}

func (r response) text(key string) string {
	text, _ := r.object[key].(string)
	return text
}

// try sends a request and returns what a client sees. A body that is a map is
// sent as JSON, url.Values as a form, a string as it is.
func (is *identityServer) try(method, target, token string, body any) (response, error) {
	var raw []byte
	contentType := ""
	switch body := body.(type) {
	case object:
		raw, contentType = must(json.Marshal(body))(is.t), "application/json"
	case url.Values:
		raw, contentType = []byte(body.Encode()), "application/x-www-form-urlencoded"
	case string:
		raw = []byte(body)
	}
	if strings.HasPrefix(target, "/") {
		target = is.BaseURL() + target
	}
	request := must(http.NewRequestWithContext(is.t.Context(), method, target, bytes.NewReader(raw)))(is.t)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(token, "X-Matrix ") {
		request.Header.Set("Authorization", token)
	} else if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	answered, err := is.http.Do(request)
	if err != nil {
		return response{}, err
	}
	defer answered.Body.Close()
	content, err := io.ReadAll(answered.Body)
	r := response{status: answered.StatusCode, header: answered.Header, body: string(content)}
	_ = json.Unmarshal(content, &r.object) // not every response is an object
	return r, err
}

func (is *identityServer) do(method, target, token string, body any) response {
	is.t.Helper()
	return must(is.try(method, target, token, body))(is.t)
}

// get and post send a request to v2.
func (is *identityServer) get(path, token string) response {
	is.t.Helper()
	return is.do(http.MethodGet, pathV2+path, token, nil)
}

func (is *identityServer) post(path, token string, body any) response {
	is.t.Helper()
	return is.do(http.MethodPost, pathV2+path, token, body)
}

func (is *identityServer) v1(method, path string, body any) response {
	is.t.Helper()
	return is.do(method, pathV1+path, "", body)
}

func (is *identityServer) token() string {
	is.t.Helper()
	return must(is.scope.MintToken(is.t.Context(), alice))(is.t)
}

func (is *identityServer) session() control.Session {
	is.t.Helper()
	return must(is.scope.ValidatedSession(is.t.Context(), control.Email, address))(is.t)
}

func (is *identityServer) codes() []control.Code {
	is.t.Helper()
	return must(is.scope.Codes(is.t.Context()))(is.t)
}

// bindAddress binds the address to alice.
func (is *identityServer) bindAddress() {
	is.t.Helper()
	if err := is.scope.Bind(is.t.Context(), control.Email, address, alice); err != nil {
		is.t.Fatal(err)
	}
}

func (is *identityServer) isBound() bool {
	is.t.Helper()
	return len(must(is.client.Bindings(is.t.Context(), control.Address(address)))(is.t)) > 0
}

func (is *identityServer) requests(endpoint control.Endpoint) []control.Entry {
	is.t.Helper()
	return must(is.scope.Journal(is.t.Context()))(is.t).Requests(endpoint)
}

// last is the newest request of an endpoint in the scope.
func (is *identityServer) last(endpoint control.Endpoint) control.Entry {
	is.t.Helper()
	found := is.requests(endpoint)
	if len(found) == 0 {
		is.t.Fatalf("no request to %s in the journal", endpoint)
	}
	return found[len(found)-1]
}

func (is *identityServer) fault(f control.Fault) string {
	is.t.Helper()
	return must(is.scope.SetFault(is.t.Context(), f))(is.t)
}

// A refusal is a request to v2 and the error that it gets.
type refusal struct {
	name, path string
	body       any
	status     int
	errcode    string
}

// refuses posts requests that have to be refused.
func (is *identityServer) refuses(token string, refusals []refusal) {
	is.t.Helper()
	for _, c := range refusals {
		r := is.post(c.path, token, c.body)
		if code, _ := r.object["errcode"].(string); r.status != c.status || code != c.errcode {
			is.t.Errorf("%s: expected %d %s, got %d %s", c.name, c.status, c.errcode, r.status, r.body)
		}
	}
}

// A homeserver publishes its key, knows the owners of OpenID tokens, and signs
// unbind requests.
type homeserver struct {
	*httptest.Server
	name  string
	keyID string

	mu     sync.Mutex
	key    ed25519.PrivateKey
	broken func(http.ResponseWriter) // responds in its place
	calls  int
	owners map[string]string
}

func newHomeserver(t *testing.T, name string) *homeserver {
	t.Helper()
	hs := &homeserver{name: name, keyID: "ed25519:a_1", key: newKey(t), owners: map[string]string{}}
	hs.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hs.mu.Lock()
		defer hs.mu.Unlock()
		hs.calls++
		switch {
		case hs.broken != nil:
			hs.broken(w)
		case r.URL.Path == "/_matrix/key/v2/server":
			_, _ = w.Write(must(signing.SignJSON(object{
				"server_name": hs.name, "valid_until_ts": time.Now().Add(time.Hour).UnixMilli(), "old_verify_keys": object{},
				"verify_keys": object{hs.keyID: object{"key": hs.publicKey()}},
			}, hs.name, hs.keyID, hs.key))(t))
		case hs.owners[r.URL.Query().Get("access_token")] == "":
			w.WriteHeader(http.StatusUnauthorized)
		default:
			fmt.Fprintf(w, `{"sub":%q}`, hs.owners[r.URL.Query().Get("access_token")])
		}
	}))
	t.Cleanup(hs.Close)
	return hs
}

func newKey(t *testing.T) ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(nil)
	return must(key, err)(t)
}

func (hs *homeserver) publicKey() string { return signing.Encode(hs.key.Public().(ed25519.PublicKey)) }

// sign makes the Authorization header of an unbind request.
func (hs *homeserver) sign(t *testing.T, dialect control.Dialect, destination, uri string, body []byte) string {
	t.Helper()
	request := signing.Request{Method: http.MethodPost, URI: uri, Origin: hs.name, Content: body}
	signature := must(request.Sign(dialect, destination, hs.key))(t)
	header := fmt.Sprintf(`X-Matrix origin="%s",key="%s",sig="%s"`, hs.name, hs.keyID, signature)
	if dialect != control.DialectOmitted {
		header += fmt.Sprintf(`,destination="%s"`, destination)
	}
	return header
}
