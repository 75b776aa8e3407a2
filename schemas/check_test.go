package schemas

import (
	"errors"
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

func everySet(t *testing.T, test func(g *WithT, set *Set)) {
	t.Helper()
	for _, set := range embedded().sets {
		t.Run(set.Version, func(t *testing.T) { test(NewWithT(t), set) })
	}
}

func TestCheck(t *testing.T) {
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
		{"getAccount3PIDs", 200, `{"threepids": {}}`, []string{`"/threepids" type threepids schema`}},
		{"getAccount3PIDs", 200, `[]`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 200, `null`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 200, `{"threepids": ["a@example.org"]}`, []string{`"/threepids/0" type threepids schema`}},
		{"getAccount3PIDs", 200, `{"threepids": [{}]}`, []string{
			`"/threepids/0" required added_at schema`, `"/threepids/0" required address schema`,
			`"/threepids/0" required medium schema`, `"/threepids/0" required validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `"email"`, `"Email"`, 1), []string{`"/threepids/0/medium" enum medium schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `"email"`, `null`, 1), []string{`"/threepids/0/medium" type medium schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `"1535176800000"`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `1535176800000.5`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `1535176800000.0`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `1.5351768e12`, 1), []string{`"/threepids/0/validated_at" type validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `9223372036854775807`, 1), nil},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, `9223372036854775808`, 1), []string{`"/threepids/0/validated_at" format validated_at schema`}},
		{"getAccount3PIDs", 200, strings.Replace(goodList, `1535176800000`, strings.Repeat("9", 300), 1), []string{`"/threepids/0/validated_at" format validated_at schema`}},

		{"post3PIDs", 200, `{}`, nil},
		{"post3PIDs", 200, `{"submit_url": "https://hs.example/submit?x=%2F#y"}`, nil},
		{"post3PIDs", 200, `{"submit_url": "/submit"}`, []string{`"/submit_url" format submit_url schema`}},
		{"post3PIDs", 200, `{"submit_url": ""}`, []string{`"/submit_url" format submit_url schema`}},
		{"post3PIDs", 200, `{"submit_url": null}`, []string{`"/submit_url" type submit_url schema`}},
		{"post3PIDs", 403, `{"errcode": "M_THREEPID_AUTH_FAILED", "error": "no"}`, nil},
		{"post3PIDs", 403, `{"message": "no"}`, []string{`"" required errcode schema`}},

		{"add3PID", 200, `{}`, nil},
		{"add3PID", 200, `"OK"`, []string{`"" type  schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["m.login.password"]}], "params": {}, "session": "x", "completed": ["m.login.dummy"]}`, nil},
		{"add3PID", 401, `{"flows": [{"stages": ["m.login.password"]}], "errcode": "M_FORBIDDEN", "error": "no"}`, nil},
		{"add3PID", 401, `{"flows": []}`, nil},
		{"add3PID", 401, `{"flows": [["m.login.password"]]}`, []string{`"/flows/0" type flows schema`}},
		{"add3PID", 401, `{"flows": [{}]}`, []string{`"/flows/0" required stages schema`}},
		{"add3PID", 401, `{"flows": [{"stages": ["a", 1]}]}`, []string{`"/flows/0/stages/1" type stages schema`}},
		{"add3PID", 401, `{"flows": [], "params": null}`, []string{`"/params" type params schema`}},
		{"add3PID", 401, `{"flows": [], "params": {"m.login/terms~": 1}}`, []string{`"/params/m.login~1terms~0" type m.login/terms~ schema`}},
		{"add3PID", 401, `{"flows": [], "params": {"7": []}}`, []string{`"/params/7" type 7 schema`}},
		{"add3PID", 401, `{}`, []string{`"" required flows schema`}},
		{"add3PID", 401, `{"session": "x", "errcode": "M_FORBIDDEN", "error": "no"}`, []string{`"" required flows schema`}},
		{"add3PID", 401, `[]`, []string{`"" type  schema`}},
		{"add3PID", 401, `{"errcode": "M_UNKNOWN_TOKEN", "error": "no", "soft_logout": true}`, nil},
		{"add3PID", 401, `{"errcode": 7}`, []string{`"/errcode" type errcode schema`}},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2000}`, nil},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2.5}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 2e3}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"add3PID", 429, `{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": "2000"}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"add3PID", 429, `{}`, []string{`"" required errcode schema`}},

		{"delete3pidFromAccount", 200, `{"id_server_unbind_result": "no-support"}`, nil},
		{"delete3pidFromAccount", 200, `{"id_server_unbind_result": "no_support"}`, []string{`"/id_server_unbind_result" enum id_server_unbind_result schema`}},
		{"unbind3pidFromAccount", 200, `{"id_server_unbind_result": true}`, []string{
			`"/id_server_unbind_result" type id_server_unbind_result schema`}},
		{"unbind3pidFromAccount", 200, `{}`, []string{`"" required id_server_unbind_result schema`}},

		{"requestTokenTo3PIDEmail", 200, `{"sid": "123abc", "submit_url": "http://127.0.0.1:8008/s"}`, nil},
		{"requestTokenTo3PIDEmail", 200, `{"sid": 42}`, []string{`"/sid" type sid schema`}},
		{"requestTokenTo3PIDEmail", 400, `{"errcode": "M_THREEPID_IN_USE"}`, nil},
		{"requestTokenTo3PIDMSISDN", 200, `{}`, []string{`"" required sid schema`}},
		{"requestTokenTo3PIDMSISDN", 403, `{"error": 1}`, []string{`"" required errcode schema`, `"/error" type error schema`}},

		// Statuses that the operation does not document.
		{"getAccount3PIDs", 401, `{"errcode": "M_MISSING_TOKEN", "error": "no"}`, nil},
		{"getAccount3PIDs", 401, `{"flows": []}`, []string{`"" required errcode schema`}},
		{"getAccount3PIDs", 429, `{"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": "1"}`, []string{`"/retry_after_ms" type retry_after_ms schema`}},
		{"getAccount3PIDs", 404, `{"retry_after_ms": "1", "errcode": "M_UNRECOGNIZED"}`, nil},
		{"bind3PID", 500, `{}`, []string{`"" required errcode schema`}},
		{"bind3PID", 599, `[]`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 201, `{"threepids": null}`, nil},
		{"getAccount3PIDs", 202, `[]`, []string{`"" type  schema`}},
		{"getAccount3PIDs", 302, `"elsewhere"`, []string{`"" type  schema`}},
	} {
		everySet(t, func(g *WithT, set *Set) {
			violations, err := set.Check(c.operation, c.status, []byte(c.body))
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(brief(violations)).To(HaveExactElements(toAny(c.want)...), "%s %d %s", c.operation, c.status, c.body)
		})
	}
}

