package mockidserver_test

import (
	"net/http"
	"strings"
	"testing"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

func openID(token, server string) object {
	return object{"access_token": token, "token_type": "Bearer", "matrix_server_name": server, "expires_in": 3600}
}

func TestRegisterExchangesAnOpenIDToken(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	hs.owners = map[string]string{"openid-token": alice, "foreign": "@mallory:other.test", "nonsense": "alice"}
	is := startWith(t, mockidserver.Config{
		Homeservers: []control.Homeserver{{ServerName: "hs.test", URL: hs.URL}, {ServerName: "down.test", URL: "http://127.0.0.1:1"}},
	})
	token := is.post("account/register", "", openID("openid-token", "hs.test")).want(t, 200, "").text("token")
	if got := is.get("account", token).want(t, 200, "").text("user_id"); got != alice {
		t.Errorf("the token belongs to %q", got)
	}
	entry := is.last(control.Register)
	if len(entry.Outbound) != 1 || entry.Outbound[0].Status != 200 || strings.Contains(entry.Outbound[0].URL, "openid-token") || !entry.Has(control.EffectRegistered) {
		t.Errorf("journal: %+v, %+v", entry.Outbound, entry.Effects)
	}
	// The scope owns the new token: what it does is the scope's.
	if entry := is.last(control.Account); entry.Credentials.Owner != alice || !entry.Credentials.Known {
		t.Errorf("journal: %+v", entry.Credentials)
	}

	is.refuses("", []refusal{
		{"an unknown token", "account/register", openID("unknown", "hs.test"), 401, "M_UNAUTHORIZED"},
		{"a user of another server", "account/register", openID("foreign", "hs.test"), 500, "M_UNKNOWN"},
		{"an owner that is no user", "account/register", openID("nonsense", "hs.test"), 500, "M_UNKNOWN"},
		{"a server that is down", "account/register", openID("t", "down.test"), 500, "M_UNKNOWN"},
		{"a server nobody knows", "account/register", openID("t", "unknown.test"), 500, "M_UNKNOWN"},
		{"no server name", "account/register", openID("t", "hs.test/../x"), 400, "M_INVALID_PARAM"},
		{"a missing server name", "account/register", object{"access_token": "t"}, 400, "M_MISSING_PARAMS"},
		{"a token that is no string", "account/register", object{"access_token": 1, "matrix_server_name": "hs.test"}, 400, "M_INVALID_PARAM"},
		{"a body that is no JSON", "account/register", "{", 400, "M_BAD_JSON"},
	})
	hs.mu.Lock()
	hs.broken = func(w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) }
	hs.mu.Unlock()
	is.post("account/register", "", openID("openid-token", "hs.test")).want(t, 500, "M_UNKNOWN")
}

func TestTokensAreChecked(t *testing.T) {
	is := start(t)
	token := is.token()
	for path, bearer := range map[string]string{"account": token, "account?access_token=" + token: ""} {
		if got := is.get(path, bearer).want(t, 200, "").text("user_id"); got != alice {
			t.Errorf("%s: %q", path, got)
		}
	}
	if found := is.requests(control.Account); found[0].Credentials.Kind == found[1].Credentials.Kind {
		t.Errorf("the journal does not tell header from query: %v", found)
	}
	for _, path := range []string{"account", "hash_details", "3pid/getValidated3pid"} {
		is.get(path, "").want(t, 401, "M_UNAUTHORIZED")
		is.get(path, "unknown").want(t, 401, "M_UNAUTHORIZED")
	}
	for _, path := range []string{"3pid/bind", "lookup", "store-invite", "sign-ed25519", "terms", "account/logout", "validate/email/requestToken", "validate/msisdn/submitToken"} {
		is.post(path, "", object{}).want(t, 401, "M_UNAUTHORIZED")
	}
	is.post("account/logout", token, nil).want(t, 200, "")
	is.get("account", token).want(t, 401, "M_UNAUTHORIZED")
}

func TestTerms(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	hs.owners["o"] = alice
	is := startWith(t, mockidserver.Config{TermsRequired: true, Homeservers: []control.Homeserver{{ServerName: "hs.test", URL: hs.URL}}})
	registered := is.post("account/register", "", openID("o", "hs.test")).want(t, 200, "").text("token")
	is.get("account", registered).want(t, 403, "M_TERMS_NOT_SIGNED")

	policies := is.get("terms", "").want(t, 200, "").object["policies"].(object)
	url := func(policy, language string) string {
		return policies[policy].(object)[language].(object)["url"].(string)
	}
	pending := must(is.scope.MintTokenWithPendingTerms(t.Context(), alice))(t)
	body := bindBody(is.session(), alice)
	is.refuses(pending, []refusal{
		{"bind without consent", "3pid/bind", body, 403, "M_TERMS_NOT_SIGNED"},
		{"no list", "terms", object{"user_accepts": "x"}, 400, "M_INVALID_PARAM"},
		{"nothing accepted", "terms", object{}, 400, "M_MISSING_PARAMS"},
	})
	// Accepted URLs accumulate, and one language is as good as another.
	is.post("terms", pending, object{"user_accepts": []string{url("terms_of_service", "de")}}).want(t, 200, "")
	is.get("account", pending).want(t, 403, "M_TERMS_NOT_SIGNED")
	is.post("terms", pending, object{"user_accepts": []string{url("privacy_policy", "en")}}).want(t, 200, "")
	is.post("3pid/bind", pending, body).want(t, 200, "")

	// A token minted with accepted terms never had to sign.
	again := must(is.scope.MintTokenWithPendingTerms(t.Context(), alice))(t)
	is.get("account", again).want(t, 403, "M_TERMS_NOT_SIGNED")
	is.get("account", is.token()).want(t, 200, "")
	is.post("account/logout", again, nil).want(t, 200, "")
}
