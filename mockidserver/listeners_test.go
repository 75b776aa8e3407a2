package mockidserver_test

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

func TestEveryNameIsInTheCertificate(t *testing.T) {
	is := startWith(t, mockidserver.Config{Hosts: []string{"is.test", "192.0.2.1"}})
	if !strings.HasPrefix(is.IDServer(), "is.test:") {
		t.Errorf("id_server %s", is.IDServer())
	}
	_, port, _ := net.SplitHostPort(is.IDServer())
	for _, host := range []string{"localhost", "127.0.0.1", "::1", "is.test", "192.0.2.1"} {
		client := trusting(is.Server)
		client.Transport.(*http.Transport).TLSClientConfig.ServerName = host
		response, err := client.Get("https://127.0.0.1:" + port + "/_matrix/identity/v2")
		if err != nil {
			t.Errorf("%s: %v", host, err)
			continue
		}
		response.Body.Close()
	}
	if _, err := mockidserver.Start(t.Context(), mockidserver.Config{Hosts: []string{"not a host"}}); err == nil {
		t.Error("a host with spaces was accepted")
	}
}

func TestBothLoopbacksAreServed(t *testing.T) {
	if probe, err := net.Listen("tcp6", "[::1]:0"); err != nil {
		t.Skip("no IPv6 here")
	} else {
		probe.Close()
	}
	is := start(t)
	_, port, _ := net.SplitHostPort(is.IDServer())
	for _, host := range []string{"127.0.0.1", "[::1]", "localhost"} {
		is.do(http.MethodGet, "https://"+host+":"+port+"/_matrix/identity/v2", "", nil).want(t, 200, "")
	}
	if _, err := mockidserver.Start(t.Context(), mockidserver.Config{Port: must(strconv.Atoi(port))(t)}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("a port that is taken: %v", err)
	}
}

// reach waits for a verdict, since a client may come and go before its connection
// is accepted.
func (is *identityServer) reach(scope *control.Scope, verdict string) control.Reachability {
	is.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		found := must(scope.Reachability(is.t.Context()))(is.t)
		if found.Verdict == verdict || time.Now().After(deadline) {
			if found.Verdict != verdict {
				is.t.Errorf("expected %s, got %+v", verdict, found)
			}
			return found
		}
	}
}

func TestWhyNobodyCame(t *testing.T) {
	is := start(t)
	if found := is.reach(is.scope, control.ReachNobody); !strings.Contains(found.Sentence, "nobody came") {
		t.Errorf("sentence: %s", found.Sentence)
	}

	// A client that does not trust the CA is told apart from one that stays away.
	stranger := &http.Client{Transport: &http.Transport{}, Timeout: 10 * time.Second}
	if _, err := stranger.Get(is.BaseURL() + "/_matrix/identity/v2"); err == nil {
		t.Fatal("a client without our CA trusts us")
	}
	// The server, too, waits until the handshake is over.
	found := must(is.scope.Reachability(t.Context()))(t)
	if found.Verdict != control.ReachUntrusted || !strings.Contains(found.Sentence, "does not trust the CA") || !strings.Contains(found.Sentence, "SSL_CERT_FILE="+is.CAFile()) {
		t.Errorf("sentence: %s", found.Sentence)
	}
	failed := must(is.client.Orphans(t.Context()))(t).Entries[0]
	if failed.Kind != control.ConnectionEntry || failed.Request != nil || failed.Connection.Handshake != control.HandshakeRefused || failed.Connection.Error == "" {
		t.Errorf("journal: %s %+v", failed, failed.Connection)
	}

	later := is.open(control.MXID("@later:hs.test"))
	is.reach(later, control.ReachNobody) // what was before it opened is not its concern

	plain, err := http.Get(strings.Replace(is.BaseURL(), "https", "http", 1))
	if err != nil || plain.StatusCode != 400 {
		t.Errorf("plain HTTP: %v, %v", plain, err)
	}
	is.reach(later, control.ReachNotTLS)

	later = is.open(control.MXID("@later2:hs.test"))
	silent := must(net.Dial("tcp", is.IDServer()))(t)
	silent.Close()
	is.reach(later, control.ReachUnused)

	later = is.open(control.MXID("@later3:hs.test"))
	is.get("account", is.token()).want(t, 200, "")
	is.reach(later, control.ReachOthersOnly)
	is.reach(is.scope, control.ReachRequests)
	later = is.open(control.MXID("@later4:hs.test"))
	is.get("terms", "").want(t, 200, "") // on the pooled connection
	is.reach(later, control.ReachOthersOnly)
}

