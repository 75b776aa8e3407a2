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
	is := start(t)
	for _, name := range is.IDServers() {
		session := is.session()
		signed := is.do(http.MethodPost, "https://"+name+"/_matrix/identity/v2/3pid/bind", is.token(), bindBody(session, alice)).want(t, 200, "")
		if err := signing.VerifyJSON([]byte(signed.body), name, "ed25519:0", is.PublicKey()); err != nil {
			t.Errorf("as %s: %v: %s", name, err, signed.body)
		}
		now := float64(time.Now().UnixMilli())
		if signed.text("medium") != "email" || signed.text("address") != address || signed.text("mxid") != alice || len(signed.object) != 7 ||
			signed.object["ts"].(float64) > now || signed.object["not_before"].(float64) > now || signed.object["not_after"].(float64) < now+1e12 {
			t.Errorf("response %s", signed.body)
		}
	}
	published := is.get("pubkey/ed25519:0", "").want(t, 200, "").text("public_key")
	if published != signing.Encode(is.PublicKey()) {
		t.Errorf("published key %s", published)
	}
	entry := is.last(control.Bind)
	if !entry.Has(control.EffectBound) || entry.Credentials.Kind != control.BearerHeader || entry.Keys.SID == "" || entry.Keys.MXID != alice {
		t.Errorf("journal: %+v", entry.Request)
	}
}

func TestBindRefuses(t *testing.T) {
	is := start(t)
	token, session := is.token(), is.session()
	unvalidated := must(is.scope.UnvalidatedSession(t.Context(), control.Email, address))(t)
	expired := is.session()
	if err := is.client.ExpireSession(t.Context(), expired.SID); err != nil {
		t.Fatal(err)
	}
	sms := must(is.client.CreateSession(t.Context(), control.SessionRequest{Service: control.ServiceSMS, Medium: control.MSISDN, Address: "+447700900001"}))(t)
	is.refuses(token, []refusal{
		{"unvalidated", "3pid/bind", bindBody(unvalidated, alice), 400, "M_SESSION_NOT_VALIDATED"},
		{"expired", "3pid/bind", bindBody(expired, alice), 400, "M_SESSION_EXPIRED"},
		{"unknown sid", "3pid/bind", object{"sid": "x", "client_secret": session.ClientSecret, "mxid": alice}, 404, "M_NO_VALID_SESSION"},
		{"wrong secret", "3pid/bind", object{"sid": session.SID, "client_secret": "x", "mxid": alice}, 404, "M_NO_VALID_SESSION"},
		{"session of the SMS delegate", "3pid/bind", bindBody(sms, alice), 404, "M_NO_VALID_SESSION"},
		{"another user", "3pid/bind", bindBody(session, "@bob:hs.test"), 403, "M_UNAUTHORIZED"},
		{"no user", "3pid/bind", bindBody(session, "alice"), 400, "M_INVALID_PARAM"},
		{"missing mxid", "3pid/bind", object{"sid": session.SID, "client_secret": session.ClientSecret}, 400, "M_MISSING_PARAMS"},
	})
	if is.isBound() {
		t.Error("a refused request bound the address")
	}
	is.post("3pid/bind", token, bindBody(session, alice)).want(t, 200, "")
}

func TestBindReplaces(t *testing.T) {
	is := start(t)
	if err := is.scope.Bind(t.Context(), control.Email, address, "@old:hs.test"); err != nil {
		t.Fatal(err)
	}
	is.post("3pid/bind", is.token(), bindBody(is.session(), alice)).want(t, 200, "")
	if entry := is.last(control.Bind); !entry.Has(control.EffectReplaced) {
		t.Errorf("journal: %+v", entry.Effects)
	}
	bindings := must(is.client.Bindings(t.Context(), control.MXID(alice)))(t)
	if len(bindings) != 1 || bindings[0].Address != address {
		t.Errorf("bindings: %+v", bindings)
	}
	if err := is.client.Unbind(t.Context(), control.Email, "Alice@Example.ORG"); err != nil || is.isBound() {
		t.Errorf("unbound by control: %v, bound %v", err, is.isBound())
	}
}

func TestLookup(t *testing.T) {
	is := start(t)
	is.bindAddress()
	token := is.token()
	details := is.get("hash_details", token).want(t, 200, "")
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
	found := is.post("lookup", token, object{"algorithm": "sha256", "pepper": pepper, "addresses": []string{known, unknown}}).want(t, 200, "")
	if mappings := found.object["mappings"].(object); len(mappings) != 1 || mappings[known] != alice {
		t.Errorf("sha256: %s", found.body)
	}
	found = is.post("lookup", token, object{"algorithm": "none", "pepper": pepper, "addresses": []string{address + " email", strings.ToUpper(address) + " email", address + " msisdn", "x"}}).want(t, 200, "")
	if mappings := found.object["mappings"].(object); len(mappings) != 1 || mappings[address+" email"] != alice {
		t.Errorf("none: %s", found.body)
	}
	other := is.get("hash_details", is.token()).text("lookup_pepper")
	is.refuses(token, []refusal{
		{"another token's pepper", "lookup", object{"algorithm": "sha256", "pepper": other, "addresses": []string{}}, 400, "M_INVALID_PEPPER"},
		{"another algorithm", "lookup", object{"algorithm": "md5", "pepper": pepper, "addresses": []string{}}, 400, "M_INVALID_PARAM"},
		{"no texts", "lookup", object{"algorithm": "none", "pepper": pepper, "addresses": []int{1}}, 400, "M_INVALID_PARAM"},
		{"no addresses", "lookup", object{"algorithm": "none", "pepper": pepper}, 400, "M_MISSING_PARAMS"},
	})
}