func toAny(list []string) []any {
	all := make([]any, len(list))
	for i := range list {
		all[i] = list[i]
	}
	return all
}

func TestUndecodableBodiesAreErrors(t *testing.T) {
	g := NewWithT(t)
	set := For(nil)
	for body, kind := range map[string]DecodeKind{
		"":                  NotJSON,
		"<html>":            NotJSON,
		"{} {}":             TrailingBytes,
		`{"a":1,"a":2}`:     DuplicateKey,
		"{\"a\":\"\xff\"}":  NotUTF8,
		`{"medium": 1e400}`: NumberOutOfRange,
		strings.Repeat(`{"a":`, 300) + "1" + strings.Repeat("}", 300): TooDeep,
	} {
		for _, check := range []func(string, int, []byte) ([]Violation, error){set.Check, set.CheckStrict} {
			violations, err := check("getAccount3PIDs", 200, []byte(body))
			var refused *DecodeError
			g.Expect(errors.As(err, &refused)).To(BeTrue(), body)
			g.Expect(refused.Kind).To(Equal(kind), body)
			g.Expect(violations).To(BeEmpty())
		}
	}
	for _, check := range []func(string, int, []byte) ([]Violation, error){set.Check, set.CheckStrict} {
		_, err := check("getThreepids", 200, []byte(`{}`))
		g.Expect(err).To(MatchError(ContainSubstring(`no operation "getThreepids"`)))
		g.Expect(errors.As(err, new(*DecodeError))).To(BeFalse())
	}
}

func TestConcurrentChecks(t *testing.T) {
	var group sync.WaitGroup
	for i := range 16 {
		group.Go(func() {
			g := NewWithT(t)
			for range 50 {
				set := For([]string{[]string{"v1.6", "v1.19"}[i%2]})
				g.Expect(set.Check("getAccount3PIDs", 200, []byte(goodList))).To(BeEmpty())
				g.Expect(set.Check("getAccount3PIDs", 200, []byte(`{"threepids": [{}]}`))).To(HaveLen(4))
				g.Expect(set.CheckStrict("post3PIDs", 400, []byte(`{"errcode": ""}`))).To(HaveLen(3))
			}
		})
	}
	group.Wait()
}
