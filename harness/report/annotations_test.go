package report_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestAnnotationsAreTheRowsThatCount(t *testing.T) {
	g := NewWithT(t)
	r := reportOf(t, changes{
		listFields:  {Verdict: verdict.Fail, Gates: true, Reason: "100% wrong\n::error::injected"},
		addUIA:      {Verdict: verdict.Blocked, Reason: "no session"},
		bindErrcode: {Verdict: verdict.Fail, Reason: "does not count"},
		listSchema:  {Verdict: verdict.Pass},
	})
	g.Expect(strings.Split(strings.TrimSpace(r.Annotations()), "\n")).To(ConsistOf(
		"::error file=suites/contact/x.go,line=12,title=getAccount3PIDs get-003-item-required-fields (MUST)::100%25 wrong ::error::injected",
		"::error file=suites/contact/x.go,line=12,title=add3PID add-003-requires-uia (MUST)::no session",
	))
	many := changes{}
	for _, row := range requirements.Rows()[:15] {
		many[row] = verdict.Judged{Verdict: verdict.Fail, Gates: true, Reason: "x"}
	}
	lines := strings.Split(strings.TrimSpace(reportOf(t, many).Annotations()), "\n")
	g.Expect(lines).To(HaveLen(11), "GitHub shows ten of a step")
	g.Expect(lines[10]).To(Equal("::error ::5 more rows count against the run; see report.md"))
}
