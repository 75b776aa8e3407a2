package mockidserver_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/control"
)

func TestPathsThatNeedNoToken(t *testing.T) {
	is := start(t)
	versions := is.do(http.MethodGet, "/_matrix/identity/versions", "", nil).want(t, 200, "").object["versions"].([]any)
	if !slices.Contains(versions, any("v1.6")) || !slices.Contains(versions, any("v1.19")) {
		t.Errorf("versions %v", versions)
	}
	for _, path := range []string{"/_matrix/identity/v2", "/_matrix/identity/api/v1"} {
		if a := is.do(http.MethodGet, path, "", nil).want(t, 200, ""); a.body != "{}" {
			t.Errorf("%s: %s", path, a.body)
		}
	}
	is.get("pubkey/ed25519:1", "").want(t, 404, "M_NOT_FOUND")
	is.get("pubkey/isvalid", "").want(t, 400, "M_MISSING_PARAMS")
	is.v1(http.MethodGet, "pubkey/ed25519:0", nil).want(t, 200, "")
}

func TestUnknownPathsAndMethods(t *testing.T) {
	is := start(t)
	for _, path := range []string{
		"/", "/_matrix/identity/v2/", "/_matrix/identity/v2/nothing", "/_matrix/identity/v3/account", "/_matrix/identity/v2/account/",
		"/_matrix/identity/api/v1/account", "/_matrix/identity/api/v1/hash_details", "/_matrix/identity/v2/bulk_lookup", "/_matrix/identity/v2/pubkey/a/b",
		"/evil/_matrix/identity/v2/3pid/bind", "/_matrix/identity/v2/pubkey/{keyId}/x",
		// ServeMux would redirect these.
		"//_matrix/identity/v2/3pid/bind", "/_matrix/identity/v2/x/../3pid/bind",
	} {
		is.do(http.MethodPost, path, "", object{}).want(t, 404, "M_UNRECOGNIZED")
	}
	for path, method := range map[string]string{"3pid/bind": "GET", "pubkey/isvalid": "POST", "pubkey/ed25519:0": "POST", "account": "POST", "3pid/getValidated3pid": "PUT", "": "DELETE", "validate/email/submitToken": "PATCH"} {
		is.do(method, strings.TrimSuffix(pathV2+path, "/"), "", nil).want(t, 405, "M_UNRECOGNIZED")
	}
	if r := is.do(http.MethodHead, pathV2+"terms", "", nil); r.status != 405 {
		t.Errorf("HEAD: %d", r.status)
	}
	// They are attributed all the same.
	is.do(http.MethodPost, "/evil?x=/_matrix/identity/v2/3pid/bind", "", object{"mxid": alice}).want(t, 404, "M_UNRECOGNIZED")
	found := is.requests("")
	if len(found) != 1 || found[0].Target != "/evil?x=/_matrix/identity/v2/3pid/bind" || found[0].Endpoint != "" {
		t.Errorf("journal: %v", found)
	}
}

func TestBrowsers(t *testing.T) {
	is := start(t)
	for _, a := range []response{
		is.do(http.MethodOptions, "/_matrix/identity/v2/3pid/bind", "", nil),
		is.post("3pid/bind", "", object{}).want(t, 401, "M_UNAUTHORIZED"),
		is.do(http.MethodGet, "/nothing", "", nil).want(t, 404, "M_UNRECOGNIZED"),
		is.get("terms", "").want(t, 200, ""),
	} {
		if a.header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(a.header.Get("Access-Control-Allow-Methods"), "POST") ||
			!strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization") || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%d: headers %v", a.status, a.header)
		}
	}
	// A preflight carries nothing out, whatever it says.
	is.bindAddress()
	is.do(http.MethodOptions, unbindPath, "", unbindBody(alice, "email", address))
	if !is.isBound() {
		t.Error("OPTIONS unbound")
	}
}

func TestLargeBodiesAreRefused(t *testing.T) {
	is := start(t)
	is.post("3pid/bind", is.token(), strings.Repeat("x", 2<<20)).want(t, 413, "M_TOO_LARGE")
	big := object{"sid": "s", "client_secret": "s", "mxid": alice, "padding": strings.Repeat("ß", 20<<10)}
	is.post("3pid/bind", is.token(), big).want(t, 404, "M_NO_VALID_SESSION")
	entry := is.last(control.Bind)
	if entry.BodyBytes < 40<<10 || len(entry.Body) > 16<<10 || len(entry.Body) < 16<<10-4 {
		t.Errorf("%d bytes, %d kept", entry.BodyBytes, len(entry.Body))
	}
}

