package mockidserver_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
)

func TestTheJournalHasARequestAsItCame(t *testing.T) {
	w := newWorld(t)
	extra := must(w.scope.Listen(t.Context(), control.ListenerRequest{Profile: control.ProfilePlainHTTP}))(t)
	conn := must(net.Dial("tcp", extra.IDServer))(t)
	defer conn.Close()
	body := "{\"mxid\":\"@alice:hs.test\",\"x\":\"\xff\"}"
	raw := "POST /_matrix/identity/v2/3pid/bind?a=%62&%63=d HTTP/1.1\r\nhost: is.test:1\r\nX-b: 2\r\nAUTHORIZATION: Basic x\r\nx-B:  1 \r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	for range 2 { // twice on one connection: what is kept starts anew
		if _, err := io.WriteString(conn, raw); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Read(make([]byte, 4096)); err != nil {
			t.Fatal(err)
		}
	}
	found := w.requests(control.Bind)
	if len(found) != 2 {
		t.Fatalf("%d requests", len(found))
	}
	for i, entry := range found {
		want := []control.Header{{Name: "host", Value: "is.test:1"}, {Name: "X-b", Value: "2"}, {Name: "AUTHORIZATION", Value: "Basic x"}, {Name: "x-B", Value: "1"}, {Name: "Content-Length", Value: fmt.Sprint(len(body))}}
		if entry.Target != "/_matrix/identity/v2/3pid/bind?a=%62&%63=d" || entry.Host != "is.test:1" || !slices.Equal(entry.Headers, want) {
			t.Errorf("%s, host %s, headers %v", entry.Target, entry.Host, entry.Headers)
		}
		if string(entry.BodyRaw()) != body || entry.Body != "" || entry.BodyBytes != len(body) {
			t.Errorf("body %q, raw %q", entry.Body, entry.BodyRaw())
		}
		if entry.Credentials.Kind != control.OtherCredentials || entry.Connection.Requests != i+1 || entry.Proto != "HTTP/1.1" {
			t.Errorf("credentials %+v, connection %+v", entry.Credentials, entry.Connection)
		}
		if entry.Status != 401 || entry.ErrCode != "M_UNAUTHORIZED" || !strings.Contains(entry.Answer, "M_UNAUTHORIZED") || !entry.Answered {
			t.Errorf("outcome %d %s %s", entry.Status, entry.ErrCode, entry.Answer)
		}
		if values := entry.Header("x-b"); !slices.Equal(values, []string{"2", "1"}) {
			t.Errorf("x-b: %v", values)
		}
	}
}

func TestTheJournalHasTLSFacts(t *testing.T) {
	w := newWorld(t)
	_, port, _ := net.SplitHostPort(w.server.IDServer())
	w.do(http.MethodGet, "https://localhost:"+port+"/_matrix/identity/v2/account", w.token(), nil).want(t, 200, "")
	c := w.last(control.Account).Connection
	if c.SNI != "localhost" || c.TLS != "TLS 1.3" || c.Cipher == "" || c.Handshake != control.HandshakeOK {
		t.Errorf("connection %+v", c)
	}
	if entry := w.last(control.Account); entry.Proto != "HTTP/1.1" { // resets need it
		t.Errorf("protocol %s", entry.Proto)
	}
	line := w.last(control.Account).String()
	if !strings.Contains(line, "GET /_matrix/identity/v2/account (bearer-header) → 200") {
		t.Errorf("as a line: %s", line)
	}
}

