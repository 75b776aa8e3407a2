package mockidserver_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

func bindBody(s control.Session, mxid string) object {
	return object{"sid": s.SID, "client_secret": s.ClientSecret, "mxid": mxid}
}

func TestBindIsSignedUnderTheNameInUse(t *testing.T) {
	w := newWorld(t)
	for _, name := range w.server.IDServers() {
		session := w.session()
		signed := w.do(http.MethodPost, "https://"+name+"/_matrix/identity/v2/3pid/bind", w.token(), bindBody(session, alice)).want(t, 200, "")
		if err := signing.VerifyJSON([]byte(signed.body), name, "ed25519:0", w.server.PublicKey()); err != nil {
			t.Errorf("as %s: %v: %s", name, err, signed.body)
		}
		now := float64(time.Now().UnixMilli())
		if signed.text("medium") != "email" || signed.text("address") != address || signed.text("mxid") != alice || len(signed.object) != 7 ||
			signed.object["ts"].(float64) > now || signed.object["not_before"].(float64) > now || signed.object["not_after"].(float64) < now+1e12 {
			t.Errorf("answer %s", signed.body)
		}
	}
	published := w.v2(http.MethodGet, "pubkey/ed25519:0", "", nil).want(t, 200, "").text("public_key")
	if published != signing.Encode(w.server.PublicKey()) {
		t.Errorf("published key %s", published)
	}
	entry := w.last(control.Bind)
	if !entry.Has(control.EffectBound) || entry.Credentials.Kind != control.BearerHeader || entry.Keys.SID == "" || entry.Keys.MXID != alice {
		t.Errorf("journal: %+v", entry.Request)
	}
}

func TestBindRefuses(t *testing.T) {
	w := newWorld(t)
	token, session := w.token(), w.session()
	unvalidated := must(w.scope.UnvalidatedSession(t.Context(), control.Email, address))(t)
	expired := w.session()
	if err := w.client.ExpireSession(t.Context(), expired.SID); err != nil {
		t.Fatal(err)
	}
	sms := must(w.client.CreateSession(t.Context(), control.SessionRequest{Service: control.ServiceSMS, Medium: control.MSISDN, Address: "+447700900001"}))(t)
	for _, c := range []struct {
		name    string
		body    object
		status  int
		errcode string
	}{
		{"unvalidated", bindBody(unvalidated, alice), 400, "M_SESSION_NOT_VALIDATED"},
		{"expired", bindBody(expired, alice), 400, "M_SESSION_EXPIRED"},
		{"unknown sid", object{"sid": "x", "client_secret": session.ClientSecret, "mxid": alice}, 404, "M_NO_VALID_SESSION"},
		{"wrong secret", object{"sid": session.SID, "client_secret": "x", "mxid": alice}, 404, "M_NO_VALID_SESSION"},
		{"session of the SMS delegate", bindBody(sms, alice), 404, "M_NO_VALID_SESSION"},
		{"another user", bindBody(session, "@bob:hs.test"), 403, "M_UNAUTHORIZED"},
		{"no user", bindBody(session, "alice"), 400, "M_INVALID_PARAM"},
		{"missing mxid", object{"sid": session.SID, "client_secret": session.ClientSecret}, 400, "M_MISSING_PARAMS"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.v2(http.MethodPost, "3pid/bind", token, c.body).want(t, c.status, c.errcode)
		})
	}
	if w.isBound() {
		t.Error("a refused request bound the address")
	}
	w.v2(http.MethodPost, "3pid/bind", token, bindBody(session, alice)).want(t, 200, "")
}

