package exchange

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/schemas"
)

const (
	address    = `{"medium":"email","address":"a@b.example","added_at":1700000000000,"validated_at":1600000000000}`
	goodList   = `{"threepids":[` + address + `]}`
	goodToken  = `{"sid":"1.=_-aZ"}`
	unknownTok = `{"errcode":"M_UNKNOWN_TOKEN","error":"no","soft_logout":true}`
	challenge  = `{"flows":[{"stages":["m.login.password"]}],"params":{},"session":"x"}`
)

// judged is what a response to an operation is filed as.
func judged(t *testing.T, versions []string, operation string, c canned) []string {
	t.Helper()
	found := Judge(versions, c.response(operation))
	for _, f := range found {
		if f.Row.Operation != operation || f.Message == "" {
			t.Errorf("filed under %s with the message %q", f.Row.Operation, f.Message)
		}
	}
	return brief(found)
}

func TestCorrectResponsesAreNotHeldAgainstTheServer(t *testing.T) {
	for operation, responses := range map[string][]canned{
		"getAccount3PIDs": {{status: 200, body: goodList}, {status: 200, body: `{"threepids":[]}`},
			{status: 200, body: strings.Replace(goodList, "email", "msisdn", 1)}, {status: 200, contentType: "Application/JSON; charset=utf-8", body: goodList}},
		"post3PIDs":                {{status: 200, body: `{}`}, {status: 200, body: `{"submit_url":"https://hs.example/s"}`}},
		"add3PID":                  {{status: 200, body: `{}`}, {status: 401, body: challenge}, {status: 401, body: `{"flows":[{"stages":["a"]}],"errcode":"M_FORBIDDEN","error":"no"}`}},
		"bind3PID":                 {{status: 200, body: `{}`}},
		"delete3pidFromAccount":    {{status: 200, body: `{"id_server_unbind_result":"no-support"}`}},
		"unbind3pidFromAccount":    {{status: 200, body: `{"id_server_unbind_result":"success"}`}},
		"requestTokenTo3PIDEmail":  {{status: 200, body: goodToken}, {status: 400, body: `{"errcode":"M_THREEPID_IN_USE","error":"taken"}`}},
		"requestTokenTo3PIDMSISDN": {{status: 200, body: goodToken}, {status: 403, body: `{"errcode":"ORG.EXAMPLE_DENIED","error":""}`}},
	} {
		common := []canned{
			{status: 401, body: unknownTok},
			{status: 404, body: `{"errcode":"M_UNRECOGNIZED","error":"no"}`},
			{status: 429, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":2000}`, header: http.Header{"Retry-After": {"2"}}},
			{status: 500, body: `{"errcode":"M_UNKNOWN","error":"oh"}`},
		}
		for _, c := range append(responses, common...) {
			NewWithT(t).Expect(judged(t, modern, operation, c)).To(BeEmpty(), "%s %d %s", operation, c.status, c.body)
		}
	}
	for _, op := range schemas.Operations() {
		NewWithT(t).Expect(judged(t, nil, op.ID, canned{status: 200, contentType: "text/plain", body: "x"})).
			To(BeEmpty(), "a server without versions owes nothing")
	}
}

func TestWhatAResponseBreaks(t *testing.T) {
	const gen001, gen002, gen003, gen004, gen005 = "gen-001-json-object-body", "gen-002-content-type-json", "gen-003-utf8",
		"gen-004-standard-error-shape", "gen-005-errcode-form"
	const rl001 = "rl-001-429-shape"
	broken := map[string]bool{} // rules of the schemas
	item := func(old, new string) string { return strings.Replace(goodList, old, new, 1) }
	for _, c := range []struct {
		operation string
		response  canned
		want      []string
	}{
		// One JSON object, labelled as such, in UTF-8.
		{"bind3PID", canned{status: 200, body: ""}, []string{gen001}},
		{"bind3PID", canned{status: 200, body: "OK"}, []string{gen001}},
		{"bind3PID", canned{status: 200, body: `{}{}`}, []string{gen001}},
		{"bind3PID", canned{status: 200, body: `[]`}, []string{gen001}},
		{"bind3PID", canned{status: 200, body: `null`}, []string{gen001}},
		{"bind3PID", canned{status: 200, body: `"OK"`}, []string{gen001}},
		{"getAccount3PIDs", canned{status: 200, body: "[" + address + "]"}, []string{gen001}},
		{"add3PID", canned{status: 401, body: `[]`}, []string{gen001}},
		{"getAccount3PIDs", canned{status: 200, body: item("a@b", "\xe4@b")}, []string{gen003}},
		{"getAccount3PIDs", canned{status: 404, body: "{\"errcode\":\"M_X\",\"error\":\"\xff\"}"}, []string{gen003}},
		{"add3PID", canned{status: 401, contentType: "text/html", body: challenge}, []string{gen002}},
		{"add3PID", canned{status: 200, contentType: "-", body: `{}`}, []string{gen002}},
		{"add3PID", canned{status: 200, contentType: "application/jsonp", body: `{}`}, []string{gen002}},
		{"add3PID", canned{status: 502, contentType: "text/html", body: `<html>`}, []string{gen002, gen001}},
		{"add3PID", canned{status: 302, contentType: "-", header: http.Header{"Location": {"/elsewhere"}}}, []string{gen002, gen001}},

		// Success has one status.
		{"getAccount3PIDs", canned{status: 201, body: goodList}, []string{"get-001-200-schema"}},
		{"post3PIDs", canned{status: 202, body: `{}`}, []string{"post-007-success-200"}},
		{"add3PID", canned{status: 201, body: `{}`}, []string{"add-001-success-200"}},
		{"bind3PID", canned{status: 201, body: `{}`}, []string{"bind-005-success-200"}},
		{"unbind3pidFromAccount", canned{status: 201, body: `{}`}, []string{"rem-003-response-schema"}},
		{"requestTokenTo3PIDEmail", canned{status: 201, body: goodToken}, []string{"email-002-success-sid"}},
		{"requestTokenTo3PIDMSISDN", canned{status: 201, body: goodToken}, []string{"msisdn-002-success"}},
		// Standard errors.
		{"post3PIDs", canned{status: 400, body: `{"message":"nope"}`}, []string{gen004}},
		{"post3PIDs", canned{status: 400, body: `{"errcode":"M_UNKNOWN"}`}, []string{gen004}},
		{"post3PIDs", canned{status: 500, body: `{"errcode":"M_UNKNOWN","error":null}`}, []string{gen004}},
		{"post3PIDs", canned{status: 403, body: `{"errcode":7,"error":"no"}`}, []string{gen004}},
		{"post3PIDs", canned{status: 400, body: `{"errcode":"m_unknown","error":"no"}`}, []string{gen005}},
		{"post3PIDs", canned{status: 400, body: `{"errcode":"ThreepidInUse","error":"no"}`}, []string{gen005}},
		{"post3PIDs", canned{status: 400, body: `{"errcode":"","error":"no"}`}, []string{gen004, gen005}},
		{"post3PIDs", canned{status: 400, body: `{"errcode":"Oops"}`}, []string{gen004, gen005}},
		{"getAccount3PIDs", canned{status: 401, body: challenge}, []string{gen004}},
		{"add3PID", canned{status: 401, body: `{"errcode":"M_MISSING_TOKEN"}`}, []string{gen004}},
		{"add3PID", canned{status: 401, body: `{"errcode":"missing","error":"no"}`}, []string{gen005}},

		{"add3PID", canned{status: 401, body: `{"errcode":7,"error":"no"}`}, []string{gen004}},
		{"add3PID", canned{status: 401, body: `{"errcode":"M_MISSING_TOKEN","error":5}`}, []string{gen004}},

		// Rate limits. The errcode of a 429 is the strict half.
		{"bind3PID", canned{status: 429, body: `{"errcode":"M_FORBIDDEN","error":"slow"}`}, []string{rl001 + " strict"}},
		{"bind3PID", canned{status: 429, body: `{"errcode":"limited","error":"slow"}`}, []string{gen005, rl001 + " strict"}},
		{"bind3PID", canned{status: 429, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":-1}`}, []string{"rl-002-retry-after-ms-type"}},
		{"bind3PID", canned{status: 403, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow"}`}, []string{rl001 + " strict"}},
		{"bind3PID", canned{status: 429, contentType: "text/html", body: "<html>"}, []string{gen002, gen001, rl001}},

		// The challenge.
		{"add3PID", canned{status: 401, body: `{"flows":[]}`}, []string{"uia-002-flows-non-empty"}},
		{"add3PID", canned{status: 401, body: `{"flows":[{"stages":["a"]},{"stages":[]}]}`}, []string{"uia-002-flows-non-empty"}},
		{"add3PID", canned{status: 401, body: `{"flows":[["a"]]}`}, []string{"uia-001-challenge-schema"}},
		{"add3PID", canned{status: 401, body: `{"flows":[{"stages":["a"]}],"params":null}`}, []string{"uia-001-challenge-schema"}},
		{"add3PID", canned{status: 401, body: `{"session":"x"}`}, []string{"uia-001-challenge-schema"}},
		{"add3PID", canned{status: 401, body: `{"flows":[{"stages":["a"]}],"errcode":"Nope","error":"no"}`}, []string{gen005}},

		// The list.
		{"getAccount3PIDs", canned{status: 200, body: `{}`}, nil},
		{"getAccount3PIDs", canned{status: 200, body: `{"threepids":null}`}, []string{"get-001-200-schema"}},
		{"getAccount3PIDs", canned{status: 200, body: `{"threepids":{}}`}, []string{"get-001-200-schema"}},
		{"getAccount3PIDs", canned{status: 200, body: `{"threepids":["a@b.example"]}`}, []string{"get-001-200-schema"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`"added_at":1700000000000,`, ``)}, []string{"get-003-item-required-fields"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`"medium":"email",`, ``)}, []string{"get-003-item-required-fields"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`"a@b.example"`, `null`)}, []string{"get-003-item-required-fields"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`1600000000000`, `"1600000000000"`)}, []string{"get-003-item-required-fields"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`1600000000000`, `1600000000000.5`)}, []string{"get-003-item-required-fields"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`"email"`, `"Email"`)}, []string{"get-004-medium-enum"}},
		{"getAccount3PIDs", canned{status: 200, body: item(`"email"`, `"phone"`)}, []string{"get-004-medium-enum"}},
		{"getAccount3PIDs", canned{status: 200, body: item("1700000000000", "1700000000")}, []string{"get-005-added-at-milliseconds"}},
		{"getAccount3PIDs", canned{status: 200, body: item("1600000000000", "1600000000")}, []string{"get-006-validated-at-milliseconds"}},
		{"getAccount3PIDs", canned{status: 200, body: strings.NewReplacer("1600000000000", "0", "1700000000000", "0").Replace(goodList)},
			[]string{"get-005-added-at-milliseconds", "get-006-validated-at-milliseconds"}},
		{"getAccount3PIDs", canned{status: 200, body: `{"threepids":[{},{}]}`}, []string{"get-003-item-required-fields"}},

		// The session.
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{"sid":42}`}, []string{"email-002-success-sid"}},
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{}`}, []string{"email-002-success-sid"}},
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{"sid":"s","submit_url":"/s"}`}, []string{"email-002-success-sid"}},
		{"requestTokenTo3PIDMSISDN", canned{status: 200, body: `{"sid":42}`}, []string{"msisdn-002-success"}},
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{"sid":"a/b"}`}, []string{"email-003-sid-grammar"}},
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{"sid":""}`}, []string{"email-003-sid-grammar"}},
		{"requestTokenTo3PIDEmail", canned{status: 200, body: `{"sid":"` + strings.Repeat("s", 256) + `"}`}, []string{"email-003-sid-grammar"}},
		{"requestTokenTo3PIDMSISDN", canned{status: 200, body: `{"sid":"a:b"}`}, []string{"email-003-sid-grammar"}},

		// The others.
		{"post3PIDs", canned{status: 200, body: `{"submit_url":null}`}, []string{"post-007-success-200"}},
		{"delete3pidFromAccount", canned{status: 200, body: `{}`}, []string{"rem-003-response-schema"}},
		{"unbind3pidFromAccount", canned{status: 200, body: `{"id_server_unbind_result":true}`}, []string{"rem-003-response-schema"}},
		{"unbind3pidFromAccount", canned{status: 200, body: `{"id_server_unbind_result":"failed"}`}, []string{"rem-003-response-schema"}},
	} {
		NewWithT(t).Expect(judged(t, modern, c.operation, c.response)).
			To(ConsistOf(c.want), "%s %d %q", c.operation, c.response.status, c.response.body)
		value, _ := schemas.Decode([]byte(c.response.body))
		violations, _ := schemas.For(modern).Check(c.operation, c.response.status, value)
		for _, v := range violations {
			broken[v.Rule] = true
		}
	}
	for _, rule := range schemas.Rules() {
		NewWithT(t).Expect(broken).To(HaveKey(rule), "no response of this test breaks the rule")
	}
}

func TestMessagesSayWhatWasExpectedAndWhatCame(t *testing.T) {
	for part, c := range map[string]struct {
		operation string
		response  canned
	}{
		`expected Content-Type application/json; the 401 answer has "text/html; x=y"`: {"add3PID", canned{status: 401, contentType: "text/html; x=y", body: challenge}},
		`expected the 200 answer to be one JSON object; the body is a JSON array`:     {"bind3PID", canned{status: 200, body: "[]"}},
		`the 200 answer breaks its schema at /threepids/0/medium`:                     {"getAccount3PIDs", canned{status: 200, body: strings.Replace(goodList, "email", "phone", 1)}},
		`the 400 answer breaks its schema at the top level`:                           {"bind3PID", canned{status: 400, body: `{"error":"no"}`}},
		`expected errcode M_LIMIT_EXCEEDED with status 429; got "M_FORBIDDEN"`:        {"bind3PID", canned{status: 429, body: `{"errcode":"M_FORBIDDEN","error":"slow"}`}},
	} {
		found := Judge(modern, c.response.response(c.operation))
		g := NewWithT(t)
		g.Expect(found).To(HaveLen(1))
		g.Expect(found[0].Message).To(ContainSubstring(part))
	}
}

func TestTheShapeOfA429(t *testing.T) {
	const rl001, rl002, rl004 = "rl-001-429-shape", "rl-002-retry-after-ms-type", "rl-004-retry-after-header"
	body := func(retryAfter string) string {
		return `{"errcode":"M_LIMIT_EXCEEDED","error":"slow","retry_after_ms":` + retryAfter + `}`
	}
	const without = `{"errcode":"M_LIMIT_EXCEEDED","error":"slow"}`
	for _, c := range []struct {
		name   string
		header string
		body   string
		want   []string
	}{
		{"no hint at all", "", without, nil},
		{"no error", "", `{"errcode":"M_LIMIT_EXCEEDED"}`, []string{rl001}},
		{"no errcode", "", `{"error":"slow"}`, []string{rl001}},
		{"error of another type", "", `{"errcode":"M_LIMIT_EXCEEDED","error":7}`, []string{rl001}},

		{"zero", "", body("0"), nil},
		{"fraction", "", body("2.5"), []string{rl002}},
		{"string", "", body(`"2000"`), []string{rl002}},
		{"null", "", body("null"), []string{rl002}},
		{"negative", "", body("-1"), []string{rl002}},

		{"header alone", "2", without, nil},
		{"date", "Tue, 24 Nov 2026 14:00:00 GMT", body("2000"), nil},
		{"both agree", "2", body("2000"), nil},
		{"rounded up", "3", body("2001"), nil},
		{"rounded down", "2", body("2999"), nil},
		{"a second apart", "2", body("3000"), nil},
		{"more than that", "2", body("3001"), []string{rl004}},
		{"milliseconds in the header", "2000", body("2000"), []string{rl004}},
		{"fraction in the header", "2.5", without, []string{rl004}},
		{"unit in the header", "2s", without, []string{rl004}},
		{"negative header", "-2", without, []string{rl004}},
		{"both wrong", "soon", body("-1"), []string{rl002, rl004}},
	} {
		response := canned{status: 429, body: c.body}
		if c.header != "" {
			response.header = http.Header{"Retry-After": {c.header}}
		}
		for _, operation := range []string{"getAccount3PIDs", "add3PID"} {
			NewWithT(t).Expect(judged(t, modern, operation, response)).To(ConsistOf(c.want), "%s: %s", operation, c.name)
		}
	}
}

func TestWhatIsOwedFromAVersionOn(t *testing.T) {
	const rl004, acc007 = "rl-004-retry-after-header", "acc-007-resource-limit-shape"
	badHeader := canned{status: 429, header: http.Header{"Retry-After": {"soon"}}, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow"}`}
	noInfoURI := canned{status: 403, body: `{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full"}`}
	for _, c := range []struct {
		version  string
		response canned
		want     []string
	}{
		{"v1.9", badHeader, []string{}}, {"v1.10", badHeader, []string{rl004}},
		{"v1.17", noInfoURI, []string{}}, {"v1.18", noInfoURI, []string{acc007}},
	} {
		NewWithT(t).Expect(judged(t, []string{"v1.1", c.version}, "add3PID", c.response)).To(Equal(c.want), c.version)
	}
}

func TestErrorsThatMustBringAField(t *testing.T) {
	const acc007 = "acc-007-resource-limit-shape"
	for body, want := range map[string][]string{
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","error":"full","admin_contact":"mailto:a@b"}`:                 {},
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","error":"full"}`:                                              {acc007},
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","error":"full","admin_contact":null}`:                         {acc007},
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","error":"full","info_uri":"https://x"}`:                       {acc007},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","info_uri":"https://hs.example"}`:                  {},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","info_uri":"https://x","can_upgrade":true}`:        {},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","info_uri":"https://x","can_upgrade":"yes"}`:       {acc007},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full"}`:                                                  {acc007},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","admin_contact":"mailto:a@b"}`:                     {acc007},
		`{"errcode":"M_LIMIT_EXCEEDED_BY_FAR","error":"full"}`:                                                {},
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","admin_contact":"mailto:a@b","error":"full","can_upgrade":1}`: {},
	} {
		NewWithT(t).Expect(judged(t, modern, "add3PID", canned{status: 403, body: body})).To(Equal(want), body)
	}
}
