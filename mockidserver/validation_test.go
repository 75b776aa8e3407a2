package mockidserver_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/control"
)

func TestEmailIsValidatedByCode(t *testing.T) {
	is := start(t)
	token := is.token()
	request := object{"client_secret": "Aa0.=_-", "email": "Alice@EXAMPLE.org", "send_attempt": 1}
	sid := is.post("validate/email/requestToken", token, request).want(t, 200, "").text("sid")

	codes := is.codes()
	if len(codes) != 1 || codes[0].SID != sid || codes[0].Address != address || codes[0].Link == "" {
		t.Fatalf("codes: %+v", codes)
	}
	if byAddress := must(is.client.Codes(t.Context(), control.Address("ALICE@example.org")))(t); len(byAddress) != 1 || byAddress[0] != codes[0] {
		t.Errorf("by address: %+v", byAddress)
	}
	validated := "3pid/getValidated3pid?sid=" + sid + "&client_secret=" + url.QueryEscape("Aa0.=_-")
	is.get(validated, token).want(t, 400, "M_SESSION_NOT_VALIDATED")

	submit := object{"sid": sid, "client_secret": "Aa0.=_-", "token": codes[0].Token}
	is.refuses(token, []refusal{
		{"wrong token", "validate/email/submitToken", object{"sid": sid, "client_secret": "Aa0.=_-", "token": "wrong"}, 400, "M_TOKEN_INCORRECT"},
		{"unknown sid", "validate/email/submitToken", object{"sid": "unknown", "client_secret": "Aa0.=_-", "token": "x"}, 400, "M_INVALID_PARAM"},
		{"long token", "validate/email/submitToken", object{"sid": sid, "client_secret": "Aa0.=_-", "token": strings.Repeat("ß", 256)}, 400, "M_INVALID_PARAM"},
		{"no token", "validate/email/submitToken", object{"sid": sid}, 400, "M_MISSING_PARAMS"},
	})
	if a := is.post("validate/email/submitToken", token, submit).want(t, 200, ""); a.object["success"] != true {
		t.Errorf("response %s", a.body)
	}
	a := is.get(validated, token).want(t, 200, "")
	if a.text("medium") != "email" || a.text("address") != address || a.object["validated_at"].(float64) < 1e12 {
		t.Errorf("response %s", a.body)
	}
	is.get(strings.Replace(validated, "Aa0", "AA0", 1), token).want(t, 404, "M_NO_VALID_SESSION")

	if err := is.client.ExpireSession(t.Context(), sid); err != nil {
		t.Fatal(err)
	}
	is.get(validated, token).want(t, 400, "M_SESSION_EXPIRED")
	is.post("validate/email/submitToken", token, submit).want(t, 400, "M_SESSION_EXPIRED")
	if s := must(is.client.Session(t.Context(), sid))(t); !s.Expired || !s.Validated {
		t.Errorf("session %+v", s)
	}
}

func TestEmailIsValidatedByLink(t *testing.T) {
	is := start(t)
	for next, status := range map[string]int{"": 200, "https://app.test/done?x=1#y": 302} {
		request := object{"client_secret": fmt.Sprint("secret-", status), "email": address, "send_attempt": 1, "next_link": next}
		is.post("validate/email/requestToken", is.token(), request).want(t, 200, "")
		codes := is.codes()
		link := codes[len(codes)-1].Link
		opened := is.do(http.MethodGet, link, "", nil) // a browser: no token
		if opened.status != status || opened.header.Get("Location") != next {
			t.Errorf("next_link %q: %d to %q", next, opened.status, opened.header.Get("Location"))
		}
		broken := is.do(http.MethodGet, link+"x", "", nil)
		if broken.status != 400 || !strings.HasPrefix(broken.header.Get("Content-Type"), "text/html") {
			t.Errorf("a wrong link: %d %s", broken.status, broken.header.Get("Content-Type"))
		}
	}
}

