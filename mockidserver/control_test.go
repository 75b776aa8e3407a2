package mockidserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

func TestScopesOwnTheirKeys(t *testing.T) {
	is := start(t)
	for _, key := range []control.Key{control.MXID(alice), control.Address("Alice@EXAMPLE.org")} {
		if _, err := is.client.OpenScope(t.Context(), "thief", control.SID("free"), key); !errors.Is(err, control.ErrConflict) || !strings.Contains(err.Error(), t.Name()) {
			t.Errorf("%s: %v", key.Kind, err)
		}
	}
	// Nothing of a refused request stays.
	other := is.open(control.SID("free"))
	if err := other.Own(t.Context(), control.Token("t"), control.MXID(alice)); !errors.Is(err, control.ErrConflict) {
		t.Errorf("own: %v", err)
	}
	if err := is.scope.Own(t.Context(), control.Token("t"), control.MXID(alice)); err != nil {
		t.Errorf("its own key again, and a free one: %v", err)
	}
	if err := other.Own(t.Context(), control.Key{Kind: "shoe", Value: "42"}); err == nil {
		t.Error("an unknown kind was accepted")
	}
	if seen, err := is.scope.Close(t.Context()); err != nil || !seen.Known {
		t.Fatalf("%+v, %v", seen, err)
	}
	if seen, err := is.scope.Close(t.Context()); err != nil || seen.Known {
		t.Errorf("closing twice: %+v, %v", seen, err)
	}
	if err := other.Own(t.Context(), control.MXID(alice)); err != nil {
		t.Errorf("a key of a closed scope: %v", err)
	}
	if _, err := is.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("journal of a closed scope: %v", err)
	}
	if _, err := is.scope.MintToken(t.Context(), alice); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("token for a closed scope: %v", err)
	}
}

func TestAClosedScopeTellsWhatItSawAndTakesItAlong(t *testing.T) {
	is := start(t)
	token, session := is.token(), is.session()
	is.get("account", token)
	must(is.scope.UnvalidatedSession(t.Context(), control.Email, "bob@example.org"))(t)
	is.bindAddress()
	unscoped := must(is.client.MintToken(t.Context(), control.TokenRequest{MXID: "@bob:hs.test"}))(t)
	journal, codes := must(is.scope.Journal(t.Context()))(t), is.codes()
	if len(journal.Entries) == 0 || len(codes) == 0 {
		t.Fatalf("nothing was seen: %+v, %+v", journal, codes)
	}
	seen := must(is.scope.Close(t.Context()))(t)
	if !reflect.DeepEqual(seen.Journal, journal) || !reflect.DeepEqual(seen.Codes, codes) {
		t.Errorf("want %+v and %+v, got %+v", journal, codes, seen)
	}
	is.get("account", token).want(t, 401, "M_UNAUTHORIZED")
	is.get("account", unscoped).want(t, 200, "")
	if _, err := is.client.Session(t.Context(), session.SID); !errors.Is(err, control.ErrUnknown) || is.isBound() {
		t.Errorf("session: %v, bound %v", err, is.isBound())
	}
}

func TestForgottenScopesAreClosed(t *testing.T) {
	is := startWith(t, mockidserver.Config{ScopeIdle: time.Nanosecond})
	is.open(control.MXID("@bob:hs.test"))
	if _, err := is.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) {
		t.Errorf("an idle scope: %v", err)
	}
	if info := must(is.client.Info(t.Context()))(t); info.Scopes != 1 {
		t.Errorf("%d scopes are open", info.Scopes)
	}
}

