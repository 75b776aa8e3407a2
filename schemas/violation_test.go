package schemas

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// schemaOf makes a schema of its text.
func schemaOf(t *testing.T, text string) *schema {
	t.Helper()
	c, err := compile([]byte(text))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return &schema{name: "test.json", rule: RuleSchema, compiled: func() *compiled { return c }}
}

func TestViolationsNameTheSchema(t *testing.T) {
	for _, c := range []struct {
		operation string
		status    int
		body      string
		want      string
	}{
		{"getAccount3PIDs", 200, `[]`, "v1.19/getAccount3PIDs/200.json"},
		{"bind3PID", 200, `[]`, "v1.19/bind3PID/200.json"}, // whose text is that of another operation
		{"add3PID", 401, `{}`, "v1.19/add3PID/401.json"},
		{"add3PID", 401, `{"errcode": 1}`, "v1.19/common/error.json"},
		{"add3PID", 400, `{}`, "v1.19/common/error.json"},
		{"getAccount3PIDs", 429, `{}`, "v1.19/common/rate_limited.json"},
		{"getAccount3PIDs", 204, `[]`, "strict/json-object.json"},
		{"post3PIDs", 400, `{"errcode": "M_X"}`, "strict/error-key.json"},
	} {
		violations := broken(t, For([]string{"v1.19"}), c.operation, c.status, c.body)
		NewWithT(t).Expect(violations[0].Schema).To(Equal(c.want))
	}
}

func TestDetailsSayWhatWasWantedAndWhatCame(t *testing.T) {
	for _, c := range []struct {
		operation string
		status    int
		body      string
		want      string
	}{
		{"getAccount3PIDs", 200, `[]`, "the top level: want object, got array (type in v1.6/getAccount3PIDs/200.json)"},
		{"requestTokenTo3PIDEmail", 200, `{}`, `the top level: the key "sid" is missing (required in v1.6/requestTokenTo3PIDEmail/200.json)`},
		{"delete3pidFromAccount", 200, `{"id_server_unbind_result": "failed"}`, `/id_server_unbind_result: want one of "no-support", "success", got "failed" (enum in v1.6/delete3pidFromAccount/200.json)`},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "", "retry_after_ms": 2e3}`, `/retry_after_ms: want an integer without fraction and exponent, got 2e3 (type in v1.6/add3PID/429.json)`},
		{"post3PIDs", 200, `{"submit_url": "s3cret"}`, `/submit_url: want an absolute http or https URI, got a string of 6 characters (format in v1.6/post3PIDs/200.json)`},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535176800000", "-9223372036854775809", 1), `/threepids/0/validated_at: want a whole number of 64 bits, got -9223372036854775809 (format in v1.6/getAccount3PIDs/200.json)`},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535176800000", "7", 1), `/threepids/0/validated_at: want at least 1000000000000, got 7 (minimum in strict/timestamp-milliseconds.json)`},
		{"requestTokenTo3PIDEmail", 200, `{"sid": "s3cret/"}`, `/sid: want text of the form ^[0-9a-zA-Z.=_-]{1,255}$, got a string of 7 characters (pattern in strict/sid-grammar.json)`},
		{"post3PIDs", 400, `{"errcode": "Oops", "error": ""}`, `/errcode: want text of the form ^[A-Z][A-Z0-9.]*_[A-Z0-9._]+$, got "Oops" (pattern in strict/errcode-form.json)`},
		{"add3PID", 401, `{"flows": []}`, `/flows: want at least 1 in the list, got a list of 0 (minItems in strict/flows-non-empty.json)`},
	} {
		g := NewWithT(t)
		var lines []string
		for _, v := range broken(t, For([]string{"v1.6"}), c.operation, c.status, c.body) {
			lines = append(lines, v.String())
		}
		g.Expect(lines).To(ContainElement(c.want))
		g.Expect(strings.Join(lines, "\n")).NotTo(ContainSubstring("s3cret"))
	}
}

func TestViolationsComeInTheSameOrder(t *testing.T) {
	g := NewWithT(t)
	const body = `{"threepids": [{"medium": "fax", "added_at": "x"}, {}, 1, {"address": 1, "validated_at": 1.0}], "x": 1}`
	first := broken(t, For(nil), "getAccount3PIDs", 200, body)
	g.Expect(first).To(HaveLen(14))
	for range 20 {
		fresh, err := load(files) // the order differs between compilations
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(broken(t, fresh.sets[0], "getAccount3PIDs", 200, body)).To(Equal(first))
	}
}

// The validator's panics end in an error; no schema of ours provokes one, so
// one is made here: the validator's raw numbers, which Decode never returns.
func TestPanicsOfTheValidatorAreContained(t *testing.T) {
	_, err := schemaOf(t, `{"uniqueItems": true, "items": {"type": "string"}}`).validate([]string{"not what Decode makes"})
	NewWithT(t).Expect(err).To(MatchError(ContainSubstring("the validator panicked")))
}
