package exchange

import (
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

const (
	address    = `{"medium":"email","address":"a@b.example","added_at":1700000000000,"validated_at":1600000000000}`
	goodList   = `{"threepids":[` + address + `]}`
	goodToken  = `{"sid":"1.=_-aZ"}`
	unknownTok = `{"errcode":"M_UNKNOWN_TOKEN","error":"no","soft_logout":true}`
	challenge  = `{"flows":[{"stages":["m.login.password"]}],"params":{},"session":"x"}`
)

// judged is what an answer of an operation is filed as.
func judged(t *testing.T, versions []string, operation string, c canned) []verdict.Finding {
	t.Helper()
	w := connect(t, serve(t, c), versions, enough)
	w.answer(t, call(t, operation))
	for _, f := range w.recorder.Findings() {
		if f.Row.Operation != operation {
			t.Errorf("filed under %s, not %s", f.Row.Operation, operation)
		}
		if f.Message == "" {
			t.Errorf("%s has no message", f.Row.Requirement)
		}
	}
	return w.recorder.Findings()
}

func TestCorrectAnswersAreNotHeldAgainstTheServer(t *testing.T) {
	for operation, answers := range map[string][]canned{
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
		for _, c := range append(answers, common...) {
			NewWithT(t).Expect(judged(t, modern, operation, c)).To(BeEmpty(), "%s %d %s", operation, c.status, c.body)
		}
	}
	for _, op := range schemas.Operations() {
		NewWithT(t).Expect(judged(t, nil, op.ID, canned{status: 200, contentType: "text/plain", body: "x"})).
			To(BeEmpty(), "a server without versions owes nothing")
	}
}

func TestWhatAnAnswerBreaks(t *testing.T) {
	const gen001, gen002, gen003, gen004, gen005 = "gen-001-json-object-body", "gen-002-content-type-json", "gen-003-utf8",
		"gen-004-standard-error-shape", "gen-005-errcode-form"
	item := func(old, new string) string { return strings.Replace(goodList, old, new, 1) }
	for _, c := range []struct {
		operation string
		answer    canned
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
		NewWithT(t).Expect(brief(judged(t, modern, c.operation, c.answer))).
			To(ConsistOf(c.want), "%s %d %q", c.operation, c.answer.status, c.answer.body)
	}
}

func TestMessagesSayWhatWasExpectedAndWhatCame(t *testing.T) {
	for part, c := range map[string]struct {
		operation string
		answer    canned
	}{
		`expected Content-Type application/json; the 401 answer has "text/html; x=y"`: {"add3PID", canned{status: 401, contentType: "text/html; x=y", body: challenge}},
		`expected the 200 answer to be one JSON object; the body is a JSON array`:     {"bind3PID", canned{status: 200, body: "[]"}},
		`the 200 answer breaks its schema at /threepids/0/medium`:                     {"getAccount3PIDs", canned{status: 200, body: strings.Replace(goodList, "email", "phone", 1)}},
		`the 400 answer breaks its schema at the top level`:                           {"bind3PID", canned{status: 400, body: `{"error":"no"}`}},
	} {
		found := judged(t, modern, c.operation, c.answer)
		g := NewWithT(t)
		g.Expect(found).To(HaveLen(1))
		g.Expect(found[0].Message).To(ContainSubstring(part))
		g.Expect(found[0].Exchange).To(Equal("p1-1"))
	}
}

func TestAKindOfDefectIsFiledOncePerAnswer(t *testing.T) {
	g := NewWithT(t)
	w := connect(t, serve(t, canned{status: 200, body: `{"threepids":[{},{},{}]}`}), modern, enough)
	w.answer(t, call(t, "getAccount3PIDs"))
	g.Expect(w.recorder.Findings()).To(HaveLen(1))
	w.answer(t, call(t, "getAccount3PIDs"))
	g.Expect(w.recorder.Findings()).To(HaveLen(2), "each answer is evidence of its own")
}

func TestOnlyAnswersOfTheEightOperationsAreJudged(t *testing.T) {
	bad := canned{status: 500, contentType: "text/html", body: "<html>"}
	hs, other := serve(t, bad), serve(t, bad)
	const path = "/_matrix/client/v3/account/3pid"
	for name, r := range map[string]Request{
		"another operation":       {Method: http.MethodGet, Path: "/_matrix/client/v3/account/whoami"},
		"another method":          {Method: http.MethodPut, Path: path},
		"a preflight":             {Method: http.MethodOptions, Path: path},
		"an older path":           {Method: http.MethodGet, Path: "/_matrix/client/r0/account/3pid"},
		"a path below it":         {Method: http.MethodGet, Path: path + "/"},
		"outside the base URL":    {Method: http.MethodGet, Path: other + path},
		"a port that begins like": {Method: http.MethodGet, Path: hs + "0" + path},
	} {
		g := NewWithT(t)
		w := connect(t, hs, modern, enough)
		a, err := w.Do(t.Context(), r)
		if err == nil {
			g.Expect(a.Operation).To(BeEmpty(), name)
		}
		g.Expect(w.recorder.Findings()).To(BeEmpty(), name)
		g.Expect(w.recorder.Last()).To(BeNil(), name)
		g.Expect(w.recorder.Seen()).To(HaveLen(1), "%s: it is recorded all the same", name)
	}
	for name, r := range map[string]Request{
		"with a query":    {Method: http.MethodGet, Path: path + "?access_token=x"},
		"as absolute URL": {Method: http.MethodGet, Path: hs + path},
	} {
		w := connect(t, hs+"/", modern, enough)
		NewWithT(t).Expect(w.answer(t, r).Operation).To(Equal("getAccount3PIDs"), name)
	}
}

func TestABaseURLMayHaveAPath(t *testing.T) {
	g := NewWithT(t)
	hs := serve(t, canned{status: 200, body: `{}`})
	w := connect(t, hs+"/matrix/", modern, enough)
	g.Expect(w.Base()).To(Equal(hs + "/matrix"))
	g.Expect(w.answer(t, call(t, "bind3PID")).Operation).To(Equal("bind3PID"))
	outside := Request{Method: http.MethodPost, Path: hs + "/_matrix/client/v3/account/3pid/bind"}
	g.Expect(w.answer(t, outside).Operation).To(BeEmpty())
}

func TestTheNewestAdvertisedVersionChoosesTheSchemas(t *testing.T) {
	for version, set := range map[string]string{"v1.6": "v1.6", "v1.18": "v1.18", "v1.99": schemas.For([]string{"v1.999"}).Version} {
		c := NewClient("http://127.0.0.1", []string{"v1.1", version}, nil, enough)
		NewWithT(t).Expect(c.set.Version).To(Equal(set), version)
	}
}