func TestLookupV1(t *testing.T) {
	is := start(t)
	is.bindAddress()
	signed := is.v1(http.MethodGet, "lookup?medium=email&address=Alice@example.org", nil).want(t, 200, "")
	if err := signing.VerifyJSON([]byte(signed.body), is.IDServer(), "ed25519:0", is.PublicKey()); err != nil || len(signed.object) != 7 {
		t.Errorf("%v: %s", err, signed.body)
	}
	if miss := is.v1(http.MethodGet, "lookup?medium=email&address=bob@example.org", nil).want(t, 200, ""); miss.body != "{}" {
		t.Errorf("a miss: %s", miss.body)
	}
	bulk := is.v1(http.MethodPost, "bulk_lookup", object{"threepids": [][]string{{"email", address}, {"email", "bob@example.org"}}}).want(t, 200, "")
	if len(bulk.object["threepids"].([]any)) != 1 {
		t.Errorf("bulk: %s", bulk.body)
	}
	is.v1(http.MethodPost, "bulk_lookup", object{"threepids": [][]string{{"email"}}}).want(t, 400, "M_INVALID_PARAM")
}

func TestInvitations(t *testing.T) {
	is := start(t)
	invite := object{"medium": "email", "address": "Carol@example.org", "room_id": "!r:hs.test", "sender": alice, "room_name": "Room", "extra": 1}
	stored := is.post("store-invite", is.token(), invite).want(t, 200, "")
	keys := stored.object["public_keys"].([]any)
	if len(keys) != 2 || strings.Contains(stored.text("display_name"), "carol@") || stored.text("display_name") == "" || stored.object["public_key"] != nil {
		t.Fatalf("response %s", stored.body)
	}
	valid := func(index int, key string) any {
		t.Helper()
		validity := keys[index].(object)["key_validity_url"].(string)
		return is.do(http.MethodGet, validity+"?public_key="+strings.ReplaceAll(key, "+", "%2B"), "", nil).want(t, 200, "").object["valid"]
	}
	longTerm, ephemeral := keys[0].(object)["public_key"].(string), keys[1].(object)["public_key"].(string)
	if valid(0, longTerm) != true || valid(1, ephemeral) != true || valid(0, ephemeral) != false || valid(1, longTerm) != false || valid(0, "x") != false {
		t.Error("the validity of keys is wrong")
	}
	if valid(0, strings.NewReplacer("+", "-", "/", "_").Replace(longTerm)) != true {
		t.Error("a long-term key in the URL-safe alphabet is unknown")
	}

	pending := must(is.client.Invites(t.Context(), control.Address("carol@example.org")))(t)
	if len(pending) != 1 || pending[0].Token != stored.text("token") {
		t.Fatalf("invites: %+v", pending)
	}
	request := object{"mxid": "@carol:hs.test", "token": pending[0].Token, "private_key": pending[0].EphemeralKey}
	signed := is.post("sign-ed25519", is.token(), request).want(t, 200, "")
	key := must(signing.DecodePublicKey(ephemeral))(t)
	if err := signing.VerifyJSON([]byte(signed.body), is.IDServer(), "ed25519:0", ed25519.PublicKey(key)); err != nil || signed.text("sender") != alice {
		t.Errorf("%v: %s", err, signed.body)
	}
	request["token"] = "unknown"
	is.post("sign-ed25519", is.token(), request).want(t, 404, "M_UNRECOGNIZED")
	request["private_key"] = "x"
	is.post("sign-ed25519", is.token(), request).want(t, 400, "M_INVALID_PARAM")

	// What Dendrite needs.
	if v1 := is.v1(http.MethodPost, "store-invite", object{"medium": "email", "address": "dave@example.org", "room_id": "!r:hs.test", "sender": "@x:hs.test"}).want(t, 200, ""); v1.text("public_key") != longTerm {
		t.Errorf("v1: %s", v1.body)
	}
	is.bindAddress()
	inUse := is.post("store-invite", is.token(), object{"medium": "email", "address": address, "room_id": "!r:hs.test", "sender": alice})
	if inUse.want(t, 400, "M_THREEPID_IN_USE").text("mxid") != alice {
		t.Errorf("response %s", inUse.body)
	}
	invite["medium"] = "msisdn"
	is.post("store-invite", is.token(), invite).want(t, 400, "M_UNRECOGNIZED")
	invite["medium"], invite["sender"] = "email", "@bob:hs.test"
	is.post("store-invite", is.token(), invite).want(t, 403, "M_UNAUTHORIZED")
}