func TestBindReplaces(t *testing.T) {
	w := newWorld(t)
	if err := w.scope.Bind(t.Context(), control.Email, address, "@old:hs.test"); err != nil {
		t.Fatal(err)
	}
	w.v2(http.MethodPost, "3pid/bind", w.token(), bindBody(w.session(), alice)).want(t, 200, "")
	if entry := w.last(control.Bind); !entry.Has(control.EffectReplaced) {
		t.Errorf("journal: %+v", entry.Effects)
	}
	bindings := must(w.client.Bindings(t.Context(), control.MXID(alice)))(t)
	if len(bindings) != 1 || bindings[0].Address != address {
		t.Errorf("bindings: %+v", bindings)
	}
	if err := w.client.Unbind(t.Context(), control.Email, "Alice@Example.ORG"); err != nil || w.isBound() {
		t.Errorf("unbound by control: %v, bound %v", err, w.isBound())
	}
}

func TestLookup(t *testing.T) {
	w := newWorld(t)
	w.bound()
	token := w.token()
	details := w.v2(http.MethodGet, "hash_details", token, nil).want(t, 200, "")
	pepper := details.text("lookup_pepper")
	if algorithms := details.object["algorithms"].([]any); !slices.Contains(algorithms, any("sha256")) {
		t.Errorf("algorithms %v", algorithms)
	}
	hash := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		return base64.RawURLEncoding.EncodeToString(sum[:])
	}
	if got := hash("alice@example.com email matrixrocks"); got != "4kenr7N9drpCJ4AfalmlGQVsOn3o2RHjkADUpXJWZUc" {
		t.Fatalf("the test hashes wrongly: %s", got)
	}
	known, unknown := hash(address+" email "+pepper), hash("bob@example.org email "+pepper)
	found := w.v2(http.MethodPost, "lookup", token, object{"algorithm": "sha256", "pepper": pepper, "addresses": []string{known, unknown}}).want(t, 200, "")
	if mappings := found.object["mappings"].(object); len(mappings) != 1 || mappings[known] != alice {
		t.Errorf("sha256: %s", found.body)
	}
	found = w.v2(http.MethodPost, "lookup", token, object{"algorithm": "none", "pepper": pepper, "addresses": []string{address + " email", strings.ToUpper(address) + " email", address + " msisdn", "x"}}).want(t, 200, "")
	if mappings := found.object["mappings"].(object); len(mappings) != 1 || mappings[address+" email"] != alice {
		t.Errorf("none: %s", found.body)
	}
	other := w.v2(http.MethodGet, "hash_details", w.token(), nil).text("lookup_pepper")
	w.v2(http.MethodPost, "lookup", token, object{"algorithm": "sha256", "pepper": other, "addresses": []string{}}).want(t, 400, "M_INVALID_PEPPER")
	w.v2(http.MethodPost, "lookup", token, object{"algorithm": "md5", "pepper": pepper, "addresses": []string{}}).want(t, 400, "M_INVALID_PARAM")
	w.v2(http.MethodPost, "lookup", token, object{"algorithm": "none", "pepper": pepper, "addresses": []int{1}}).want(t, 400, "M_INVALID_PARAM")
	w.v2(http.MethodPost, "lookup", token, object{"algorithm": "none", "pepper": pepper}).want(t, 400, "M_MISSING_PARAMS")
}

func TestLookupV1(t *testing.T) {
	w := newWorld(t)
	w.bound()
	signed := w.v1(http.MethodGet, "lookup?medium=email&address=Alice@example.org", nil).want(t, 200, "")
	if err := signing.VerifyJSON([]byte(signed.body), w.server.IDServer(), "ed25519:0", w.server.PublicKey()); err != nil || len(signed.object) != 7 {
		t.Errorf("%v: %s", err, signed.body)
	}
	if miss := w.v1(http.MethodGet, "lookup?medium=email&address=bob@example.org", nil).want(t, 200, ""); miss.body != "{}" {
		t.Errorf("a miss: %s", miss.body)
	}
	bulk := w.v1(http.MethodPost, "bulk_lookup", object{"threepids": [][]string{{"email", address}, {"email", "bob@example.org"}}}).want(t, 200, "")
	if len(bulk.object["threepids"].([]any)) != 1 {
		t.Errorf("bulk: %s", bulk.body)
	}
	w.v1(http.MethodPost, "bulk_lookup", object{"threepids": [][]string{{"email"}}}).want(t, 400, "M_INVALID_PARAM")
}

