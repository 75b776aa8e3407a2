package exchange

import (
	"net/http"
	"testing"

	. "github.com/onsi/gomega"
)

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
		answer := canned{status: 429, body: c.body}
		if c.header != "" {
			answer.header = http.Header{"Retry-After": {c.header}}
		}
		for _, operation := range []string{"getAccount3PIDs", "add3PID"} {
			NewWithT(t).Expect(brief(judged(t, modern, operation, answer))).To(ConsistOf(c.want), "%s: %s", operation, c.name)
		}
	}
}

func TestA429WithAnotherErrcode(t *testing.T) {
	g := NewWithT(t)
	found := judged(t, modern, "bind3PID", canned{status: 429, body: `{"errcode":"M_FORBIDDEN","error":"slow"}`})
	g.Expect(found).To(HaveLen(1))
	g.Expect(found[0].Row.Requirement).To(Equal("rl-001-429-shape"))
	g.Expect(found[0].Message).To(And(ContainSubstring("M_LIMIT_EXCEEDED"), ContainSubstring(`"M_FORBIDDEN"`)))
}

func TestTheHeaderOfA429IsJudgedFromItsVersionOn(t *testing.T) {
	wrong := canned{status: 429, header: http.Header{"Retry-After": {"soon"}}, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow"}`}
	for version, want := range map[string][]string{"v1.9": {}, "v1.10": {"rl-004-retry-after-header"}} {
		NewWithT(t).Expect(brief(judged(t, []string{"v1.1", version}, "bind3PID", wrong))).To(Equal(want), version)
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
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full"}`:                                                  {acc007},
		`{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","admin_contact":"mailto:a@b"}`:                     {acc007},
		`{"errcode":"M_LIMIT_EXCEEDED_BY_FAR","error":"full"}`:                                                {},
		`{"errcode":"M_RESOURCE_LIMIT_EXCEEDED","admin_contact":"mailto:a@b","error":"full","can_upgrade":1}`: {},
	} {
		NewWithT(t).Expect(brief(judged(t, modern, "add3PID", canned{status: 403, body: body}))).To(Equal(want), body)
	}
}
