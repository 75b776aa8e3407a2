package mockidserver_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

func contextWithTimeout(t *testing.T, patience time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(t.Context(), patience)
}

func TestScopesOwnTheirKeys(t *testing.T) {
	w := newWorld(t)
	for _, key := range []control.Key{control.MXID(alice), control.Address("Alice@EXAMPLE.org")} {
		if _, err := w.client.OpenScope(t.Context(), "thief", control.SID("free"), key); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), t.Name()) {
			t.Errorf("%s: %v", key.Kind, err)
		}
	}
	// Nothing of a refused request stays.
	other := w.open(control.SID("free"))
	if err := other.Own(t.Context(), control.Token("t"), control.MXID(alice)); !errors.Is(err, control.ErrConflict) {
		t.Errorf("own: %v", err)
	}
	if err := w.scope.Own(t.Context(), control.Token("t"), control.MXID(alice)); err != nil {
		t.Errorf("its own key again, and a free one: %v", err)
	}
	if err := other.Own(t.Context(), control.Key{Kind: "shoe", Value: "42"}); err == nil {
		t.Error("an unknown kind was accepted")
	}
	if seen, err := w.scope.Close(t.Context()); err != nil || !seen.Known {
		t.Fatalf("%+v, %v", seen, err)
	}
	if seen, err := w.scope.Close(t.Context()); err != nil || seen.Known {
		t.Errorf("closing twice: %+v, %v", seen, err)
	}
	if err := other.Own(t.Context(), control.MXID(alice)); err != nil {
		t.Errorf("a key of a closed scope: %v", err)
	}
	if _, err := w.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("journal of a closed scope: %v", err)
	}
	if _, err := w.scope.MintToken(t.Context(), alice); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("token for a closed scope: %v", err)
	}
}

func TestAClosedScopeTellsWhatItSaw(t *testing.T) {
	w := newWorld(t)
	w.v2("GET", "account", w.token(), nil)
	must(w.scope.UnvalidatedSession(t.Context(), control.Email, "bob@example.org"))(t)
	journal := must(w.scope.Journal(t.Context()))(t)
	codes := must(w.scope.Codes(t.Context()))(t)
	if len(journal.Entries) == 0 || len(codes) == 0 {
		t.Fatalf("nothing was seen: %+v, %+v", journal, codes)
	}
	seen := must(w.scope.Close(t.Context()))(t)
	if !reflect.DeepEqual(seen.Journal, journal) || !reflect.DeepEqual(seen.Codes, codes) {
		t.Errorf("want %+v and %+v, got %+v", journal, codes, seen)
	}
}

func TestWhatIsMadeForAScopeGoesWithIt(t *testing.T) {
	w := newWorld(t)
	token, session := w.token(), w.session()
	w.bound()
	unscoped := must(w.client.MintToken(t.Context(), control.TokenRequest{MXID: "@bob:hs.test"}))(t)
	if _, err := w.scope.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.v2(http.MethodGet, "account", token, nil).want(t, 401, "M_UNAUTHORIZED")
	w.v2(http.MethodGet, "account", unscoped, nil).want(t, 200, "")
	if _, err := w.client.Session(t.Context(), session.SID); !errors.Is(err, control.ErrUnknown) || w.isBound() {
		t.Errorf("session: %v, bound %v", err, w.isBound())
	}
}

func TestForgottenScopesAreClosed(t *testing.T) {
	w := newWorld(t, mockidserver.WithScopeIdle(time.Nanosecond))
	w.open(control.MXID("@bob:hs.test"))
	if _, err := w.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("an idle scope: %v", err)
	}
	if info := must(w.client.Info(t.Context()))(t); info.Scopes != 1 {
		t.Errorf("%d scopes are open", info.Scopes)
	}
}

func TestControlRequestsThatMakeNoSense(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	_, errMXID := w.client.MintToken(ctx, control.TokenRequest{MXID: "alice"})
	_, errMedium := w.client.CreateSession(ctx, control.SessionRequest{Medium: "fax", Address: address})
	_, errAddress := w.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: "alice"})
	_, errSecret := w.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: address, ClientSecret: "a b"})
	_, errService := w.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: address, Service: "post"})
	_, errCodes := w.client.Codes(ctx, control.Key{Kind: "shoe", Value: "42"})
	for name, err := range map[string]error{
		"mxid": errMXID, "medium": errMedium, "address": errAddress, "secret": errSecret, "service": errService, "key": errCodes,
		"binding":    w.client.Bind(ctx, control.Binding{Medium: "email", Address: address, MXID: "alice"}),
		"URL":        w.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs.test", URL: "ftp://hs.test"}),
		"name":       w.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs test"}),
		"pinned key": w.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs.test", Keys: map[string]string{"ed25519:a": "AAAA"}}),
		"expire":     w.client.ExpireSession(ctx, "unknown"),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	post := func(path, body, origin string) int {
		request := must(http.NewRequestWithContext(ctx, http.MethodPost, w.server.ControlURL()+path, strings.NewReader(body)))(t)
		if origin != "" {
			request.Header.Set("Origin", origin)
		}
		response := must(http.DefaultClient.Do(request))(t)
		response.Body.Close()
		return response.StatusCode
	}
	if status := post("/v1/tokens", `{"mxdi":"@alice:hs.test"}`, ""); status != 400 {
		t.Errorf("a misspelled key: %d", status)
	}
	if status := post("/v1/tokens", `{"mxid":"@alice:hs.test"}`, "https://evil.test"); status != 403 {
		t.Errorf("a browser: %d", status)
	}
}

