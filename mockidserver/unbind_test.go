package mockidserver_test

import (
	"crypto/ed25519"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

const unbindPath = "/_matrix/identity/v2/3pid/unbind"

func unbindBody(mxid, medium, address string) object {
	return object{"mxid": mxid, "threepid": object{"medium": medium, "address": address}}
}

func TestUnbindBySession(t *testing.T) {
	w := newWorld(t)
	w.bound()
	session := w.session()
	with := func(sid, secret, address string) object {
		body := unbindBody(alice, "email", address)
		body["sid"], body["client_secret"] = sid, secret
		return body
	}
	unvalidated := must(w.scope.UnvalidatedSession(t.Context(), control.Email, address))(t)
	for name, body := range map[string]object{
		"no credentials":         unbindBody(alice, "email", address),
		"sid alone":              {"mxid": alice, "threepid": object{"medium": "email", "address": address}, "sid": session.SID},
		"wrong secret":           with(session.SID, "wrong", address),
		"session not validated":  with(unvalidated.SID, unvalidated.ClientSecret, address),
		"session of another one": with(session.SID, session.ClientSecret, "bob@example.org"),
	} {
		t.Run(name, func(t *testing.T) { w.v2(http.MethodPost, "3pid/unbind", "", body).want(t, 403, "M_FORBIDDEN") })
	}
	for name, body := range map[string]object{
		"no mxid":            {"threepid": object{"medium": "email", "address": address}},
		"no threepid":        {"mxid": alice},
		"threepid no object": {"mxid": alice, "threepid": "email"},
		"no address":         {"mxid": alice, "threepid": object{"medium": "email"}},
		"unknown medium":     unbindBody(alice, "phone", address),
	} {
		t.Run(name, func(t *testing.T) {
			if a := w.v2(http.MethodPost, "3pid/unbind", "", body); a.status != 400 {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	if !w.isBound() {
		t.Fatal("a refused request unbound the address")
	}
	w.v2(http.MethodPost, "3pid/unbind", "", with(session.SID, session.ClientSecret, "Alice@Example.org")).want(t, 200, "")
	if w.isBound() || !w.last(control.Unbind).Has(control.EffectUnbound) {
		t.Error("the address is still bound")
	}
	// A second time there is nothing to do, and nothing wrong.
	w.v2(http.MethodPost, "3pid/unbind", "", with(session.SID, session.ClientSecret, address)).want(t, 200, "")
	if !w.last(control.Unbind).Has(control.EffectNothingToUnbind) {
		t.Error("the journal does not tell that nothing was bound")
	}
}

func TestUnbindBySignature(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	w := newWorld(t, hs.asOption())
	body := unbindBody(alice, "email", address)
	raw := must(json.Marshal(body))(t)
	host, _, _ := strings.Cut(w.server.IDServer(), ":")

	for _, c := range []struct {
		dialect     control.Dialect
		destination string
	}{
		{control.DialectDestination, w.server.IDServer()},
		{control.DialectDestinationIs, w.server.IDServer()},
		{control.DialectDestination, w.server.IDServers()[0]}, // localhost
		{control.DialectDestination, host},                    // without port
		{control.DialectDestinationIs, w.server.IDServer() + "/x"},
		{control.DialectOmitted, ""},
	} {
		w.bound()
		header := hs.sign(t, c.dialect, c.destination, unbindPath, raw)
		w.v2(http.MethodPost, "3pid/unbind", header, body).want(t, 200, "")
		entry := w.last(control.Unbind)
		s := entry.Signature
		if !s.Verified || s.Dialect != c.dialect || s.Origin != "hs.test" || s.Destination != c.destination || !s.ControlsMXID || s.KeyID != hs.keyID {
			t.Errorf("%s to %s: %+v", c.dialect, c.destination, s)
		}
		if want := must(signing.Request{Method: "POST", URI: unbindPath, Origin: "hs.test", Content: raw}.Object(c.dialect, c.destination))(t); s.Signed != string(want) {
			t.Errorf("%s: signed %s", c.dialect, s.Signed)
		}
		if entry.Credentials.Kind != control.XMatrix || entry.Credentials.Token != "" || w.isBound() {
			t.Errorf("%s: %+v, bound %v", c.dialect, entry.Credentials, w.isBound())
		}
	}
	if hs.calls != 1 {
		t.Errorf("the keys were fetched %d times", hs.calls)
	}
	first := w.requests(control.Unbind)[0]
	if len(first.Outbound) != 1 || first.Signature.KeySource != hs.URL+"/_matrix/key/v2/server" {
		t.Errorf("first: %+v from %s", first.Outbound, first.Signature.KeySource)
	}
}

func TestUnbindWithABadSignature(t *testing.T) {
	hs, other := newHomeserver(t, "hs.test"), newHomeserver(t, "other.test")
	w := newWorld(t, hs.asOption(), other.asOption())
	w.bound()
	body := unbindBody(alice, "email", address)
	raw := must(json.Marshal(body))(t)
	is := w.server.IDServer()
	good := hs.sign(t, control.DialectDestination, is, unbindPath, raw)
	for _, c := range []struct {
		name, header string
		body         object
		status       int
		errcode      string
		reason       string
	}{
		{"tampered body", good, unbindBody(alice, "email", "bob@example.org"), 401, "M_UNAUTHORIZED", "does not match"},
		{"tampered mxid", good, unbindBody("@bob:hs.test", "email", address), 401, "M_UNAUTHORIZED", "does not match"},
		{"another path was signed", hs.sign(t, control.DialectDestination, is, "https://"+is+unbindPath, raw), body, 401, "M_UNAUTHORIZED", "does not match"},
		{"no content was signed", hs.sign(t, control.DialectDestination, is, unbindPath, nil), body, 401, "M_UNAUTHORIZED", "does not match"},
		{"for another server", hs.sign(t, control.DialectDestination, "elsewhere:443", unbindPath, raw), body, 401, "M_UNAUTHORIZED", "is not this server"},
		{"by another server", other.sign(t, control.DialectDestination, is, unbindPath, raw), body, 403, "M_FORBIDDEN", ""},
		{"unknown key", strings.Replace(good, hs.keyID, "ed25519:other", 1), body, 500, "M_UNKNOWN", "publishes no key"},
		{"unknown server", strings.Replace(good, "hs.test", "unknown.test", 1), body, 500, "M_UNKNOWN", "nobody has told"},
		{"malformed", `X-Matrix origin="hs.test"`, body, 401, "M_UNAUTHORIZED", "has no key"},
		{"signature no base64", `X-Matrix origin=hs.test,key="` + hs.keyID + `",sig="!!"`, body, 401, "M_UNAUTHORIZED", "not base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.v2(http.MethodPost, "3pid/unbind", c.header, c.body).want(t, c.status, c.errcode)
			s := w.last(control.Unbind).Signature
			// A signature without fault is one of a homeserver that has no say here.
			if !strings.Contains(s.Reason, c.reason) || s.Verified != (c.reason == "") || s.Verified && s.ControlsMXID {
				t.Errorf("signature %+v", s)
			}
		})
	}
	if !w.isBound() {
		t.Error("a refused request unbound the address")
	}
	w.v2(http.MethodPost, "3pid/unbind", good, body).want(t, 200, "")
}

func TestOneOfSeveralSignaturesIsEnough(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	w := newWorld(t, hs.asOption())
	raw := must(json.Marshal(unbindBody(alice, "email", address)))(t)
	good := hs.sign(t, control.DialectDestination, w.server.IDServer(), unbindPath, raw)
	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.server.BaseURL()+unbindPath, strings.NewReader(string(raw))))(t)
	request.Header["Authorization"] = []string{strings.Replace(good, `key="ed25519:a_1"`, `key="ed25519:old"`, 1), good}
	response := must(w.http.Do(request))(t)
	response.Body.Close()
	if entry := w.last(control.Unbind); response.StatusCode != 200 || !entry.Signature.Verified || len(entry.Header("authorization")) != 2 {
		t.Errorf("%d: %+v", response.StatusCode, entry.Signature)
	}
}

func TestAHomeserverSetUpAnewUnderTheSameKeyID(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	w := newWorld(t, hs.asOption())
	body := unbindBody(alice, "email", address)
	raw := must(json.Marshal(body))(t)
	unbind := func() answer {
		return w.v2(http.MethodPost, "3pid/unbind", hs.sign(t, control.DialectDestination, w.server.IDServer(), unbindPath, raw), body)
	}
	unbind().want(t, 200, "")
	_, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	hs.mu.Lock()
	hs.key = key
	hs.mu.Unlock()
	unbind().want(t, 200, "")

	// Two homeservers of one name, as the variants of a target are.
	twin := newHomeserver(t, "hs.test")
	if err := w.client.AddHomeserver(t.Context(), control.Homeserver{ServerName: "hs.test", URL: twin.URL}); err != nil {
		t.Fatal(err)
	}
	unbind().want(t, 200, "")
	if twin.calls != 0 {
		t.Error("keys were fetched though a known one verifies")
	}
	w.v2(http.MethodPost, "3pid/unbind", twin.sign(t, control.DialectDestination, w.server.IDServer(), unbindPath, raw), body).want(t, 200, "")
	// Each time that no known key verified, all that are published were fetched.
	if hs.calls != 3 || twin.calls != 1 {
		t.Errorf("keys were fetched %d and %d times", hs.calls, twin.calls)
	}
}

func TestPinnedKeysNeedNoHomeserver(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	pin := control.Homeserver{ServerName: "hs.test", Keys: map[string]string{hs.keyID: signing.Encode(hs.key.Public().(ed25519.PublicKey))}}
	w := newWorld(t, mockidserver.WithHomeserver(pin))
	body := unbindBody(alice, "email", address)
	raw := must(json.Marshal(body))(t)
	w.v2(http.MethodPost, "3pid/unbind", hs.sign(t, control.DialectDestinationIs, w.server.IDServer(), unbindPath, raw), body).want(t, 200, "")
	if s := w.last(control.Unbind).Signature; s.KeySource != "pinned" || hs.calls != 0 {
		t.Errorf("%+v, %d calls", s, hs.calls)
	}
}

func TestKeysThatCannotBeTrusted(t *testing.T) {
	for name, broken := range map[string]func(http.ResponseWriter) bool{
		"404":  func(rw http.ResponseWriter) bool { rw.WriteHeader(404); return true },
		"HTML": func(rw http.ResponseWriter) bool { _, _ = rw.Write([]byte("<html>")); return true },
		"unsigned": func(rw http.ResponseWriter) bool {
			_, _ = rw.Write([]byte(`{"server_name":"hs.test","valid_until_ts":99999999999999,"verify_keys":{"ed25519:a_1":{"key":"BOOXdz6UCbZdEoZ8QDt5f0amn6CS56C7eh7JMBDSuSY"}}}`))
			return true
		},
		"nothing": func(rw http.ResponseWriter) bool { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			hs := newHomeserver(t, "hs.test")
			hs.broken = broken
			w := newWorld(t, hs.asOption())
			w.bound()
			body := unbindBody(alice, "email", address)
			raw := must(json.Marshal(body))(t)
			w.v2(http.MethodPost, "3pid/unbind", hs.sign(t, control.DialectDestination, w.server.IDServer(), unbindPath, raw), body).want(t, 500, "M_UNKNOWN")
			if entry := w.last(control.Unbind); entry.Signature.KeySource != "none" || entry.Signature.Reason == "" || len(entry.Outbound) != 1 || !w.isBound() {
				t.Errorf("%+v, %+v", entry.Signature, entry.Outbound)
			}
		})
	}
}

// Synapse's and Sydent's recipe, made with Python's signedjson, end to end.
func TestSynapseVectorEndToEnd(t *testing.T) {
	pin := control.Homeserver{ServerName: "hs.test", Keys: map[string]string{"ed25519:a_test": "BOOXdz6UCbZdEoZ8QDt5f0amn6CS56C7eh7JMBDSuSY"}}
	server, err := mockidserver.Start(t.Context(), mockidserver.WithPort(8443), mockidserver.WithHomeserver(pin))
	if err != nil {
		t.Skip("the vector is about port 8443, which is taken here: ", err)
	}
	defer server.Close()
	w := &world{t: t, server: server, client: server.Control(), http: trusting(server)}
	w.scope = w.open(control.MXID(alice))
	header := `X-Matrix origin="hs.test",key="ed25519:a_test",sig="n0dfsKtEUDncedYbpx/UbHiEtwbU+ywVlb2N7nb3Apw6TvgEww2fEnNsrNJjCV7d5cx9AiB5qiazlrswLgXHAA",destination="127.0.0.1:8443"`
	w.v2(http.MethodPost, "3pid/unbind", header, unbindBody(alice, "email", "alice@example.com")).want(t, 200, "")
	if s := w.last(control.Unbind).Signature; s.Dialect != control.DialectDestinationIs {
		t.Errorf("%+v", s)
	}
}

func TestManyUnbindsAtOnce(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	w := newWorld(t, hs.asOption())
	body := unbindBody(alice, "email", address)
	raw := must(json.Marshal(body))(t)
	header := hs.sign(t, control.DialectDestination, w.server.IDServer(), unbindPath, raw)
	statuses := make(chan int, 50)
	for range cap(statuses) {
		go func() {
			a, err := w.try(http.MethodPost, unbindPath, header, body)
			if err != nil {
				a.status = -1
			}
			statuses <- a.status
		}()
	}
	deadline := time.After(20 * time.Second)
	for range cap(statuses) {
		select {
		case status := <-statuses:
			if status != 200 {
				t.Errorf("status %d", status)
			}
		case <-deadline:
			t.Fatal("no answer")
		}
	}
}