func TestRequestTokenRefuses(t *testing.T) {
	is := start(t)
	with := func(base object, key string, value any) object {
		body := maps.Clone(base)
		if body[key] = value; value == nil {
			delete(body, key)
		}
		return body
	}
	const emailPath, phonePath = "validate/email/requestToken", "validate/msisdn/requestToken"
	email := object{"client_secret": "s", "email": address, "send_attempt": 1}
	phone := object{"client_secret": "s", "country": "GB", "phone_number": "07700900001", "send_attempt": 1}
	is.refuses(is.token(), []refusal{
		{"no secret", emailPath, with(email, "client_secret", nil), 400, "M_MISSING_PARAMS"},
		{"no email", emailPath, with(email, "email", nil), 400, "M_MISSING_PARAMS"},
		{"no attempt", emailPath, with(email, "send_attempt", nil), 400, "M_MISSING_PARAMS"},
		{"secret with space", emailPath, with(email, "client_secret", "a b"), 400, "M_INVALID_PARAM"},
		{"empty secret", emailPath, with(email, "client_secret", ""), 400, "M_INVALID_PARAM"},
		{"long secret", emailPath, with(email, "client_secret", strings.Repeat("a", 256)), 400, "M_INVALID_PARAM"},
		{"attempt as text", emailPath, with(email, "send_attempt", "1"), 400, "M_INVALID_PARAM"},
		{"half an attempt", emailPath, with(email, "send_attempt", 1.5), 400, "M_INVALID_PARAM"},
		{"no address", emailPath, with(email, "email", "alice"), 400, "M_INVALID_EMAIL"},
		{"email a number", emailPath, with(email, "email", 1), 400, "M_INVALID_PARAM"},
		{"an array", emailPath, "[]", 400, "M_BAD_JSON"},
		{"null", emailPath, "null", 400, "M_BAD_JSON"},
		{"two values", emailPath, "{}{}", 400, "M_BAD_JSON"},
		{"nothing", emailPath, "", 400, "M_BAD_JSON"},
		{"no country", phonePath, with(phone, "country", nil), 400, "M_MISSING_PARAMS"},
		{"small country", phonePath, with(phone, "country", "gb"), 400, "M_INVALID_PARAM"},
		{"far country", phonePath, with(phone, "country", "AQ"), 400, "M_DESTINATION_REJECTED"},
		{"no number", phonePath, with(phone, "phone_number", "abc"), 400, "M_INVALID_ADDRESS"},
		{"short number", phonePath, with(phone, "phone_number", "1"), 400, "M_INVALID_ADDRESS"},
	})
}

// The way in which Dendrite talks: v1, forms, no token.
func TestV1TakesForms(t *testing.T) {
	is := start(t)
	form := url.Values{"client_secret": {"dendrite"}, "email": {address}, "send_attempt": {"1"}}
	sid := is.v1(http.MethodPost, "validate/email/requestToken", form).want(t, 200, "").text("sid")
	code := is.codes()[0]
	is.v1(http.MethodPost, "validate/email/submitToken", url.Values{"sid": {sid}, "client_secret": {"dendrite"}, "token": {code.Token}}).want(t, 200, "")
	is.v1(http.MethodGet, "3pid/getValidated3pid?sid="+sid+"&client_secret=dendrite", nil).want(t, 200, "")
	bound := is.v1(http.MethodPost, "3pid/bind", url.Values{"sid": {sid}, "client_secret": {"dendrite"}, "mxid": {"@whoever:hs.test"}}).want(t, 200, "")
	if bound.text("mxid") != "@whoever:hs.test" {
		t.Errorf("response %s", bound.body)
	}
	if entry := is.last(control.Bind); entry.API != "v1" || entry.Arguments != "form" || entry.Keys.Address != address {
		t.Errorf("journal: %s %s %+v", entry.API, entry.Arguments, entry.Keys)
	}
	// Arguments in the query, as Sydent takes them, and JSON.
	is.v1(http.MethodPost, "validate/email/requestToken?client_secret=q&email="+address+"&send_attempt=1", nil).want(t, 200, "")
	is.v1(http.MethodPost, "validate/email/requestToken", object{"client_secret": "j", "email": address, "send_attempt": 1}).want(t, 200, "")
	// v2 keeps forms for the endpoints that had them before.
	is.post("validate/email/requestToken", is.token(), form).want(t, 200, "")
	is.post("lookup", is.token(), url.Values{"algorithm": {"none"}}).want(t, 400, "M_BAD_JSON")
}
