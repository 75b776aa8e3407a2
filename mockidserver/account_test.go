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
	hs.owners["openid-token"] = alice
	w := newWorld(t, hs.asOption())

	token := w.v2(http.MethodPost, "account/register", "", openID("openid-token", "hs.test")).want(t, 200, "").text("token")
	if got := w.v2(http.MethodGet, "account", token, nil).want(t, 200, "").text("user_id"); got != alice {
		t.Errorf("the token belongs to %q", got)
	}
	entry := w.last(control.Register)
	if len(entry.Outbound) != 1 || entry.Outbound[0].Status != 200 || strings.Contains(entry.Outbound[0].URL, "openid-token") || !entry.Has(control.EffectRegistered) {
		t.Errorf("journal: %+v, %+v", entry.Outbound, entry.Effects)
	}
	// The scope owns the new token: what it does is the scope's.
	if entry := w.last(control.Account); entry.Credentials.Owner != alice || !entry.Credentials.Known {
		t.Errorf("journal: %+v", entry.Credentials)
	}
}

func TestRegisterRefuses(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	hs.owners["foreign"] = "@mallory:other.test"
	hs.owners["nonsense"] = "alice"
	w := newWorld(t, hs.asOption(), mockidserver.WithHomeserver(control.Homeserver{ServerName: "down.test", URL: "http://127.0.0.1:1"}))
	for _, c := range []struct {
		name    string
		body    any
		status  int
		errcode string
	}{
		{"an unknown token", openID("unknown", "hs.test"), 401, "M_UNAUTHORIZED"},
		{"a user of another server", openID("foreign", "hs.test"), 500, "M_UNKNOWN"},
		{"an owner that is no user", openID("nonsense", "hs.test"), 500, "M_UNKNOWN"},
		{"a server that is down", openID("t", "down.test"), 500, "M_UNKNOWN"},
		{"a server nobody knows", openID("t", "unknown.test"), 500, "M_UNKNOWN"},
		{"no server name", openID("t", "hs.test/../x"), 400, "M_INVALID_PARAM"},
		{"a missing server name", object{"access_token": "t"}, 400, "M_MISSING_PARAMS"},
		{"a token that is no string", object{"access_token": 1, "matrix_server_name": "hs.test"}, 400, "M_INVALID_PARAM"},
		{"a body that is no JSON", "{", 400, "M_BAD_JSON"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w.v2(http.MethodPost, "account/register", "", c.body).want(t, c.status, c.errcode)
		})
	}
	hs.mu.Lock()
	hs.broken = func(rw http.ResponseWriter) bool { rw.WriteHeader(http.StatusBadGateway); return true }
	hs.mu.Unlock()
	w.v2(http.MethodPost, "account/register", "", openID("t", "hs.test")).want(t, 500, "M_UNKNOWN")
}

func TestTokensAreChecked(t *testing.T) {
	w := newWorld(t)
	token := w.token()
	for name, target := range map[string]string{"header": "", "query": "?access_token=" + token} {
		bearer := token
		if target != "" {
			bearer = ""
		}
		if got := w.v2(http.MethodGet, "account"+target, bearer, nil).want(t, 200, "").text("user_id"); got != alice {
			t.Errorf("%s: %q", name, got)
		}
	}
	kinds := []control.CredentialKind{w.requests(control.Account)[0].Credentials.Kind, w.requests(control.Account)[1].Credentials.Kind}
	if kinds[0] == kinds[1] {
		t.Errorf("the journal does not tell header from query: %v", kinds)
	}
	for _, path := range []string{"account", "hash_details", "3pid/getValidated3pid"} {
		w.v2(http.MethodGet, path, "", nil).want(t, 401, "M_UNAUTHORIZED")
		w.v2(http.MethodGet, path, "unknown", nil).want(t, 401, "M_UNAUTHORIZED")
	}
	for _, path := range []string{"3pid/bind", "lookup", "store-invite", "sign-ed25519", "terms", "account/logout", "validate/email/requestToken", "validate/msisdn/submitToken"} {
		w.v2(http.MethodPost, path, "", object{}).want(t, 401, "M_UNAUTHORIZED")
	}
	w.v2(http.MethodPost, "account/logout", token, nil).want(t, 200, "")
	w.v2(http.MethodGet, "account", token, nil).want(t, 401, "M_UNAUTHORIZED")
}

func TestTerms(t *testing.T) {
	w := newWorld(t)
	document := w.v2(http.MethodGet, "terms", "", nil).want(t, 200, "")
	policies := document.object["policies"].(object)
	url := func(policy, language string) string {
		return policies[policy].(object)[language].(object)["url"].(string)
	}
	pending := must(w.scope.MintTokenWithPendingTerms(t.Context(), alice))(t)
	session := w.session()
	bindBody := object{"sid": session.SID, "client_secret": session.ClientSecret, "mxid": alice}

	w.v2(http.MethodGet, "account", pending, nil).want(t, 403, "M_TERMS_NOT_SIGNED")
	w.v2(http.MethodPost, "3pid/bind", pending, bindBody).want(t, 403, "M_TERMS_NOT_SIGNED")
	w.v2(http.MethodPost, "terms", pending, object{"user_accepts": "x"}).want(t, 400, "M_INVALID_PARAM")
	w.v2(http.MethodPost, "terms", pending, object{}).want(t, 400, "M_MISSING_PARAMS")
	// Accepted URLs accumulate, and one language is as good as another.
	w.v2(http.MethodPost, "terms", pending, object{"user_accepts": []string{url("terms_of_service", "de")}}).want(t, 200, "")
	w.v2(http.MethodGet, "account", pending, nil).want(t, 403, "M_TERMS_NOT_SIGNED")
	w.v2(http.MethodPost, "terms", pending, object{"user_accepts": []string{url("privacy_policy", "en")}}).want(t, 200, "")
	w.v2(http.MethodPost, "3pid/bind", pending, bindBody).want(t, 200, "")

	// A token minted with accepted terms never had to sign.
	again := must(w.scope.MintTokenWithPendingTerms(t.Context(), alice))(t)
	w.v2(http.MethodGet, "account", again, nil).want(t, 403, "M_TERMS_NOT_SIGNED")
	w.v2(http.MethodGet, "account", w.token(), nil).want(t, 200, "")
	w.v2(http.MethodPost, "account/logout", again, nil).want(t, 200, "")
}

func TestTermsCanBeRequiredOfRegister(t *testing.T) {
	hs := newHomeserver(t, "hs.test")
	hs.owners["o"] = alice
	w := newWorld(t, hs.asOption(), mockidserver.WithTermsRequired())
	token := w.v2(http.MethodPost, "account/register", "", openID("o", "hs.test")).want(t, 200, "").text("token")
	w.v2(http.MethodGet, "account", token, nil).want(t, 403, "M_TERMS_NOT_SIGNED")
}
