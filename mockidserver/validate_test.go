package mockidserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/control"
)

func TestEmailIsValidatedByCode(t *testing.T) {
	w := newWorld(t)
	token := w.token()
	request := object{"client_secret": "Aa0.=_-", "email": "Alice@EXAMPLE.org", "send_attempt": 1}
	sid := w.v2(http.MethodPost, "validate/email/requestToken", token, request).want(t, 200, "").text("sid")

	codes := must(w.scope.Codes(t.Context()))(t)
	if len(codes) != 1 || codes[0].SID != sid || codes[0].Address != address || codes[0].Link == "" {
		t.Fatalf("codes: %+v", codes)
	}
	if byAddress := must(w.client.Codes(t.Context(), control.Address("ALICE@example.org")))(t); len(byAddress) != 1 || byAddress[0] != codes[0] {
		t.Errorf("by address: %+v", byAddress)
	}
	validated := "3pid/getValidated3pid?sid=" + sid + "&client_secret=" + url.QueryEscape("Aa0.=_-")
	w.v2(http.MethodGet, validated, token, nil).want(t, 400, "M_SESSION_NOT_VALIDATED")

	submit := object{"sid": sid, "client_secret": "Aa0.=_-", "token": codes[0].Token}
	w.v2(http.MethodPost, "validate/email/submitToken", token, object{"sid": sid, "client_secret": "Aa0.=_-", "token": "wrong"}).want(t, 400, "M_TOKEN_INCORRECT")
	w.v2(http.MethodPost, "validate/email/submitToken", token, object{"sid": "unknown", "client_secret": "Aa0.=_-", "token": "x"}).want(t, 400, "M_INVALID_PARAM")
	w.v2(http.MethodPost, "validate/email/submitToken", token, object{"sid": sid, "client_secret": "Aa0.=_-", "token": strings.Repeat("ß", 256)}).want(t, 400, "M_INVALID_PARAM")
	w.v2(http.MethodPost, "validate/email/submitToken", token, object{"sid": sid}).want(t, 400, "M_MISSING_PARAMS")
	if a := w.v2(http.MethodPost, "validate/email/submitToken", token, submit).want(t, 200, ""); a.object["success"] != true {
		t.Errorf("answer %s", a.body)
	}
	a := w.v2(http.MethodGet, validated, token, nil).want(t, 200, "")
	if a.text("medium") != "email" || a.text("address") != address || a.object["validated_at"].(float64) < 1e12 {
		t.Errorf("answer %s", a.body)
	}
	w.v2(http.MethodGet, strings.Replace(validated, "Aa0", "AA0", 1), token, nil).want(t, 404, "M_NO_VALID_SESSION")

	if err := w.client.ExpireSession(t.Context(), sid); err != nil {
		t.Fatal(err)
	}
	w.v2(http.MethodGet, validated, token, nil).want(t, 400, "M_SESSION_EXPIRED")
	w.v2(http.MethodPost, "validate/email/submitToken", token, submit).want(t, 400, "M_SESSION_EXPIRED")
	if s := must(w.client.Session(t.Context(), sid))(t); !s.Expired || !s.Validated {
		t.Errorf("session %+v", s)
	}
}

func TestEmailIsValidatedByLink(t *testing.T) {
	w := newWorld(t)
	for next, status := range map[string]int{"": 200, "https://app.test/done?x=1#y": 302} {
		request := object{"client_secret": "secret-" + next[:min(len(next), 5)] + "x", "email": address, "send_attempt": 1, "next_link": next}
		request["client_secret"] = strings.ReplaceAll(request["client_secret"].(string), ":", "")
		w.v2(http.MethodPost, "validate/email/requestToken", w.token(), request).want(t, 200, "")
		codes := must(w.scope.Codes(t.Context()))(t)
		link := codes[len(codes)-1].Link
		opened := w.do(http.MethodGet, link, "", nil) // a browser: no token
		if opened.status != status || opened.header.Get("Location") != next {
			t.Errorf("next_link %q: %d to %q", next, opened.status, opened.header.Get("Location"))
		}
		broken := w.do(http.MethodGet, link+"x", "", nil)
		if broken.status != 400 || !strings.HasPrefix(broken.header.Get("Content-Type"), "text/html") {
			t.Errorf("a wrong link: %d %s", broken.status, broken.header.Get("Content-Type"))
		}
	}
}

func TestSendAttemptsDoNotRepeatMessages(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct{ path, key, value, country string }{
		{"validate/email/requestToken", "email", address, ""},
		{"validate/msisdn/requestToken", "phone_number", "07700900001", "GB"},
	} {
		sids := map[string]bool{}
		before := len(must(w.scope.Codes(t.Context()))(t))
		for _, attempt := range []int{1, 1, 0, 3, 2} {
			request := object{"client_secret": "secret", c.key: c.value, "send_attempt": attempt}
			if c.country != "" {
				request["country"] = c.country
			}
			sids[w.v2(http.MethodPost, c.path, w.token(), request).want(t, 200, "").text("sid")] = true
		}
		if sent := len(must(w.scope.Codes(t.Context()))(t)) - before; sent != 2 || len(sids) != 1 {
			t.Errorf("%s: %d messages, %d sids", c.path, sent, len(sids))
		}
	}
}

