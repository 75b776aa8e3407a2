package overview_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/overview"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// of is a report about a homeserver with these verdicts; all other rows are not
// tested.
func of(name string, found map[requirements.Row]verdict.Verdict) *report.Report {
	var rows []verdict.Judged
	for _, e := range requirements.All() {
		for _, r := range e.Rows() {
			j := verdict.Judged{Candidate: verdict.Candidate{Entry: e, Row: r, Specs: 1, Selected: true}, Verdict: verdict.NotTested, Gates: true, Reason: "not selected"}
			if v, ok := found[r]; ok {
				j.Verdict, j.Executed, j.Reason = v, true, name+" says <b>"+string(v)
			}
			rows = append(rows, j)
		}
	}
	r := &report.Report{Schema: 1, Complete: true}
	r.Target.Version = name
	r.Suite = report.Suite{Version: "0.1.0", Spec: "v1.6", Finished: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)}
	r.Rows(rows, verdict.Conclude(rows, nil, nil), nil, "v1.6")
	return r
}

var uia = requirements.Row{Operation: "add3PID", Requirement: "add-003-requires-uia"}

func page(t *testing.T, reports ...*report.Report) string {
	t.Helper()
	var out strings.Builder
	if err := overview.Write(&out, reports); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// line is the row of the page about a requirement of an operation.
func line(t *testing.T, text string, row requirements.Row) string {
	t.Helper()
	found := regexp.MustCompile(`(?s)<tr data-row data-op="` + row.Operation + `"[^>]*><th scope="row"><details><summary>` + row.Requirement + `<.*?</tr>`).FindString(text)
	if found == "" {
		t.Fatalf("the page has no row %v", row)
	}
	return found
}

func TestEveryTargetHasItsColumn(t *testing.T) {
	g := NewWithT(t)
	text := page(t,
		of("Synapse 1.160.0", map[requirements.Row]verdict.Verdict{uia: verdict.Pass}),
		of("Dendrite 0.15", map[requirements.Row]verdict.Verdict{uia: verdict.Fail}))
	g.Expect(strings.Count(text, "<tr data-row")).To(Equal(len(requirements.Rows())))
	row := line(t, text, uia)
	g.Expect(row).To(MatchRegexp(`(?s)✓<span class="away">pass</span>.*✗<span class="away">fail</span>`))
	g.Expect(row).To(ContainSubstring("Dendrite 0.15 says &lt;b&gt;fail"))
	g.Expect(row).To(ContainSubstring(`data-verdict="differ pass fail"`))
	g.Expect(line(t, text, requirements.Row{Operation: "add3PID", Requirement: "add-001-success-200"})).To(ContainSubstring(`data-verdict="untested untested"`))
	g.Expect(text).To(MatchRegexp(`(?s)<th scope="row">Dendrite 0\.15</th><td><span class="v fail">✗ failing</span></td><td>518 of 519 rows</td>`))
	g.Expect(text).To(MatchRegexp(`(?s)<a href="#add3PID">add3PID</a></th><td>.*?</span> 1 / 0 / 90</td><td><span class="v fail">✗ failing</span> 0 / 1 / 90</td>`))
	g.Expect(text).To(MatchRegexp(`(?s)<a href="#bind3PID">bind3PID</a></th><td><span class="v untested">· not-tested</span>`))
}

// What is known to fail is broken all the same, and the page says by which
// command its report came about.
func TestKnownFailuresAreCountedAsBroken(t *testing.T) {
	g := NewWithT(t)
	r := of("Synapse", map[requirements.Row]verdict.Verdict{uia: verdict.ExpectedFail})
	r.Suite.Command = "conformance run --target=synapse"
	text := page(t, r)
	g.Expect(text).To(MatchRegexp(`(?s)<a href="#add3PID">add3PID</a></th><td>.*?</span> 0 / 1 / 90</td>`))
	g.Expect(text).To(ContainSubstring(`<dt>Synapse</dt><dd><code class="cmd">conformance run --target=synapse</code></dd>`))
}

func TestTwoReportsAboutOneServerAreToldApart(t *testing.T) {
	g := NewWithT(t)
	text := page(t, of("Synapse", nil), of("Dendrite", nil), of("Synapse", nil))
	g.Expect(text).To(And(ContainSubstring(">Synapse, report 1<"), ContainSubstring(">Dendrite<"), ContainSubstring(">Synapse, report 3<")))
}

// Reports of different versions of the suite may have different rows.
func TestARowThatAReportLacksIsEmpty(t *testing.T) {
	g := NewWithT(t)
	old := of("old", nil)
	for i, q := range old.Requirements {
		if q.ID == uia.Requirement {
			old.Requirements = append(old.Requirements[:i], old.Requirements[i+1:]...)
			break
		}
	}
	text := page(t, old, of("new", map[requirements.Row]verdict.Verdict{uia: verdict.Pass}))
	g.Expect(line(t, text, uia)).To(MatchRegexp(`(?s)<span class="away">no such row</span>.*<span class="away">pass</span>`))
}

// An expectation's link leads to an issue; the page leads to the spec.
func TestLinksLeadToTheSpec(t *testing.T) {
	r := of("Synapse", map[requirements.Row]verdict.Verdict{uia: verdict.ExpectedFail})
	for i := range r.Requirements {
		if r.Requirements[i].ID == uia.Requirement {
			r.Requirements[i].Link = "https://issues.example/7"
		}
	}
	NewWithT(t).Expect(line(t, page(t, r), uia)).To(MatchRegexp(`href="https://spec\.matrix\.org/latest/client-server-api/#`))
}
