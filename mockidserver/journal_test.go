package mockidserver_test

import (
	"context"
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
	is := start(t)
	extra := must(is.scope.Listen(t.Context(), control.ListenerRequest{Profile: control.ProfilePlainHTTP}))(t)
	conn := must(net.Dial("tcp", extra.IDServer))(t)
	defer conn.Close()
	body := "{\"mxid\":\"@alice:hs.test\",\"x\":\"\xff\"}"
	raw := "POST /_matrix/identity/v2/3pid/bind?a=%62&%63=d HTTP/1.1\r\nhost: is.test:1\r\nX-b: 2\r\nAUTHORIZATION: Basic x\r\nx-B:  1 \r\n" +
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
	for range 2 { // twice on one connection: what is kept starts anew
		must(io.WriteString(conn, raw))(t)
		must(conn.Read(make([]byte, 4096)))(t)
	}
	found := is.requests(control.Bind)
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
	is := start(t)
	_, port, _ := net.SplitHostPort(is.IDServer())
	is.do(http.MethodGet, "https://localhost:"+port+"/_matrix/identity/v2/account", is.token(), nil).want(t, 200, "")
	c := is.last(control.Account).Connection
	if c.SNI != "localhost" || c.TLS != "TLS 1.3" || c.Cipher == "" || c.Handshake != control.HandshakeOK {
		t.Errorf("connection %+v", c)
	}
	if entry := is.last(control.Account); entry.Proto != "HTTP/1.1" { // resets need it
		t.Errorf("protocol %s", entry.Proto)
	}
	line := is.last(control.Account).String()
	if !strings.Contains(line, "GET /_matrix/identity/v2/account (bearer-header) → 200") {
		t.Errorf("as a line: %s", line)
	}
}

func TestEveryKeyFindsItsScope(t *testing.T) {
	is := start(t)
	session, token := is.session(), is.token()
	secretOnly := is.open(control.ClientSecret("only-the-secret"))
	is.v1(http.MethodGet, "3pid/getValidated3pid?sid="+session.SID+"&client_secret=x", nil)
	is.v1(http.MethodGet, "3pid/getValidated3pid?sid=x&client_secret="+session.ClientSecret, nil)
	is.get("hash_details?access_token="+token, "")
	is.do(http.MethodPost, unbindPath, "", unbindBody("@x:hs.test", "email", "ALICE@example.org"))
	is.do(http.MethodPost, unbindPath, "", unbindBody(alice, "email", "other@example.org"))
	is.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "new", "email": address, "send_attempt": 1})
	// The secret comes before address and mxid.
	is.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "only-the-secret", "email": address, "send_attempt": 1})
	is.get("terms", "")
	if found := is.requests(""); len(found) != 6 {
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
	is.v1(http.MethodGet, "3pid/getValidated3pid?client_secret=y&sid="+created[0].SID, nil)
	if found := must(secretOnly.Journal(t.Context()))(t).Requests(control.GetValidated3PID); len(found) != 1 {
		t.Errorf("%d requests by sid", len(found))
	}
	if orphans := must(is.client.Orphans(t.Context()))(t).Requests(""); len(orphans) != 1 || orphans[0].Endpoint != control.GetTerms {
		t.Errorf("orphans %v", orphans)
	}
	if found := must(is.client.Search(t.Context(), control.Address("alice@EXAMPLE.org")))(t).Entries; len(found) < 3 {
		t.Errorf("found by address: %v", found)
	}
}

func TestAwait(t *testing.T) {
	is := start(t)
	token := is.token()
	go func() {
		if _, err := is.try(http.MethodGet, "/_matrix/identity/v2/account", token, nil); err != nil {
			t.Error(err)
		}
	}()
	entry := must(is.scope.Await(t.Context(), func(e control.Entry) bool { return e.Request != nil && e.Answered }))(t)
	if entry.Endpoint != control.Account {
		t.Errorf("awaited %s", entry)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := is.scope.Await(ctx, func(control.Entry) bool { return false }); err == nil || !strings.Contains(err.Error(), "no matching request") {
		t.Errorf("nothing came: %v", err)
	}
}

// Fifty users at once, each with a scope of its own.
func TestManyClientsAtOnce(t *testing.T) {
	const clients, rounds = 50, 5
	is := start(t)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() { is.bindRepeatedly(fmt.Sprint("load", i), rounds) })
	}
	group.Wait()
}

// bindRepeatedly validates and binds an address of a user, and reads the journal.
func (is *identityServer) bindRepeatedly(user string, rounds int) {
	mxid, email := "@"+user+":hs.test", user+"@example.org"
	ctx := is.t.Context()
	scope, err := is.client.OpenScope(ctx, mxid, control.MXID(mxid), control.Address(email))
	if err != nil {
		is.t.Error(err)
		return
	}
	token, err := scope.MintToken(ctx, mxid)
	if err != nil {
		is.t.Error(err)
		return
	}
	count, last := 0, int64(0)
	request := func(method string, endpoint control.Endpoint, body any) response {
		r, err := is.try(method, pathV2+string(endpoint), token, body)
		if err != nil || r.status != 200 {
			is.t.Errorf("%s: %d %s, %v", endpoint, r.status, r.body, err)
			return r
		}
		// Whoever has the response finds the entry, complete and in order.
		count++
		journal, err := scope.Journal(ctx)
		if err != nil || len(journal.Entries) != count {
			is.t.Errorf("%s: %d entries after %d requests, %v", user, len(journal.Entries), count, err)
			return r
		}
		if newest := journal.Entries[count-1]; newest.Endpoint != endpoint || newest.Status != 200 || !newest.Answered || newest.Seq <= last {
			is.t.Errorf("%s: %s after #%d", user, newest, last)
		} else {
			last = newest.Seq
		}
		return r
	}
	for n := range rounds {
		secret := fmt.Sprint(user, "-", n)
		sid := request(http.MethodPost, control.EmailRequestToken, object{"client_secret": secret, "email": email, "send_attempt": 1}).text("sid")
		codes, err := is.client.Codes(ctx, control.SID(sid))
		if err != nil || len(codes) != 1 {
			is.t.Errorf("%s: codes %v, %v", user, codes, err)
			return
		}
		request(http.MethodPost, control.EmailSubmitToken, object{"sid": sid, "client_secret": secret, "token": codes[0].Token})
		request(http.MethodPost, control.Bind, object{"sid": sid, "client_secret": secret, "mxid": mxid})
		request(http.MethodGet, control.HashDetails, nil)
	}
	if _, err := scope.Close(ctx); err != nil {
		is.t.Error(err)
	}
}
