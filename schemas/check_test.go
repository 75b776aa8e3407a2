package schemas

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	. "github.com/onsi/gomega"
)

const goodList = `{"threepids": [{"medium": "email", "address": "a@example.org", "validated_at": 1535176800000, "added_at": 1535336848756}]}`

// brief renders violations as "pointer keyword field rule".
func brief(violations []Violation) []string {
	list := []string{}
	for _, v := range violations {
		list = append(list, fmt.Sprintf("%q %s %s %s", v.Pointer, v.Keyword, v.Field, v.Rule))
	}
	return list
}

// broken checks a body that is JSON.
func broken(t *testing.T, set *Set, operation string, status int, body string) []Violation {
	t.Helper()
	value, err := Decode([]byte(body))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	violations, err := set.Check(operation, status, value)
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return violations
}

func TestCheck(t *testing.T) {
	sid := func(text string) string { return fmt.Sprintf(`{"sid": %q}`, text) }
	badSID := []string{`"/sid" pattern sid sid-grammar`}
	for _, c := range []struct {
		operation string
		status    int
		body      string
		want      []string // brief; nil for a good answer
	}{
		{"getAccount3PIDs", 200, goodList, nil},
		{"getAccount3PIDs", 200, `{"threepids": []}`, nil},
		{"getAccount3PIDs", 200, `{}`, nil},
		{"getAccount3PIDs", 200, `{"threepids": [], "org.example.more": 1.5}`, nil},
		{"getAccount3PIDs", 200, `{"threepids": null}`, []string{`"/threepids" type threepids schema`}},
		{"getAccount3PIDs", 200, `[]`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 200, `null`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 200, `{"threepids": ["a@example.org"]}`, []string{`"/threepids/0" type threepids schema`}},
		{"getAccount3PIDs", 200, `{"threepids": [{}]}`, []string{
			`"/threepids/0" required added_at schema`, `"/threepids/0" required address schema`,
			`"/threepids/0" required medium schema`, `"/threepids/0" required validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `"email"`, `"Email"`, 1), []string{`"/threepids/0/medium" enum medium schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `"email"`, `null`, 1), []string{`"/threepids/0/medium" type medium schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `"1535176800000"`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `1535176800000.0`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `9223372036854775807`, 1), nil},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `9223372036854775808`, 1), []string{`"/threepids/0/validated_at" format validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, strings.Repeat("9", 300), 1), []string{`"/threepids/0/validated_at" format validated_at schema`}},

		{"post3PIDs", 200, `{}`, nil},
		{"post3PIDs", 200, `{"submit_url": "https://hs.example/submit?x=%2F#y"}`, nil},
		{"post3PIDs", 200, `{"submit_url": "/submit"}`, []string{`"/submit_url" format submit_url schema`}},
		{"post3PIDs", 200, `{"submit_url": null}`, []string{`"/submit_url" type submit_url schema`}},
		{"post3PIDs", 403, `{"errcode": "M_THREEPID_AUTH_FAILED", "error": "no"}`, nil},
		{"post3PIDs", 403, `{"message": "no"}`, []string{`"" required errcode schema`, `"" required error error-key`}},

		{"add3PID", 200, `{}`, nil},
		{"add3PID", 200, `"OK"`, []string{`"" type  schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["m.login.password"]}], "params": {}, "session": "x", "completed": ["m.login.dummy"]}`, nil},
		{"add3PID", 401, `{"flows": [{"stages": ["m.login.password"]}], "errcode": "M_FORBIDDEN", "error": "no"}`, nil},
		{"add3PID", 401, `{"flows": [["m.login.password"]]}`, []string{`"/flows/0" type flows schema`}},
		{"add3PID", 401, `{"flows": [{}]}`, []string{`"/flows/0" required stages schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a", 1]}]}`, []string{`"/flows/0/stages/1" type stages schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}], "params": null}`, []string{`"/params" type params schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}], "params": {"m.login/terms~": 1}}`, []string{`"/params/m.login~1terms~0" type m.login/terms~ schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}], "params": {"7": []}}`, []string{`"/params/7" type 7 schema`}},
		{"add3PID", 401, `{}`, []string{`"" required flows schema`}},
		{"add3PID", 401, `{"session": "x", "errcode": "M_FORBIDDEN", "error": "no"}`, []string{`"" required flows schema`}},
		{"add3PID", 401, `[]`, []string{`"" type  schema`}},
		{"add3PID", 401, `{"errcode": "M_UNKNOWN_TOKEN", "error": "no", "soft_logout": true}`, nil},
		{"add3PID", 401, `{"errcode": 7, "error": "no"}`, []string{`"/errcode" type errcode schema`}},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": 2000}`, nil},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": 2e3}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": "2000"}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"add3PID", 429, `{}`, []string{`"" required errcode schema`, `"" required error error-key`}},

		{"delete3pidFromAccount", 200, `{"id_server_unbind_result": "no-support"}`, nil},
		{"delete3pidFromAccount", 200, `{"id_server_unbind_result": "no_support"}`, []string{`"/id_server_unbind_result" enum id_server_unbind_result schema`}},
		{"unbind3pidFromAccount", 200, `{"id_server_unbind_result": true}`, []string{
			`"/id_server_unbind_result" type id_server_unbind_result schema`}},
		{"unbind3pidFromAccount", 200, `{}`, []string{`"" required id_server_unbind_result schema`}},

		{"requestTokenTo3PIDEmail", 200, `{"sid": "123abc", "submit_url": "http://127.0.0.1:8008/s"}`, nil},
		{"requestTokenTo3PIDEmail", 200, `{"sid": 42}`, []string{`"/sid" type sid schema`}},
		{"requestTokenTo3PIDEmail", 400, `{"errcode": "M_THREEPID_IN_USE", "error": "no"}`, nil},
		{"requestTokenTo3PIDMSISDN", 200, `{}`, []string{`"" required sid schema`}},
		{"requestTokenTo3PIDMSISDN", 403, `{"error": 1}`, []string{`"" required errcode schema`, `"/error" type error schema`}},

		// Statuses that the operation does not document.
		{"getAccount3PIDs", 401, `{"errcode": "M_MISSING_TOKEN", "error": "no"}`, nil},
		{"getAccount3PIDs", 401, `{"flows": []}`, []string{`"" required errcode schema`, `"" required error error-key`}},
		{"getAccount3PIDs", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "no", "retry_after_ms": "1"}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"getAccount3PIDs", 404, `{"retry_after_ms": "1", "errcode": "M_UNRECOGNIZED", "error": "no"}`, nil},
		{"bind3PID", 500, `{}`, []string{`"" required errcode schema`, `"" required error error-key`}},
		{"bind3PID", 599, `[]`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 201, `{"threepids": null}`, nil},
		{"getAccount3PIDs", 302, `"elsewhere"`, []string{`"" type  schema`}},

		// What the specification says in prose only.
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535176800000", "1535176800", 1), []string{`"/threepids/0/validated_at" minimum validated_at timestamp-milliseconds`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "0", 1), []string{`"/threepids/0/added_at" minimum added_at timestamp-milliseconds`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "1000000000000", 1), nil},
		{"getAccount3PIDs", 200, strings.Replace(goodList, "1535336848756", "999999999999", 1), []string{`"/threepids/0/added_at" minimum added_at timestamp-milliseconds`}},

		{"requestTokenTo3PIDEmail", 200, sid("abcXYZ019.=_-"), nil},
		{"requestTokenTo3PIDEmail", 200, sid(strings.Repeat("x", 255)), nil},
		{"requestTokenTo3PIDEmail", 200, sid(strings.Repeat("x", 256)), badSID},
		{"requestTokenTo3PIDEmail", 200, sid(""), badSID},
		{"requestTokenTo3PIDEmail", 200, sid("abc\n"), badSID},
		{"requestTokenTo3PIDMSISDN", 200, sid("a+b/c"), badSID},
		{"requestTokenTo3PIDMSISDN", 200, sid("é"), badSID},

		{"add3PID", 401, `{"flows": []}`, []string{`"/flows" minItems flows flows-non-empty`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}, {"stages": []}]}`, []string{`"/flows/1/stages" minItems stages stages-non-empty`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a"]}], "errcode": "Forbidden"}`, []string{`"/errcode" pattern errcode errcode-form`}},
		{"add3PID", 401, `{"errcode": "M_UNKNOWN_TOKEN"}`, []string{`"" required error error-key`}},

		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 0}`, nil},
		{"post3PIDs", 429, `{"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": -1}`, []string{`"/retry_after_ms" minimum retry_after_ms retry-after-non-negative`}},
		{"post3PIDs", 400, `{"errcode": "M_UNKNOWN", "error": "", "retry_after_ms": -1}`, nil},

		{"post3PIDs", 403, `{"errcode": "M_THREEPID_AUTH_FAILED"}`, []string{`"" required error error-key`}},
		{"post3PIDs", 403, `{"errcode": "", "error": "no"}`, []string{`"/errcode" minLength errcode error-key`, `"/errcode" pattern errcode errcode-form`}},
		{"post3PIDs", 403, `{"errcode": "m_threepid_in_use", "error": "no"}`, []string{`"/errcode" pattern errcode errcode-form`}},
		{"post3PIDs", 500, `{"errcode": "ORG.EXAMPLE_MY_ERROR", "error": "no"}`, nil},
		{"post3PIDs", 400, `{"errcode": "M_UNKNOWN\n", "error": "no"}`, []string{`"/errcode" pattern errcode errcode-form`}},
	} {
		for _, set := range embedded().sets[1:] { // the oldest documents fewer answers
			violations := broken(t, set, c.operation, c.status, c.body)
			NewWithT(t).Expect(brief(violations)).To(HaveExactElements(toAny(c.want)...), "%s %d %s in %s", c.operation, c.status, c.body, set.Version)
		}
	}
}

func toAny(list []string) []any {
	all := make([]any, len(list))
	for i := range list {
		all[i] = list[i]
	}
	return all
}

func TestConcurrentChecks(t *testing.T) {
	all, err := load(files) // nothing is compiled yet
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			g := NewWithT(t)
			set := all.sets[i%len(all.sets)]
			g.Expect(broken(t, set, "getAccount3PIDs", 200, goodList)).To(BeEmpty())
			g.Expect(broken(t, set, "getAccount3PIDs", 200, `{"threepids": [{}]}`)).To(HaveLen(4))
			g.Expect(broken(t, set, "post3PIDs", 400, `{"errcode": ""}`)).To(HaveLen(3))
		})
	}
	group.Wait()
}