func TestEveryKeyFindsItsScope(t *testing.T) {
	w := newWorld(t)
	session, token := w.session(), w.token()
	secretOnly := w.open(control.ClientSecret("only-the-secret"))
	w.v1(http.MethodGet, "3pid/getValidated3pid?sid="+session.SID+"&client_secret=x", nil)
	w.v1(http.MethodGet, "3pid/getValidated3pid?sid=x&client_secret="+session.ClientSecret, nil)
	w.v2(http.MethodGet, "hash_details?access_token="+token, "", nil)
	w.do(http.MethodPost, unbindPath, "", unbindBody("@x:hs.test", "email", "ALICE@example.org"))
	w.do(http.MethodPost, unbindPath, "", unbindBody(alice, "email", "other@example.org"))
	w.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "new", "email": address, "send_attempt": 1})
	// The secret comes before address and mxid.
	w.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "only-the-secret", "email": address, "send_attempt": 1})
	w.v2(http.MethodGet, "terms", "", nil)
	if found := w.requests(""); len(found) != 6 {
		t.Errorf("%d requests: %v", len(found), found)
	}
	if found := must(secretOnly.Journal(t.Context()))(t).Requests(""); len(found) != 1 {
		t.Errorf("%d requests: %v", len(found), found)
	}
	// A session that a scope started is the scope's by its sid alone.
	created := must(secretOnly.Codes(t.Context()))(t)
	if len(created) != 1 {
		t.Fatalf("codes %+v", created)
	}
	w.v1(http.MethodGet, "3pid/getValidated3pid?client_secret=y&sid="+created[0].SID, nil)
	if found := must(secretOnly.Journal(t.Context()))(t).Requests(control.GetValidated3PID); len(found) != 1 {
		t.Errorf("%d requests by sid", len(found))
	}
	if orphans := must(w.client.Orphans(t.Context()))(t).Requests(""); len(orphans) != 1 || orphans[0].Endpoint != control.GetTerms {
		t.Errorf("orphans %v", orphans)
	}
	if found := must(w.client.Search(t.Context(), control.Address("alice@EXAMPLE.org")))(t).Entries; len(found) < 3 {
		t.Errorf("found by address: %v", found)
	}
}

func TestAwait(t *testing.T) {
	w := newWorld(t)
	token := w.token()
	go func() {
		if _, err := w.try(http.MethodGet, "/_matrix/identity/v2/account", token, nil); err != nil {
			t.Error(err)
		}
	}()
	entry := must(w.scope.Await(t.Context(), func(e control.Entry) bool { return e.Request != nil && e.Answered }))(t)
	if entry.Endpoint != control.Account {
		t.Errorf("awaited %s", entry)
	}
	ctx, cancel := contextWithTimeout(t, 50*time.Millisecond)
	defer cancel()
	if _, err := w.scope.Await(ctx, func(control.Entry) bool { return false }); err == nil || !strings.Contains(err.Error(), "no matching request") {
		t.Errorf("nothing came: %v", err)
	}
}

func TestTheJournalIsInOrderUnderParallelClients(t *testing.T) {
	const clients, rounds = 50, 20
	w := newWorld(t)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			mxid := fmt.Sprintf("@user%d:hs.test", i)
			scope, err := w.client.OpenScope(t.Context(), mxid, control.MXID(mxid))
			if err != nil {
				t.Error(err)
				return
			}
			token, err := scope.MintToken(t.Context(), mxid)
			if err != nil {
				t.Error(err)
				return
			}
			for n := range rounds {
				target := fmt.Sprintf("/_matrix/identity/v2/account?n=%d", n)
				if a, err := w.try(http.MethodGet, target, token, nil); err != nil || a.text("user_id") != mxid {
					t.Errorf("%s: %+v, %v", mxid, a, err)
					return
				}
				// Whoever has the answer finds the entry, complete.
				journal, err := scope.Journal(t.Context())
				if err != nil || len(journal.Entries) != n+1 {
					t.Errorf("%s: %d entries after %d requests, %v", mxid, len(journal.Entries), n+1, err)
					return
				}
				newest := journal.Entries[n]
				if newest.Target != target || newest.Status != 200 || !newest.Answered || n > 0 && newest.Seq <= journal.Entries[n-1].Seq {
					t.Errorf("%s: after request %d: %s", mxid, n, newest)
				}
			}
		})
	}
	group.Wait()
}