func TestTheControlInterfaceIsApart(t *testing.T) {
	w := newWorld(t)
	for _, base := range []string{w.server.BaseURL(), w.server.SMSURL()} {
		w.do(http.MethodGet, base+"/v1/info", "", nil).want(t, 404, "M_UNRECOGNIZED")
	}
	if a := w.do(http.MethodGet, w.server.ControlURL()+"/_matrix/identity/v2", "", nil); a.status != 404 {
		t.Errorf("the control port speaks Matrix: %d", a.status)
	}
	info := must(w.client.Info(t.Context()))(t)
	pem := must(os.ReadFile(info.CAFile))(t)
	if info.IDServer != w.server.IDServer() || info.CAPEM != string(pem) || info.SMSURL != w.server.SMSURL() || info.KeyID != "ed25519:0" || info.Instance == "" {
		t.Errorf("info %+v", info)
	}
}

func TestRestart(t *testing.T) {
	folder := t.TempDir()
	first := newWorld(t, mockidserver.WithFolder(folder))
	trust, publicKey := first.http, first.server.PublicKey()
	port, controlPort := portOf(t, first.server.BaseURL()), portOf(t, first.server.ControlURL())
	first.v2(http.MethodGet, "account", first.token(), nil).want(t, 200, "")
	instance := must(first.client.Info(t.Context()))(t).Instance
	if err := first.server.Close(); err != nil {
		t.Fatal(err)
	}

	second := must(mockidserver.Start(context.Background(), mockidserver.WithFolder(folder), mockidserver.WithPort(port), mockidserver.WithControlPort(controlPort)))(t)
	defer second.Close()
	// The clients of before: their pools hold connections that are dead.
	first.server, first.http = second, trust
	first.do(http.MethodGet, second.BaseURL()+"/_matrix/identity/v2", "", nil).want(t, 200, "")
	if !second.PublicKey().Equal(publicKey) {
		t.Error("the signing key changed")
	}
	if _, err := first.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) || !strings.Contains(err.Error(), "restarted") {
		t.Errorf("a scope of before: %v", err)
	}
	if info := must(first.client.Info(t.Context()))(t); info.Instance == instance {
		t.Error("the instance is the same after a restart")
	}
	scope := must(first.client.OpenScope(t.Context(), "after", control.MXID(alice)))(t)
	must(scope.MintToken(t.Context(), alice))(t)
}

func portOf(t *testing.T, url string) int {
	t.Helper()
	return mustPort(t, url[strings.LastIndexByte(url, ':')+1:])
}

func TestTwoServersShareACA(t *testing.T) {
	folder := t.TempDir()
	one := newWorld(t, mockidserver.WithFolder(folder))
	two := newWorld(t, mockidserver.WithFolder(folder), mockidserver.WithName("second"))
	if one.server.PublicKey().Equal(two.server.PublicKey()) {
		t.Error("both sign with one key")
	}
	two.http = one.http // trusts the CA of the first
	two.v2(http.MethodGet, "account", two.token(), nil).want(t, 200, "")
	one.bound()
	if two.isBound() || len(one.requests("")) != 0 || len(two.requests("")) != 1 {
		t.Error("the servers share state")
	}
	two.v2(http.MethodGet, "account", one.token(), nil).want(t, 401, "M_UNAUTHORIZED")
}

func TestStopping(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := must(mockidserver.Start(ctx))(t)
	folder := server.CAFile()
	client := server.Control()
	cancel()
	if err := server.Close(); err != nil { // waits for the end that the context began
		t.Fatal(err)
	}
	if _, err := os.Stat(folder); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is left: %v", err)
	}
	if _, err := client.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "is it running?") {
		t.Errorf("after the end: %v", err)
	}
	for name, option := range map[string]mockidserver.Option{
		"name": mockidserver.WithName("../x"), "empty name": mockidserver.WithName(""), "bind": mockidserver.WithBind("here"),
		"control bind": mockidserver.WithControlBind("here"), "homeserver": mockidserver.WithHomeserver(control.Homeserver{ServerName: "a b"}),
		"folder": mockidserver.WithFolder("/dev/null/x"),
	} {
		if _, err := mockidserver.Start(t.Context(), option); err == nil {
			t.Errorf("a bad %s was accepted", name)
		}
	}
}