func TestListenersWithADefect(t *testing.T) {
	is := start(t)
	listen := func(profile control.Profile) string {
		t.Helper()
		return must(is.scope.Listen(t.Context(), control.ListenerRequest{Profile: profile, Hold: control.Duration(50 * time.Millisecond)}))(t).IDServer
	}
	get := func(scheme, idServer string) (int, error) {
		// A client of its own: no pooled connection.
		response, err := trusting(is.Server).Get(scheme + "://" + idServer + "/_matrix/identity/v2")
		if err != nil {
			return 0, err
		}
		response.Body.Close()
		return response.StatusCode, nil
	}

	if status, err := get("https", listen(control.ProfileGood)); status != 200 {
		t.Errorf("good: %d, %v", status, err)
	}
	for _, profile := range []control.Profile{
		control.ProfileWrongCA, control.ProfileSelfSigned, control.ProfileExpired, control.ProfileNotYetValid, control.ProfileWrongName,
	} {
		if status, err := get("https", listen(profile)); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: %d, %v", profile, status, err)
		}
	}
	plain := listen(control.ProfilePlainHTTP)
	if status, err := get("https", plain); err == nil {
		t.Errorf("plain-http by https: %d", status)
	}
	if status, err := get("http", plain); status != 200 {
		t.Errorf("plain-http by http: %d, %v", status, err)
	}
	closed := listen(control.ProfileClosed)
	if _, err := get("https", closed); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("closed-port: %v", err)
	}
	for _, profile := range []control.Profile{control.ProfileHang, control.ProfileReset} {
		start := time.Now()
		_, err := get("https", listen(profile))
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("%s: %v", profile, err)
		}
		if took := time.Since(start); profile == control.ProfileHang && took < 50*time.Millisecond {
			t.Errorf("hang took %s", took)
		}
	}
	if _, err := is.scope.Listen(t.Context(), control.ListenerRequest{Profile: "upside-down"}); err == nil {
		t.Error("an unknown profile was accepted")
	}

	// All of it is the scope's, without any key.
	kinds := map[control.Handshake]int{}
	for _, entry := range must(is.scope.Journal(t.Context()))(t).Entries {
		if entry.Scope != is.scope.ID() {
			t.Errorf("entry of scope %q", entry.Scope)
		}
		if entry.Kind == control.ConnectionEntry {
			kinds[entry.Connection.Handshake]++
		}
	}
	if len(is.requests(control.Ping)) != 2 || kinds[control.HandshakeOK] != 1 || kinds[control.HandshakeRefused] != 5 ||
		kinds[control.HandshakeTLSOnHTTP] != 1 || kinds[control.HandshakeNone] != 1 || kinds[control.HandshakeHeld] != 2 {
		t.Errorf("%d pings, handshakes %v", len(is.requests(control.Ping)), kinds)
	}

	// They end with the scope; while it lasted, nobody could take the closed port.
	if _, err := net.Listen("tcp", closed); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("the closed port was free: %v", err)
	}
	pooled := must(net.Dial("tcp", plain))(t)
	defer pooled.Close()
	must(io.WriteString(pooled, "GET /_matrix/identity/v2 HTTP/1.1\r\nHost: x\r\n\r\n"))(t)
	must(pooled.Read(make([]byte, 4096)))(t)
	must(is.scope.Close(t.Context()))(t)
	if _, err := get("http", plain); err == nil {
		t.Error("an extra listener outlived its scope")
	}
	_ = pooled.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.Copy(io.Discard, pooled); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a connection outlived its listener: %v", err)
	}
	if freed, err := net.Listen("tcp", closed); err != nil {
		t.Errorf("the closed port is not released: %v", err)
	} else {
		freed.Close()
	}
}