func TestSMSDelegate(t *testing.T) {
	is := start(t)
	if err := is.scope.Own(t.Context(), control.ClientSecret("sms-secret")); err != nil {
		t.Fatal(err)
	}
	sms := func(method, path string, body any) response {
		t.Helper()
		return is.do(method, is.SMSURL()+pathV1+path, "", body)
	}
	if !strings.HasPrefix(is.SMSURL(), "http://") {
		t.Fatalf("SMS URL %s", is.SMSURL())
	}
	// As Synapse does it: country and number as the client sent them.
	request := object{"client_secret": "sms-secret", "country": "US", "phone_number": "(212) 555-0123", "send_attempt": 1}
	sid := sms(http.MethodPost, "validate/msisdn/requestToken", request).want(t, 200, "").text("sid")
	codes := must(is.client.Codes(t.Context(), control.Address("+12125550123")))(t)
	if len(codes) != 1 || codes[0].Service != control.ServiceSMS || len(codes[0].Token) != 6 || codes[0].Link != "" {
		t.Fatalf("codes: %+v", codes)
	}
	validated := "3pid/getValidated3pid?sid=" + sid + "&client_secret=sms-secret"
	sms(http.MethodGet, validated, nil).want(t, 400, "M_SESSION_NOT_VALIDATED")
	sms(http.MethodPost, "validate/msisdn/submitToken", object{"sid": sid, "client_secret": "sms-secret", "token": "wrong"}).want(t, 400, "M_TOKEN_INCORRECT")
	sms(http.MethodPost, "validate/msisdn/submitToken", object{"sid": sid, "client_secret": "sms-secret", "token": codes[0].Token}).want(t, 200, "")
	a := sms(http.MethodGet, validated, nil).want(t, 200, "")
	if a.text("medium") != "msisdn" || a.text("address") != "12125550123" {
		t.Errorf("response %s", a.body)
	}

	// It is another service: neither its sessions nor its paths are shared.
	is.v1(http.MethodGet, validated, nil).want(t, 404, "M_NO_VALID_SESSION")
	identity := is.session()
	sms(http.MethodGet, "3pid/getValidated3pid?sid="+identity.SID+"&client_secret="+identity.ClientSecret, nil).want(t, 404, "M_NO_VALID_SESSION")
	sms(http.MethodPost, "3pid/bind", object{}).want(t, 404, "M_UNRECOGNIZED")
	is.do(http.MethodGet, is.SMSURL()+"/_matrix/identity/v2", "", nil).want(t, 404, "M_UNRECOGNIZED")
	is.do(http.MethodGet, is.SMSURL()+"/_matrix/identity/versions", "", nil).want(t, 404, "M_UNRECOGNIZED")

	for _, entry := range is.requests("") {
		if entry.Keys.SID == sid && entry.Listener != control.ServiceSMS && entry.API == "v1" && entry.Status != 404 {
			t.Errorf("journal: %s", entry)
		}
	}
	if entry := is.last(control.MSISDNRequestToken); entry.Listener != control.ServiceSMS || entry.Keys.Address != "12125550123" || entry.Connection.Handshake != control.HandshakeNone {
		t.Errorf("journal: %+v", entry)
	}

	// A homeserver may use a secret of its own towards its delegate, so the number
	// is all that a spec knows of its SMS.
	scope := is.open(control.Address("12125550124"))
	for i, number := range []string{"(212) 555-0124", "+1 212 555 0124", "(212) 555-0125"} {
		request := object{"client_secret": fmt.Sprint("own-", i), "country": "US", "phone_number": number, "send_attempt": 1}
		sms(http.MethodPost, "validate/msisdn/requestToken", request).want(t, 200, "")
	}
	seen := must(scope.Close(t.Context()))(t)
	if len(seen.Codes) != 2 || seen.Codes[0].Address != "12125550124" || len(seen.Requests(control.MSISDNRequestToken)) != 2 {
		t.Errorf("the scope saw %+v", seen)
	}
}
