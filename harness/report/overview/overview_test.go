package overview_test

import (
	"fmt"
	"regexp"
	"slices"
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
				j.Verdict, j.Executed, j.Reason = v, true, name+" says <b>"+string(v)+"\nand more"
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

var (
	uia        = requirements.Row{Operation: "add3PID", Requirement: "add-003-requires-uia"}
	addSuccess = requirements.Row{Operation: "add3PID", Requirement: "add-001-success-200"}
)

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
	found := regexp.MustCompile(`<tr data-row data-op="` + row.Operation + `"[^>]*><th scope="row"><details><summary>` + row.Requirement + `<.*?</tr>`).FindString(text)
	if found == "" {
		t.Fatalf("the page has no row %v", row)
	}
	return found
}

func TestEveryTargetHasItsColumn(t *testing.T) {
	g := NewWithT(t)
	known := of("Dendrite 0.15", map[requirements.Row]verdict.Verdict{uia: verdict.ExpectedFail})
	known.Suite.Command = "conformance run --target=dendrite"
	text := page(t,
		of("Synapse 1.160.0", map[requirements.Row]verdict.Verdict{uia: verdict.Pass}),
		of("Conduit 0.10", map[requirements.Row]verdict.Verdict{uia: verdict.Fail}), known)
	rows := len(requirements.Rows())
	others := -1 // rows of add3PID beside the one that was tested
	for _, row := range requirements.Rows() {
		if row.Operation == uia.Operation {
			others++
		}
	}
	g.Expect(strings.Count(text, "<tr data-row")).To(Equal(rows))
	row := line(t, text, uia)
	g.Expect(row).To(MatchRegexp(`✓<span class="away">pass</span>.*✗<span class="away">fail</span>.*≈<span class="away">expected-fail</span>`))
	g.Expect(row).To(And(ContainSubstring("Conduit 0.10 says &lt;b&gt;fail<br>and more"), ContainSubstring(`data-verdict="differ pass fail expected"`), Not(ContainSubstring("\n"))))
	g.Expect(line(t, text, addSuccess)).To(ContainSubstring(`data-verdict="untested untested untested"`))
	g.Expect(text).To(ContainSubstring(fmt.Sprintf(`<th scope="row">Conduit 0.10</th><td><span class="v fail">✗ failing</span></td><td>%d of %d rows</td>`, rows-1, rows)))
	g.Expect(text).To(MatchRegexp(fmt.Sprintf(`<a href="#add3PID">add3PID</a></th><td>.*?</span> 1 / 0 / %[1]d</td><td><span class="v fail">✗ failing</span> 0 / 1 / %[1]d</td><td>.*?</span> 0 / 1 / %[1]d</td>`, others)))
	g.Expect(text).To(ContainSubstring(`<a href="#bind3PID">bind3PID</a></th><td><span class="v untested">· not-tested</span>`))
	g.Expect(text).To(ContainSubstring(`<dt>Dendrite 0.15</dt><dd><code class="cmd">conformance run --target=dendrite</code></dd>`))
}

func TestTwoReportsAboutOneServerAreToldApart(t *testing.T) {
	g := NewWithT(t)
	text := page(t, of("Synapse", nil), of("Dendrite", nil), of("Synapse", nil))
	g.Expect(text).To(And(ContainSubstring(">Synapse, report 1<"), ContainSubstring(">Dendrite<"), ContainSubstring(">Synapse, report 3<")))
}

// Reports of different versions of the suite may have different rows. The link of
// an expectation leads to an issue; the page leads to the spec.
func TestRowsThatReportsDifferIn(t *testing.T) {
	g := NewWithT(t)
	isUIA := func(q report.Requirement) bool { return q.ID == uia.Requirement && q.Operation == uia.Operation }
	old, now := of("old", nil), of("new", map[requirements.Row]verdict.Verdict{uia: verdict.ExpectedFail})
	old.Requirements = slices.DeleteFunc(old.Requirements, isUIA)
	now.Requirements[slices.IndexFunc(now.Requirements, isUIA)].Link = "https://issues.example/7"
	row := line(t, page(t, old, now), uia)
	g.Expect(row).To(MatchRegexp(`<span class="away">no such row</span>.*<span class="away">expected-fail</span>`))
	g.Expect(row).To(MatchRegexp(`href="https://spec\.matrix\.org/latest/client-server-api/#`))
}
