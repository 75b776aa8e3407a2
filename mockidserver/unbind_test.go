package mockidserver_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

const unbindPath = pathV2 + "3pid/unbind"

func unbindBody(mxid, medium, address string) object {
	return object{"mxid": mxid, "threepid": object{"medium": medium, "address": address}}
}

// aliceUnbinds is what a homeserver signs, and its bytes.
func aliceUnbinds(t *testing.T) (object, []byte) {
	body := unbindBody(alice, "email", address)
	return body, must(json.Marshal(body))(t)
}

func TestUnbindBySession(t *testing.T) {
	is := start(t)
	is.bindAddress()
	session := is.session()
	with := func(sid, secret, address string) object {
		body := unbindBody(alice, "email", address)
		body["sid"], body["client_secret"] = sid, secret
		return body
	}
	unvalidated := must(is.scope.UnvalidatedSession(t.Context(), control.Email, address))(t)
	sidAlone := unbindBody(alice, "email", address)
	sidAlone["sid"] = session.SID
	is.refuses("", []refusal{
		{"no credentials", "3pid/unbind", unbindBody(alice, "email", address), 403, "M_FORBIDDEN"},
		{"sid alone", "3pid/unbind", sidAlone, 403, "M_FORBIDDEN"},
		{"wrong secret", "3pid/unbind", with(session.SID, "wrong", address), 403, "M_FORBIDDEN"},
		{"session not validated", "3pid/unbind", with(unvalidated.SID, unvalidated.ClientSecret, address), 403, "M_FORBIDDEN"},
		{"session of another one", "3pid/unbind", with(session.SID, session.ClientSecret, "bob@example.org"), 403, "M_FORBIDDEN"},
		{"no mxid", "3pid/unbind", object{"threepid": object{"medium": "email", "address": address}}, 400, "M_MISSING_PARAMS"},
		{"no threepid", "3pid/unbind", object{"mxid": alice}, 400, "M_MISSING_PARAMS"},
		{"threepid no object", "3pid/unbind", object{"mxid": alice, "threepid": "email"}, 400, "M_INVALID_PARAM"},
		{"no address", "3pid/unbind", object{"mxid": alice, "threepid": object{"medium": "email"}}, 400, "M_MISSING_PARAMS"},
		{"unknown medium", "3pid/unbind", unbindBody(alice, "phone", address), 400, "M_INVALID_PARAM"},
	})
	if !is.isBound() {
		t.Fatal("a refused request unbound the address")
	}
	is.post("3pid/unbind", "", with(session.SID, session.ClientSecret, "Alice@Example.org")).want(t, 200, "")
	if is.isBound() || !is.last(control.Unbind).Has(control.EffectUnbound) {
		t.Error("the address is still bound")
	}
	// A second time there is nothing to do, and nothing wrong.
	is.post("3pid/unbind", "", with(session.SID, session.ClientSecret, address)).want(t, 200, "")
	if !is.last(control.Unbind).Has(control.EffectNothingToUnbind) {
		t.Error("the journal does not tell that nothing was bound")
	}
}

func TestUnbindBySignature(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	is := start(t, hs)
	body, raw := aliceUnbinds(t)
	host, _, _ := strings.Cut(is.IDServer(), ":")
	for _, c := range []struct {
		dialect     control.Dialect
		destination string
	}{
		{control.DialectDestination, is.IDServer()},
		{control.DialectDestinationIs, is.IDServer()},
		{control.DialectDestination, is.IDServers()[0]}, // localhost
		{control.DialectDestination, host},              // without port
		{control.DialectDestinationIs, is.IDServer() + "/x"},
		{control.DialectOmitted, ""},
	} {
		is.bindAddress()
		is.post("3pid/unbind", hs.sign(t, c.dialect, c.destination, unbindPath, raw), body).want(t, 200, "")
		entry := is.last(control.Unbind)
		s := entry.Signature
		if !s.Verified || s.Dialect != c.dialect || s.Origin != "hs.test" || s.Destination != c.destination || !s.ControlsMXID || s.KeyID != hs.keyID {
			t.Errorf("%s to %s: %+v", c.dialect, c.destination, s)
		}
		if want := must(signing.Request{Method: "POST", URI: unbindPath, Origin: "hs.test", Content: raw}.Object(c.dialect, c.destination))(t); s.Signed != string(want) {
			t.Errorf("%s: signed %s", c.dialect, s.Signed)
		}
		if entry.Credentials.Kind != control.XMatrix || entry.Credentials.Token != "" || is.isBound() {
			t.Errorf("%s: %+v, bound %v", c.dialect, entry.Credentials, is.isBound())
		}
	}
	first := is.requests(control.Unbind)[0]
	if hs.calls != 1 || len(first.Outbound) != 1 || first.Signature.KeySource != hs.URL+"/_matrix/key/v2/server" {
		t.Errorf("%d calls; first: %+v from %s", hs.calls, first.Outbound, first.Signature.KeySource)
	}

	// One of several signatures is enough.
	good := hs.sign(t, control.DialectDestination, is.IDServer(), unbindPath, raw)
	request := must(http.NewRequestWithContext(t.Context(), http.MethodPost, is.BaseURL()+unbindPath, strings.NewReader(string(raw))))(t)
	request.Header["Authorization"] = []string{strings.Replace(good, `key="ed25519:a_1"`, `key="ed25519:old"`, 1), good}
	answered := must(is.http.Do(request))(t)
	answered.Body.Close()
	if entry := is.last(control.Unbind); answered.StatusCode != 200 || !entry.Signature.Verified || len(entry.Header("authorization")) != 2 {
		t.Errorf("%d: %+v", answered.StatusCode, entry.Signature)
	}

	// Many at once, while the homeserver waits for us, too.
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			if r, err := is.try(http.MethodPost, unbindPath, good, body); err != nil || r.status != 200 {
				t.Errorf("%d, %v", r.status, err)
			}
		})
	}
	group.Wait()
}

