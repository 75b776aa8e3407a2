package schemas

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestCheckStrict(t *testing.T) {
	sid := func(text string) string { return fmt.Sprintf(`{"sid": %q}`, text) }
	badSID := []string{`"/sid" pattern sid sid-grammar`}
	for _, c := range []struct {
		operation string
		status    int
		body      string
		want      []string
	}{
		{"getAccount3PIDs", 200, goodList, nil},
		{"getAccount3PIDs", 200, `{"threepids": []}`, nil},
		{"getAccount3PIDs", 200, `{}`, nil},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535176800000", "1535176800", 1), []string{`"/threepids/0/validated_at" minimum validated_at timestamp-milliseconds`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "0", 1), []string{`"/threepids/0/added_at" minimum added_at timestamp-milliseconds`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "-1535336848756", 1), []string{`"/threepids/0/added_at" minimum added_at timestamp-milliseconds`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "1000000000000", 1), nil},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "999999999999", 1), []string{`"/threepids/0/added_at" minimum added_at timestamp-milliseconds`}},

		{"requestTokenTo3PIDEmail", 200, sid("abcXYZ019.=_-"), nil},
		{"requestTokenTo3PIDEmail", 200, sid(strings.Repeat("x", 255)), nil},
		{"requestTokenTo3PIDEmail", 200, sid(strings.Repeat("x", 256)), badSID},
		{"requestTokenTo3PIDEmail", 200, sid(""), badSID},
		{"requestTokenTo3PIDEmail", 200, sid("abc\n"), badSID},
		{"requestTokenTo3PIDEmail", 200, sid("\nabc"), badSID},
		{"requestTokenTo3PIDEmail", 200, sid("a\nb"), badSID},
		{"requestTokenTo3PIDEmail", 200, sid("a~b"), badSID},
		{"requestTokenTo3PIDMSISDN", 200, sid("a+b/c"), badSID},
		{"requestTokenTo3PIDMSISDN", 200, sid("é"), badSID},

		{"add3PID", 401, `{"flows": [{"stages": ["m.login.password"]}]}`, nil},
		{"add3PID", 401, `{"flows": []}`, []string{`"/flows" minItems flows flows-non-empty`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}, {"stages": []}]}`, []string{`"/flows/1/stages" minItems stages stages-non-empty`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}], "errcode": "Forbidden"}`, []string{`"/errcode" pattern errcode errcode-form`}},
		{"add3PID", 401, `{"errcode": "M_UNKNOWN_TOKEN"}`, []string{`"" required error error-key`}},

		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 0}`, nil},
		{"bind3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": -1}`, []string{`"/retry_after_ms" minimum retry_after_ms retry-after-non-negative`}},
		{"post3PIDs", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": -1}`, []string{`"/retry_after_ms" minimum retry_after_ms retry-after-non-negative`}},
		{"post3PIDs", 400, `{"errcode": "M_UNKNOWN", "error": "", "retry_after_ms": -1}`, nil},

		{"post3PIDs", 403, `{"errcode": "M_THREEPID_AUTH_FAILED"}`, []string{`"" required error error-key`}},
		{"post3PIDs", 403, `{"errcode": "", "error": "no"}`, []string{`"/errcode" minLength errcode error-key`, `"/errcode" pattern errcode errcode-form`}},
		{"post3PIDs", 403, `{"errcode": "ThreepidInUse", "error": "no"}`, []string{`"/errcode" pattern errcode errcode-form`}},
		{"post3PIDs", 403, `{"errcode": "m_threepid_in_use", "error": "no"}`, []string{`"/errcode" pattern errcode errcode-form`}},
		{"post3PIDs", 500, `{"errcode": "ORG.EXAMPLE_MY_ERROR", "error": "no"}`, nil},
		{"post3PIDs", 400, `{"errcode": "M_UNKNOWN\n", "error": "no"}`, []string{`"/errcode" pattern errcode errcode-form`}},

		// What Check reports is not reported again.
		{"post3PIDs", 400, `{"error": "no"}`, nil},
		{"post3PIDs", 400, `{"errcode": 1, "error": 2}`, nil},
		{"requestTokenTo3PIDEmail", 200, `{"sid": 42}`, nil},
		{"requestTokenTo3PIDEmail", 200, `{}`, nil},
		{"getAccount3PIDs", 200, `{"threepids": [{"added_at": "x"}, 7]}`, nil},
		{"getAccount3PIDs", 200, `[]`, nil},
		{"add3PID", 401, `{"flows": {}}`, nil},
		{"post3PIDs", 200, `{}`, nil},
		{"getAccount3PIDs", 204, `{}`, nil},
	} {
		everySet(t, func(g *WithT, set *Set) {
			violations, err := set.CheckStrict(c.operation, c.status, []byte(c.body))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(brief(violations)).To(HaveExactElements(toAny(c.want)...), "%s %d %s", c.operation, c.status, c.body)
		})
	}
}