func TestControlRequestsThatMakeNoSense(t *testing.T) {
	is := start(t)
	ctx := t.Context()
	_, errMXID := is.client.MintToken(ctx, control.TokenRequest{MXID: "alice"})
	_, errMedium := is.client.CreateSession(ctx, control.SessionRequest{Medium: "fax", Address: address})
	_, errAddress := is.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: "alice"})
	_, errSecret := is.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: address, ClientSecret: "a b"})
	_, errService := is.client.CreateSession(ctx, control.SessionRequest{Medium: "email", Address: address, Service: "post"})
	_, errCodes := is.client.Codes(ctx, control.Key{Kind: "shoe", Value: "42"})
	for name, err := range map[string]error{
		"mxid": errMXID, "medium": errMedium, "address": errAddress, "secret": errSecret, "service": errService, "key": errCodes,
		"binding":    is.client.Bind(ctx, control.Binding{Medium: "email", Address: address, MXID: "alice"}),
		"URL":        is.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs.test", URL: "ftp://hs.test"}),
		"name":       is.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs test"}),
		"pinned key": is.client.AddHomeserver(ctx, control.Homeserver{ServerName: "hs.test", Keys: map[string]string{"ed25519:a": "AAAA"}}),
		"expire":     is.client.ExpireSession(ctx, "unknown"),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	post := func(path, body, origin string) int {
		request := must(http.NewRequestWithContext(ctx, http.MethodPost, is.ControlURL()+path, strings.NewReader(body)))(t)
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
	is := start(t)
	for _, base := range []string{is.BaseURL(), is.SMSURL()} {
		is.do(http.MethodGet, base+"/v1/info", "", nil).want(t, 404, "M_UNRECOGNIZED")
	}
	if a := is.do(http.MethodGet, is.ControlURL()+"/_matrix/identity/v2", "", nil); a.status != 404 {
		t.Errorf("the control port speaks Matrix: %d", a.status)
	}
	info := must(is.client.Info(t.Context()))(t)
	pem := must(os.ReadFile(info.CAFile))(t)
	if info.IDServer != is.IDServer() || info.CAPEM != string(pem) || info.SMSURL != is.SMSURL() || info.KeyID != "ed25519:0" || info.Instance == "" {
		t.Errorf("info %+v", info)
	}
}

func TestRestart(t *testing.T) {
	folder := t.TempDir()
	is := startWith(t, mockidserver.Config{Folder: folder})
	first := is.Server
	is.get("account", is.token()).want(t, 200, "")
	instance := must(is.client.Info(t.Context()))(t).Instance
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	port := func(raw string) int { return must(strconv.Atoi(must(url.Parse(raw))(t).Port()))(t) }
	is.Server = must(mockidserver.Start(context.Background(), mockidserver.Config{Folder: folder, Port: port(first.BaseURL()), ControlPort: port(first.ControlURL())}))(t)
	defer is.Close()
	// The clients are those of before: their pools hold connections that are dead.
	is.do(http.MethodGet, "/_matrix/identity/v2", "", nil).want(t, 200, "")
	if !is.PublicKey().Equal(first.PublicKey()) {
		t.Error("the signing key changed")
	}
	if _, err := is.scope.Journal(t.Context()); !errors.Is(err, control.ErrUnknown) || !strings.Contains(err.Error(), "restarted") {
		t.Errorf("a scope of before: %v", err)
	}
	if info := must(is.client.Info(t.Context()))(t); info.Instance == instance {
		t.Error("the instance is the same after a restart")
	}
	must(is.open(control.MXID(alice)).MintToken(t.Context(), alice))(t)
}

func TestTwoServersShareACA(t *testing.T) {
	folder := t.TempDir()
	one := startWith(t, mockidserver.Config{Folder: folder})
	two := startWith(t, mockidserver.Config{Folder: folder, Name: "second"})
	if one.PublicKey().Equal(two.PublicKey()) {
		t.Error("both sign with one key")
	}
	two.http = one.http // trusts the CA of the first
	two.get("account", two.token()).want(t, 200, "")
	one.bindAddress()
	if two.isBound() || len(one.requests("")) != 0 || len(two.requests("")) != 1 {
		t.Error("the servers share state")
	}
	two.get("account", one.token()).want(t, 401, "M_UNAUTHORIZED")
}

func TestStopping(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := must(mockidserver.Start(ctx, mockidserver.Config{}))(t)
	client := server.Control()
	cancel()
	if err := server.Close(); err != nil { // waits for the end that the context began
		t.Fatal(err)
	}
	if _, err := os.Stat(server.CAFile()); !os.IsNotExist(err) {
		t.Errorf("the temporary folder is left: %v", err)
	}
	if _, err := client.Info(t.Context()); err == nil || !strings.Contains(err.Error(), "is it running?") {
		t.Errorf("after the end: %v", err)
	}
}

func TestConfigurationsThatMakeNoSense(t *testing.T) {
	for name, config := range map[string]mockidserver.Config{
		"name": {Name: "../x"}, "bind": {Bind: "here"}, "control bind": {ControlBind: "here"}, "host": {Hosts: []string{"not a host"}},
		"homeserver": {Homeservers: []control.Homeserver{{ServerName: "a b"}}}, "folder": {Folder: "/dev/null/x"},
	} {
		if _, err := mockidserver.Start(t.Context(), config); err == nil {
			t.Errorf("a bad %s was accepted", name)
		}
	}
}
