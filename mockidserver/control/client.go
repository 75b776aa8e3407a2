// Package control steers a running mock identity server over HTTP: scopes,
// journal, faults, tokens, sessions, codes, bindings.
//
// The control interface has a port of its own, which no homeserver is told. A
// typical use, with one scope per spec:
//
//	server := control.New("http://127.0.0.1:8492")
//	scope, err := server.OpenScope(ctx, "bind proxies errors", control.MXID(alice))
//	defer scope.Close(ctx)
//	token, err := scope.MintToken(ctx, alice)
//	session, err := scope.ValidatedSession(ctx, control.Email, address)
//	_, err = scope.SetFault(ctx, control.MatrixError(404, "M_NO_VALID_SESSION", "gone", nil).On(control.Bind))
//	// … the homeserver is asked to bind …
//	journal, err := scope.Journal(ctx)
//	binds := journal.Requests(control.Bind)
package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrUnknown is returned for a scope, session, fault or listener that the
// server does not have. For a scope that was open it means that the server was
// restarted, or that the scope was idle for too long.
var ErrUnknown = errors.New("the identity server does not know it")

// ErrConflict is returned when a key belongs to another open scope.
var ErrConflict = errors.New("the key belongs to another open scope")

// Client talks to the control interface of one server. It holds no state of the
// server, so it outlives restarts and may be used from several processes.
type Client struct {
	base string
	http *http.Client
}

// New returns a client for the control URL that [Info] or the command's output
// names.
func New(controlURL string) *Client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // it is a loopback address
	transport.MaxIdleConnsPerHost = 64
	return &Client{
		base: strings.TrimSuffix(controlURL, "/") + "/v1",
		http: &http.Client{Transport: transport},
	}
}

// Info describes the server. It is also the way to see that it is up.
func (c *Client) Info(ctx context.Context) (Info, error) {
	return fetch[Info](ctx, c, http.MethodGet, "/info", nil)
}

// AddHomeserver tells the server where a homeserver is reached, or which key it
// signs with. What was told before stays.
func (c *Client) AddHomeserver(ctx context.Context, hs Homeserver) error {
	return c.do(ctx, http.MethodPost, "/homeservers", hs, nil)
}

// OpenScope opens a scope that owns the given keys. The name is for people.
// It returns ErrConflict if another open scope owns one of them.
func (c *Client) OpenScope(ctx context.Context, name string, keys ...Key) (*Scope, error) {
	opened, err := fetch[OpenedScope](ctx, c, http.MethodPost, "/scopes", map[string]any{"name": name, "keys": keys})
	if err != nil {
		return nil, err
	}
	return &Scope{client: c, id: opened.ID, idServer: opened.IDServer}, nil
}

// Scope returns a handle for an open scope, for instance one that another
// process opened.
func (c *Client) Scope(id string) *Scope { return &Scope{client: c, id: id} }

// Search returns the retained requests that carry a key, of all scopes and none.
func (c *Client) Search(ctx context.Context, key Key) (Journal, error) {
	return byKey[Journal](ctx, c, "/journal", key)
}

// Orphans returns what belongs to no scope: requests without a known key, and
// the connections to the shared listeners.
func (c *Client) Orphans(ctx context.Context) (Journal, error) {
	return fetch[Journal](ctx, c, http.MethodGet, "/journal?orphans=true", nil)
}

// MintToken issues an access token without an OpenID exchange.
func (c *Client) MintToken(ctx context.Context, request TokenRequest) (string, error) {
	var minted struct {
		Token string `json:"token"`
	}
	err := c.do(ctx, http.MethodPost, "/tokens", request, &minted)
	return minted.Token, err
}

// CreateSession makes a validation session, validated unless told otherwise.
func (c *Client) CreateSession(ctx context.Context, request SessionRequest) (Session, error) {
	return fetch[Session](ctx, c, http.MethodPost, "/sessions", request)
}