func TestUnbindWithABadSignature(t *testing.T) {
	hs, other := newHomeserver(t, "hs.test"), newHomeserver(t, "other.test")
	is := start(t, hs, other)
	is.bindAddress()
	body, raw := aliceUnbinds(t)
	sign := func(by *homeserver, destination, uri string, body []byte) string {
		return by.sign(t, control.DialectDestination, destination, uri, body)
	}
	good := sign(hs, is.IDServer(), unbindPath, raw)
	for _, c := range []struct {
		name, header string
		body         object
		status       int
		errcode      string
		reason       string
	}{
		{"tampered body", good, unbindBody(alice, "email", "bob@example.org"), 401, "M_UNAUTHORIZED", "does not match"},
		{"another path was signed", sign(hs, is.IDServer(), is.BaseURL()+unbindPath, raw), body, 401, "M_UNAUTHORIZED", "does not match"},
		{"no content was signed", sign(hs, is.IDServer(), unbindPath, nil), body, 401, "M_UNAUTHORIZED", "does not match"},
		{"for another server", sign(hs, "elsewhere:443", unbindPath, raw), body, 401, "M_UNAUTHORIZED", "is not this server"},
		{"by another server", sign(other, is.IDServer(), unbindPath, raw), body, 403, "M_FORBIDDEN", ""},
		{"unknown key", strings.Replace(good, hs.keyID, "ed25519:other", 1), body, 500, "M_UNKNOWN", "publishes no key"},
		{"unknown server", strings.Replace(good, "hs.test", "unknown.test", 1), body, 500, "M_UNKNOWN", "nobody has told"},
		{"malformed", `X-Matrix origin="hs.test"`, body, 401, "M_UNAUTHORIZED", "has no key"},
		{"signature no base64", `X-Matrix origin=hs.test,key="` + hs.keyID + `",sig="!!"`, body, 401, "M_UNAUTHORIZED", "not base64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			is.post("3pid/unbind", c.header, c.body).want(t, c.status, c.errcode)
			s := is.last(control.Unbind).Signature
			// A signature without fault is one of a homeserver that has no say here.
			if !strings.Contains(s.Reason, c.reason) || s.Verified != (c.reason == "") || s.Verified && s.ControlsMXID {
				t.Errorf("signature %+v", s)
			}
		})
	}
	if !is.isBound() {
		t.Error("a refused request unbound the address")
	}
	is.post("3pid/unbind", good, body).want(t, 200, "")
}

func TestHomeserversThatShareANameOrAKeyID(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	is := start(t, hs)
	body, raw := aliceUnbinds(t)
	unbind := func(by *homeserver) {
		t.Helper()
		is.post("3pid/unbind", by.sign(t, control.DialectDestination, is.IDServer(), unbindPath, raw), body).want(t, 200, "")
	}
	unbind(hs)
	hs.mu.Lock()
	hs.key = newKey(t) // set up anew
	hs.mu.Unlock()
	unbind(hs)

	// Two homeservers of one name, as the variants of a target are.
	twin := newHomeserver(t, "hs.test")
	if err := is.client.AddHomeserver(t.Context(), control.Homeserver{ServerName: "hs.test", URL: twin.URL}); err != nil {
		t.Fatal(err)
	}
	unbind(hs)
	if twin.calls != 0 {
		t.Error("keys were fetched though a known one verifies")
	}
	unbind(twin)
	// Each time that no known key verified, all that are published were fetched.
	if hs.calls != 3 || twin.calls != 1 {
		t.Errorf("keys were fetched %d and %d times", hs.calls, twin.calls)
	}
}

func TestWhereKeysComeFrom(t *testing.T) {
	write := func(text string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) { _, _ = w.Write([]byte(text)) }
	}
	unsigned := `{"server_name":"hs.test","valid_until_ts":99999999999999,"verify_keys":{"ed25519:a_1":{"key":"BOOXdz6UCbZdEoZ8QDt5f0amn6CS56C7eh7JMBDSuSY"}}}`
	for name, broken := range map[string]func(http.ResponseWriter){
		"pinned":   nil,
		"404":      func(w http.ResponseWriter) { w.WriteHeader(404) },
		"HTML":     write("<html>"),
		"unsigned": write(unsigned),
		"nothing":  func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			hs := newHomeserver(t, "hs.test")
			hs.broken = broken
			known := control.Homeserver{ServerName: "hs.test", URL: hs.URL}
			if name == "pinned" {
				known = control.Homeserver{ServerName: "hs.test", Keys: map[string]string{hs.keyID: hs.publicKey()}}
			}
			is := startWith(t, mockidserver.Config{Homeservers: []control.Homeserver{known}})
			is.bindAddress()
			body, raw := aliceUnbinds(t)
			r := is.post("3pid/unbind", hs.sign(t, control.DialectDestinationIs, is.IDServer(), unbindPath, raw), body)
			entry := is.last(control.Unbind)
			if name == "pinned" {
				if r.status != 200 || entry.Signature.KeySource != "pinned" || hs.calls != 0 {
					t.Errorf("%d, %+v, %d calls", r.status, entry.Signature, hs.calls)
				}
				return
			}
			r.want(t, 500, "M_UNKNOWN")
			if entry.Signature.KeySource != "none" || entry.Signature.Reason == "" || len(entry.Outbound) != 1 || !is.isBound() {
				t.Errorf("%+v, %+v", entry.Signature, entry.Outbound)
			}
		})
	}
}
