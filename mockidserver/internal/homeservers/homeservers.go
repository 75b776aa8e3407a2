// Package homeservers calls homeservers: for the keys with which they sign, and
// for the owners of OpenID tokens.
package homeservers

import (
	"context"
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
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/signing"
)

// timeout is how long a homeserver may take to respond. It is asked while it
// waits for us, so a deadlock ends here.
const timeout = 5 * time.Second

// maxResponse bounds what is read of a homeserver's response.
const maxResponse = 1 << 20

// mxidForm is what a user ID looks like.
var mxidForm = regexp.MustCompile(`^@[^:\x00-\x20]*:[^\x00-\x20/@]+$`)

// IsMXID reports whether a text looks like a user ID.
func IsMXID(text string) bool { return mxidForm.MatchString(text) }

// ServerOf is the server name in a user ID.
func ServerOf(mxid string) string {
	_, server, _ := strings.Cut(mxid, ":")
	return server
}

// serverNameForm is the grammar of server names.
var serverNameForm = regexp.MustCompile(`^([0-9A-Za-z.-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?$`)

// Directory knows where homeservers are and which keys they have.
type Directory struct {
	client *http.Client

	mu   sync.Mutex
	urls map[string][]string   // by server name
	keys map[string][]knownKey // by server name
}

// New returns an empty directory. Homeservers are trusted that the system trusts,
// and those with a certificate of our own CA, given in PEM.
func New(ca []byte) *Directory {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool() // a machine without any: ours is enough
	}
	roots.AppendCertsFromPEM(ca)
	return &Directory{
		client: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				TLSClientConfig:     &tls.Config{RootCAs: roots},
				MaxIdleConnsPerHost: 32,
				IdleConnTimeout:     time.Minute,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		urls: map[string][]string{}, keys: map[string][]knownKey{},
	}
}

// Add learns where a homeserver is or which keys it has.
func (d *Directory) Add(hs control.Homeserver) error {
	if !serverNameForm.MatchString(hs.ServerName) {
		return fmt.Errorf("%q is not a server name", hs.ServerName)
	}
	base, err := url.Parse(hs.URL)
	if hs.URL != "" && (err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https") {
		return fmt.Errorf("the URL of homeserver %s is not http://… or https://…: %q", hs.ServerName, hs.URL)
	}
	var pinned []knownKey
	for id, text := range hs.Keys {
		key, err := signing.DecodePublicKey(text)
		if err != nil {
			return fmt.Errorf("the key %s of homeserver %s: %w", id, hs.ServerName, err)
		}
		pinned = append(pinned, knownKey{Key: Key{key, "pinned"}, id: id})
	}

	d.mu.Lock()
	defer d.mu.Unlock()
	if trimmed := strings.TrimSuffix(hs.URL, "/"); trimmed != "" && !slices.Contains(d.urls[hs.ServerName], trimmed) {
		d.urls[hs.ServerName] = append(d.urls[hs.ServerName], trimmed)
	}
	d.keys[hs.ServerName] = append(pinned, d.keys[hs.ServerName]...)
	return nil
}

// basesOf returns the URLs at which a server name is reached. A name with a
// port, or an IP address, says it itself; others have to be told, since looking
// them up would take a test to servers in the internet.
func (d *Directory) basesOf(serverName string) ([]string, error) {
	if !serverNameForm.MatchString(serverName) {
		return nil, fmt.Errorf("%q is not a server name", serverName)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if told := d.urls[serverName]; len(told) > 0 {
		return slices.Clone(told), nil
	}
	if _, _, err := net.SplitHostPort(serverName); err == nil || net.ParseIP(strings.Trim(serverName, "[]")) != nil {
		return []string{"https://" + serverName}, nil
	}
	return nil, fmt.Errorf("nobody has told this identity server where homeserver %s is: use --homeserver %s=http://… or POST /v1/homeservers of the control interface", serverName, serverName)
}

// fetch gets a URL of a homeserver. The call that is noted leaves out the query.
func (d *Directory) fetch(ctx context.Context, base, path string, query url.Values) (int, []byte, control.Call, error) {
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
	answered, err := d.client.Do(request)
	if err != nil {
		var wrapped *url.Error // it repeats the URL, with the query
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		call.Error = err.Error()
		return 0, nil, call, err
	}
	defer answered.Body.Close()
	call.Status = answered.StatusCode
	body, err := io.ReadAll(io.LimitReader(answered.Body, maxResponse))
	if err != nil {
		call.Error = err.Error()
	}
	return answered.StatusCode, body, call, err
}

// UserInfo asks the homeserver whose an OpenID token is. The refusal is what
// the client of account/register gets.
func (d *Directory) UserInfo(ctx context.Context, serverName, token string) (mxid string, calls []control.Call, refusal *response.Response) {
	unknown := func(format string, args ...any) *response.Response {
		return response.Error(http.StatusInternalServerError, "M_UNKNOWN", format, args...)
	}
	if !serverNameForm.MatchString(serverName) {
		return "", nil, response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "matrix_server_name is not a server name")
	}
	bases, err := d.basesOf(serverName)
	if err != nil {
		return "", nil, unknown("%v", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, base := range bases {
		status, body, call, err := d.fetch(ctx, base, "/_matrix/federation/v1/openid/userinfo", url.Values{"access_token": {token}})
		calls = append(calls, call)
		var info struct {
			Sub string `json:"sub"`
		}
		switch {
		case err != nil:
			refusal = unknown("homeserver %s was not reached at %s: %v", serverName, base, err)
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			refusal = response.Error(http.StatusUnauthorized, "M_UNAUTHORIZED", "homeserver %s does not know the OpenID token", serverName)
		case status != http.StatusOK:
			refusal = unknown("homeserver %s answered %d to the OpenID exchange", serverName, status)
		case json.Unmarshal(body, &info) != nil || !IsMXID(info.Sub):
			refusal = unknown("homeserver %s did not name the owner of the OpenID token", serverName)
		case ServerOf(info.Sub) != serverName:
			refusal = unknown("homeserver %s vouched for a user of another server", serverName)
		default:
			return info.Sub, calls, nil
		}
	}
	return "", calls, refusal
}
