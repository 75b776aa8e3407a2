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
)

type object = map[string]any

// A world is a server with one open scope, and a client that trusts its CA.
type world struct {
	t      *testing.T
	server *mockidserver.Server
	client *control.Client
	scope  *control.Scope
	http   *http.Client
}

func newWorld(t *testing.T, options ...mockidserver.Option) *world {
	t.Helper()
	server, err := mockidserver.Start(context.Background(), options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	w := &world{t: t, server: server, client: server.Control(), http: trusting(server)}
	w.scope = w.open(control.MXID(alice), control.Address(address))
	return w
}

// trusting is an HTTP client that trusts a server's CA, and does not follow
// redirects.
func trusting(server *mockidserver.Server) *http.Client {
	return &http.Client{
		Timeout: 20 * time.Second,
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: server.CAPool()},
			MaxIdleConnsPerHost: 64,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (w *world) open(keys ...control.Key) *control.Scope {
	w.t.Helper()
	return must(w.client.OpenScope(w.t.Context(), w.t.Name(), keys...))(w.t)
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

// An answer of the server.
type answer struct {
	status int
	header http.Header
	body   string
	object object
}

// want ends the test unless the answer has a status and, for errors, a code.
func (a answer) want(t testing.TB, status int, errcode string) answer {
	t.Helper()
	if code, _ := a.object["errcode"].(string); a.status != status || code != errcode {
		t.Fatalf("expected %d %s, got %d %s", status, errcode, a.status, a.body)
	}
	return a
}

func (a answer) text(key string) string {
	text, _ := a.object[key].(string)
	return text
}

// try sends a request and returns what a client sees. A body that is a map is
// sent as JSON, url.Values as a form, a string as it is.
func (w *world) try(method, target, token string, body any) (answer, error) {
	var raw []byte
	contentType := ""
	switch body := body.(type) {
	case nil:
	case object:
		raw, contentType = must(json.Marshal(body))(w.t), "application/json"
	case url.Values:
		raw, contentType = []byte(body.Encode()), "application/x-www-form-urlencoded"
	case string:
		raw = []byte(body)
	}
	if strings.HasPrefix(target, "/") {
		target = w.server.BaseURL() + target
	}
	request := must(http.NewRequestWithContext(w.t.Context(), method, target, bytes.NewReader(raw)))(w.t)
	if contentType != "" {
		request.Header.Set("Content-Type", contentType)
	}
	if strings.HasPrefix(token, "X-Matrix ") {
		request.Header.Set("Authorization", token)
	} else if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := w.http.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	a := answer{status: response.StatusCode, header: response.Header, body: string(content)}
	_ = json.Unmarshal(content, &a.object) // not every answer is an object
	return a, err
}

func (w *world) do(method, target, token string, body any) answer {
	w.t.Helper()
	return must(w.try(method, target, token, body))(w.t)
}

func (w *world) v2(method, path, token string, body any) answer {
	w.t.Helper()
	return w.do(method, "/_matrix/identity/v2/"+path, token, body)
}

func (w *world) v1(method, path string, body any) answer {
	w.t.Helper()
	return w.do(method, "/_matrix/identity/api/v1/"+path, "", body)
}

func (w *world) token() string {
	w.t.Helper()
	return must(w.scope.MintToken(w.t.Context(), alice))(w.t)
}

func (w *world) session() control.Session {
	w.t.Helper()
	return must(w.scope.ValidatedSession(w.t.Context(), control.Email, address))(w.t)
}

// bound binds the address to alice.
func (w *world) bound() {
	w.t.Helper()
	if err := w.scope.Bind(w.t.Context(), control.Email, address, alice); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) isBound() bool {
	w.t.Helper()
	return len(must(w.client.Bindings(w.t.Context(), control.Address(address)))(w.t)) > 0
}

func (w *world) requests(endpoint control.Endpoint) []control.Entry {
	w.t.Helper()
	return must(w.scope.Journal(w.t.Context()))(w.t).Requests(endpoint)
}

// last is the newest request of an endpoint in the scope.
func (w *world) last(endpoint control.Endpoint) control.Entry {
	w.t.Helper()
	found := w.requests(endpoint)
	if len(found) == 0 {
		w.t.Fatalf("no request to %s in the journal", endpoint)
	}
	return found[len(found)-1]
}

func (w *world) fault(f control.Fault) string {
	w.t.Helper()
	return must(w.scope.SetFault(w.t.Context(), f))(w.t)
}

// A homeserver that publishes its key, knows the owners of OpenID tokens, and
// signs unbind requests.
type homeserver struct {
	*httptest.Server
	name  string
	keyID string

	mu     sync.Mutex
	key    ed25519.PrivateKey
	broken func(http.ResponseWriter) bool // answers in its place
	calls  int
	owners map[string]string
}

func newHomeserver(t *testing.T, name string) *homeserver {
	t.Helper()
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	hs := &homeserver{name: name, keyID: "ed25519:a_1", key: key, owners: map[string]string{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /_matrix/key/v2/server", func(rw http.ResponseWriter, _ *http.Request) {
		hs.mu.Lock()
		defer hs.mu.Unlock()
		hs.calls++
		if hs.broken != nil && hs.broken(rw) {
			return
		}
		document, err := signing.SignJSON(object{
			"server_name": hs.name, "valid_until_ts": time.Now().Add(time.Hour).UnixMilli(), "old_verify_keys": object{},
			"verify_keys": object{hs.keyID: object{"key": signing.Encode(hs.key.Public().(ed25519.PublicKey))}},
		}, hs.name, hs.keyID, hs.key)
		if err != nil {
			t.Error(err)
		}
		_, _ = rw.Write(document)
	})
	mux.HandleFunc("GET /_matrix/federation/v1/openid/userinfo", func(rw http.ResponseWriter, r *http.Request) {
		hs.mu.Lock()
		defer hs.mu.Unlock()
		if hs.broken != nil && hs.broken(rw) {
			return
		}
		owner, ok := hs.owners[r.URL.Query().Get("access_token")]
		if !ok {
			rw.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(rw, `{"errcode":"M_UNKNOWN_TOKEN"}`)
			return
		}
		fmt.Fprintf(rw, `{"sub":%q}`, owner)
	})
	hs.Server = httptest.NewServer(mux)
	t.Cleanup(hs.Close)
	return hs
}

func (hs *homeserver) asOption() mockidserver.Option {
	return mockidserver.WithHomeserver(control.Homeserver{ServerName: hs.name, URL: hs.URL})
}

// sign makes the Authorization header of a request to the identity server.
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