// Session returns the state of a validation session.
func (c *Client) Session(ctx context.Context, sid string) (Session, error) {
	return fetch[Session](ctx, c, http.MethodGet, "/sessions/"+url.PathEscape(sid), nil)
}

// ExpireSession makes a session as old as its lifetime. Others do not age.
func (c *Client) ExpireSession(ctx context.Context, sid string) error {
	return c.do(ctx, http.MethodPost, "/sessions/"+url.PathEscape(sid)+"/expire", nil, nil)
}

// Codes returns the messages "sent" to an address, or for a sid or
// client_secret, oldest first.
func (c *Client) Codes(ctx context.Context, key Key) ([]Code, error) {
	return byKey[[]Code](ctx, c, "/codes", key)
}

// Bind makes an association behind the homeserver's back.
func (c *Client) Bind(ctx context.Context, binding Binding) error {
	return c.do(ctx, http.MethodPost, "/bindings", binding, nil)
}

// Unbind removes an association, if there is one.
func (c *Client) Unbind(ctx context.Context, medium, address string) error {
	query := url.Values{"medium": {medium}, "address": {address}}
	return c.do(ctx, http.MethodDelete, "/bindings?"+query.Encode(), nil, nil)
}

// Bindings lists the associations of an address or an mxid.
func (c *Client) Bindings(ctx context.Context, key Key) ([]Binding, error) {
	return byKey[[]Binding](ctx, c, "/bindings", key)
}

// Invites lists the pending invitations of an address or a sender's mxid.
func (c *Client) Invites(ctx context.Context, key Key) ([]Invite, error) {
	return byKey[[]Invite](ctx, c, "/invites", key)
}

// do sends one control request. A body is always replayable, so the connection
// pool of before a restart is not an error.
func (c *Client) do(ctx context.Context, method, path string, body, result any) error {
	var raw []byte
	if body != nil {
		var err error
		if raw, err = json.Marshal(body); err != nil {
			return fmt.Errorf("control %s %s: %w", method, path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("control %s %s: %w", method, path, err)
	}
	request.Header.Set("Content-Type", "application/json")
	// Go's transport repeats a request whose pooled connection was dead only if
	// it may assume that nothing happens twice; this empty value says so.
	request.Header["Idempotency-Key"] = []string{}

	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("the identity server's control interface does not answer; is it running? %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("control %s %s: %w", method, path, err)
	}
	if response.StatusCode >= 300 {
		return refused(method, path, response.StatusCode, answer)
	}
	if result == nil {
		return nil
	}
	if err := json.Unmarshal(answer, result); err != nil {
		return fmt.Errorf("control %s %s: unexpected answer: %w", method, path, err)
	}
	return nil
}

// fetch is do with a typed result.
func fetch[T any](ctx context.Context, c *Client, method, path string, body any) (T, error) {
	var result T
	err := c.do(ctx, method, path, body, &result)
	return result, err
}

// byKey fetches what there is of a key.
func byKey[T any](ctx context.Context, c *Client, path string, key Key) (T, error) {
	query := url.Values{string(key.Kind): {key.Value}}
	return fetch[T](ctx, c, http.MethodGet, path+"?"+query.Encode(), nil)
}

// refused turns the control interface's error response into a Go error.
func refused(method, path string, status int, answer []byte) error {
	var problem struct {
		Error string `json:"error"`
	}
	_ = json.Unmarshal(answer, &problem) // a response that is no JSON has no message
	if problem.Error == "" {
		problem.Error = http.StatusText(status)
	}
	path, _, _ = strings.Cut(path, "?") // queries hold secrets
	switch status {
	case http.StatusNotFound:
		return fmt.Errorf("control %s %s: %s: %w", method, path, problem.Error, ErrUnknown)
	case http.StatusConflict:
		return fmt.Errorf("control %s %s: %s: %w", method, path, problem.Error, ErrConflict)
	}
	return fmt.Errorf("control %s %s: %d %s", method, path, status, problem.Error)
}

// awaitStep is how long one long poll of [Scope.Await] lasts.
const awaitStep = 10 * time.Second
