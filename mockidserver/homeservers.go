package mockidserver

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/pki"
	"threepid-conformance/mockidserver/signing"
)

// homeserverTimeout is how long a homeserver may take to answer. It is asked
// while it waits for us, so a deadlock ends here.
const homeserverTimeout = 5 * time.Second

// maxAnswer bounds what is read of a homeserver's answer.
const maxAnswer = 1 << 20

// serverNameForm is the grammar of server names.
var serverNameForm = regexp.MustCompile(`^([0-9A-Za-z.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// homeservers knows how to reach homeservers and which keys they have.
type homeservers struct {
	client *http.Client

	mu     sync.Mutex
	urls   map[string][]string                      // by server name
	pinned map[string]map[string]ed25519.PublicKey  // by server name and key ID
	cached map[string]map[string]signing.ServerKeys // by server name and URL
}

func newHomeservers(authority *pki.Authority) *homeservers {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any: ours is enough
	}
	roots.AppendCertsFromPEM(authority.PEM())
	return &homeservers{
		client: &http.Client{
			Timeout: homeserverTimeout,
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{RootCAs: roots},
				MaxIdleConnsPerHost: 32,
				IdleConnTimeout:     time.Minute,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		urls:   map[string][]string{},
		pinned: map[string]map[string]ed25519.PublicKey{},
		cached: map[string]map[string]signing.ServerKeys{},
	}
}

// add learns about a homeserver.
func (h *homeservers) add(hs control.Homeserver) error {
	if !serverNameForm.MatchString(hs.ServerName) {
		return fmt.Errorf("%q is not a server name", hs.ServerName)
	}
	base, err := url.Parse(hs.URL)
	if hs.URL != "" && (err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https") {
		return fmt.Errorf("the URL of homeserver %s is not http://… or https://…: %q", hs.ServerName, hs.URL)
	}
	pinned := map[string]ed25519.PublicKey{}
	for id, text := range hs.Keys {
		key, err := signing.DecodePublicKey(text)
		if err != nil {
			return fmt.Errorf("the key %s of homeserver %s: %w", id, hs.ServerName, err)
		}
		pinned[id] = key
	}

	h.mu.Lock()
	defer h.mu.Unlock()
	if trimmed := strings.TrimSuffix(hs.URL, "/"); trimmed != "" && !slices.Contains(h.urls[hs.ServerName], trimmed) {
		h.urls[hs.ServerName] = append(h.urls[hs.ServerName], trimmed)
	}
	if h.pinned[hs.ServerName] == nil {
		h.pinned[hs.ServerName] = map[string]ed25519.PublicKey{}
	}
	for id, key := range pinned {
		h.pinned[hs.ServerName][id] = key
	}
	return nil
}

// basesOf returns the URLs at which a server name is reached. A name with a
// port, or an IP address, says it itself; others have to be told, since looking
// them up would take a test to servers in the internet.
func (h *homeservers) basesOf(serverName string) ([]string, error) {
	if !serverNameForm.MatchString(serverName) {
		return nil, fmt.Errorf("%q is not a server name", serverName)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if told := h.urls[serverName]; len(told) > 0 {
		return slices.Clone(told), nil
	}
	if _, _, err := net.SplitHostPort(serverName); err == nil || net.ParseIP(strings.Trim(serverName, "[]")) != nil {
		return []string{"https://" + serverName}, nil
	}
	return nil, fmt.Errorf("nobody has told this identity server where homeserver %s is: use --homeserver %s=http://… or POST /v1/homeservers of the control interface", serverName, serverName)
}

// fetch gets a URL of a homeserver. The call that is noted leaves out the query.
func (h *homeservers) fetch(ctx context.Context, base, path string, query url.Values) (int, []byte, control.Call, error) {
	call := control.Call{Method: http.MethodGet, URL: base + path}
	target := call.URL
	if query != nil {
		target += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		call.Error = "the URL is invalid"
		return 0, nil, call, errors.New(call.Error)
	}
	response, err := h.client.Do(request)
	if err != nil {
		var wrapped *url.Error // it repeats the URL, with the query
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		call.Error = err.Error()
		return 0, nil, call, err
	}
	defer response.Body.Close()
	call.Status = response.StatusCode
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		call.Error = err.Error()
	}
	return response.StatusCode, body, call, err
}

// userinfo asks the homeserver whose an OpenID token is. The refusal is what
// the client of account/register is to be answered.
func (h *homeservers) userinfo(ctx context.Context, serverName, token string) (mxid string, calls []control.Call, refusal *answer) {
	refuse := func(status int, errcode, format string, args ...any) *answer {
		a := failure(status, errcode, format, args...)
		return &a
	}
	if !serverNameForm.MatchString(serverName) {
		return "", nil, refuse(http.StatusBadRequest, "M_INVALID_PARAM", "matrix_server_name is not a server name")
	}
	bases, err := h.basesOf(serverName)
	if err != nil {
		return "", nil, refuse(http.StatusInternalServerError, "M_UNKNOWN", "%v", err)
	}
	for _, base := range bases {
		status, body, call, err := h.fetch(ctx, base, "/_matrix/federation/v1/openid/userinfo", url.Values{"access_token": {token}})
		calls = append(calls, call)
		var info struct {
			Sub string `json:"sub"`
		}
		switch {
		case err != nil:
			refusal = refuse(http.StatusInternalServerError, "M_UNKNOWN", "homeserver %s was not reached at %s: %v", serverName, base, err)
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			refusal = refuse(http.StatusUnauthorized, "M_UNAUTHORIZED", "homeserver %s does not know the OpenID token", serverName)
		case status != http.StatusOK:
			refusal = refuse(http.StatusInternalServerError, "M_UNKNOWN", "homeserver %s answered %d to the OpenID exchange", serverName, status)
		case json.Unmarshal(body, &info) != nil || !mxidForm.MatchString(info.Sub):
			refusal = refuse(http.StatusInternalServerError, "M_UNKNOWN", "homeserver %s did not name the owner of the OpenID token", serverName)
		case serverPart(info.Sub) != serverName:
			refusal = refuse(http.StatusInternalServerError, "M_UNKNOWN", "homeserver %s vouched for a user of another server", serverName)
		default:
			return info.Sub, calls, nil
		}
	}
	return "", calls, refusal
}