func TestInvitations(t *testing.T) {
	w := newWorld(t)
	invite := object{"medium": "email", "address": "Carol@example.org", "room_id": "!r:hs.test", "sender": alice, "room_name": "Room", "extra": 1}
	stored := w.v2(http.MethodPost, "store-invite", w.token(), invite).want(t, 200, "")
	keys := stored.object["public_keys"].([]any)
	if len(keys) != 2 || strings.Contains(stored.text("display_name"), "carol@") || stored.text("display_name") == "" || stored.object["public_key"] != nil {
		t.Fatalf("answer %s", stored.body)
	}
	valid := func(index int, key string) any {
		t.Helper()
		validity := keys[index].(object)["key_validity_url"].(string)
		return w.do(http.MethodGet, validity+"?public_key="+strings.ReplaceAll(key, "+", "%2B"), "", nil).want(t, 200, "").object["valid"]
	}
	longTerm, ephemeral := keys[0].(object)["public_key"].(string), keys[1].(object)["public_key"].(string)
	if valid(0, longTerm) != true || valid(1, ephemeral) != true || valid(0, ephemeral) != false || valid(1, longTerm) != false || valid(0, "x") != false {
		t.Error("the validity of keys is wrong")
	}
	if valid(0, strings.NewReplacer("+", "-", "/", "_").Replace(longTerm)) != true {
		t.Error("a long-term key in the URL-safe alphabet is unknown")
	}

	pending := must(w.client.Invites(t.Context(), control.Address("carol@example.org")))(t)
	if len(pending) != 1 || pending[0].Token != stored.text("token") {
		t.Fatalf("invites: %+v", pending)
	}
	request := object{"mxid": "@carol:hs.test", "token": pending[0].Token, "private_key": pending[0].EphemeralKey}
	signed := w.v2(http.MethodPost, "sign-ed25519", w.token(), request).want(t, 200, "")
	key := must(signing.DecodePublicKey(ephemeral))(t)
	if err := signing.VerifyJSON([]byte(signed.body), w.server.IDServer(), "ed25519:0", ed25519.PublicKey(key)); err != nil || signed.text("sender") != alice {
		t.Errorf("%v: %s", err, signed.body)
	}
	request["token"] = "unknown"
	w.v2(http.MethodPost, "sign-ed25519", w.token(), request).want(t, 404, "M_UNRECOGNIZED")
	request["private_key"] = "x"
	w.v2(http.MethodPost, "sign-ed25519", w.token(), request).want(t, 400, "M_INVALID_PARAM")

	// What Dendrite needs.
	if v1 := w.v1(http.MethodPost, "store-invite", object{"medium": "email", "address": "dave@example.org", "room_id": "!r:hs.test", "sender": "@x:hs.test"}).want(t, 200, ""); v1.text("public_key") != longTerm {
		t.Errorf("v1: %s", v1.body)
	}
	w.bound()
	inUse := w.v2(http.MethodPost, "store-invite", w.token(), object{"medium": "email", "address": address, "room_id": "!r:hs.test", "sender": alice})
	if inUse.want(t, 400, "M_THREEPID_IN_USE").text("mxid") != alice {
		t.Errorf("answer %s", inUse.body)
	}
	invite["medium"] = "msisdn"
	w.v2(http.MethodPost, "store-invite", w.token(), invite).want(t, 400, "M_UNRECOGNIZED")
	invite["medium"], invite["sender"] = "email", "@bob:hs.test"
	w.v2(http.MethodPost, "store-invite", w.token(), invite).want(t, 403, "M_UNAUTHORIZED")
}