func TestRequestTokenRefuses(t *testing.T) {
	w := newWorld(t)
	token := w.token()
	email := func(change func(object)) object {
		o := object{"client_secret": "s", "email": address, "send_attempt": 1}
		change(o)
		return o
	}
	phone := func(change func(object)) object {
		o := object{"client_secret": "s", "country": "GB", "phone_number": "07700900001", "send_attempt": 1}
		change(o)
		return o
	}
	for _, c := range []struct {
		name    string
		body    any
		errcode string
	}{
		{"no secret", email(func(o object) { delete(o, "client_secret") }), "M_MISSING_PARAMS"},
		{"no email", email(func(o object) { delete(o, "email") }), "M_MISSING_PARAMS"},
		{"no attempt", email(func(o object) { delete(o, "send_attempt") }), "M_MISSING_PARAMS"},
		{"secret with space", email(func(o object) { o["client_secret"] = "a b" }), "M_INVALID_PARAM"},
		{"empty secret", email(func(o object) { o["client_secret"] = "" }), "M_INVALID_PARAM"},
		{"long secret", email(func(o object) { o["client_secret"] = strings.Repeat("a", 256) }), "M_INVALID_PARAM"},
		{"attempt as text", email(func(o object) { o["send_attempt"] = "1" }), "M_INVALID_PARAM"},
		{"half an attempt", email(func(o object) { o["send_attempt"] = 1.5 }), "M_INVALID_PARAM"},
		{"no address", email(func(o object) { o["email"] = "alice" }), "M_INVALID_EMAIL"},
		{"email a number", email(func(o object) { o["email"] = 1 }), "M_INVALID_PARAM"},
		{"an array", "[]", "M_BAD_JSON"},
		{"null", "null", "M_BAD_JSON"},
		{"two values", "{}{}", "M_BAD_JSON"},
		{"nothing", "", "M_BAD_JSON"},
	} {
		t.Run("email: "+c.name, func(t *testing.T) {
			w.v2(http.MethodPost, "validate/email/requestToken", token, c.body).want(t, 400, c.errcode)
		})
	}
	for _, c := range []struct {
		name    string
		body    object
		errcode string
	}{
		{"no country", phone(func(o object) { delete(o, "country") }), "M_MISSING_PARAMS"},
		{"small country", phone(func(o object) { o["country"] = "gb" }), "M_INVALID_PARAM"},
		{"far country", phone(func(o object) { o["country"] = "AQ" }), "M_DESTINATION_REJECTED"},
		{"no number", phone(func(o object) { o["phone_number"] = "abc" }), "M_INVALID_ADDRESS"},
		{"short number", phone(func(o object) { o["phone_number"] = "1" }), "M_INVALID_ADDRESS"},
	} {
		t.Run("msisdn: "+c.name, func(t *testing.T) {
			w.v2(http.MethodPost, "validate/msisdn/requestToken", token, c.body).want(t, 400, c.errcode)
		})
	}
}

// The way in which Dendrite talks: v1, forms, no token.
func TestV1TakesForms(t *testing.T) {
	w := newWorld(t)
	form := url.Values{"client_secret": {"dendrite"}, "email": {address}, "send_attempt": {"1"}}
	sid := w.v1(http.MethodPost, "validate/email/requestToken", form).want(t, 200, "").text("sid")
	code := must(w.scope.Codes(t.Context()))(t)[0]
	w.v1(http.MethodPost, "validate/email/submitToken", url.Values{"sid": {sid}, "client_secret": {"dendrite"}, "token": {code.Token}}).want(t, 200, "")
	w.v1(http.MethodGet, "3pid/getValidated3pid?sid="+sid+"&client_secret=dendrite", nil).want(t, 200, "")
	bound := w.v1(http.MethodPost, "3pid/bind", url.Values{"sid": {sid}, "client_secret": {"dendrite"}, "mxid": {"@whoever:hs.test"}}).want(t, 200, "")
	if bound.text("mxid") != "@whoever:hs.test" {
		t.Errorf("answer %s", bound.body)
	}
	if entry := w.last(control.Bind); entry.API != "v1" || entry.Arguments != "form" || entry.Keys.Address != address {
		t.Errorf("journal: %s %s %+v", entry.API, entry.Arguments, entry.Keys)
	}
	// Arguments in the query, as Sydent takes them, and JSON.
	w.v1(http.MethodPost, "validate/email/requestToken?client_secret=q&email="+address+"&send_attempt=1", nil).want(t, 200, "")
	w.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "j", "email": address, "send_attempt": 1}).want(t, 200, "")
	// v2 keeps forms for the endpoints that had them before.
	w.v2(http.MethodPost, "validate/email/requestToken", w.token(), form).want(t, 200, "")
	w.v2(http.MethodPost, "lookup", w.token(), url.Values{"algorithm": {"none"}}).want(t, 400, "M_BAD_JSON")
}
