package report_test

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func markdown(t *testing.T, r *report.Report) string {
	t.Helper()
	return written(t, r)[report.MarkdownFile]
}

// section is the text below a heading of third level.
func section(text, title string) string {
	_, after, _ := strings.Cut(text, "\n### "+title+"\n")
	before, _, _ := strings.Cut(after, "\n### ")
	return before
}

func TestTheFirstLinesSayWhatWasTested(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	rows := len(requirements.Rows())
	text := markdown(t, r)
	order(g, text, fmt.Sprintf("**%d of %d rows were not tested.** ", rows-7, rows), "Matrix spec v1.6 · suite 0.1.0 · seed 17 · 2026-11-24 14:01 UTC")
	for _, why := range r.Profile.Why {
		g.Expect(text).To(ContainSubstring("\n- " + why + "\n"))
	}
	g.Expect(text).NotTo(ContainSubstring("interrupted"))
	r.Complete = false
	g.Expect(markdown(t, r)).To(ContainSubstring("interrupted"))
	for _, c := range []struct{ version, name, want string }{
		{"Synapse 1.140.0", "synapse", "Synapse 1.140.0"},
		{"", "synapse", "synapse"},
		{"", "", "http://127.0.0.1:8008"},
		{"<img>\nSynapse", "", "&lt;img&gt; Synapse"},
	} {
		r.Target.Version, r.Target.Name = c.version, c.name
		g.Expect(markdown(t, r)).To(ContainSubstring("** " + c.want + " is **failing**"))
	}
}

func TestTablesOfCounts(t *testing.T) {
	g := NewWithT(t)
	text := markdown(t, aRun(t))
	g.Expect(text).To(ContainSubstring("| level | fail | blocked | expected-fail | pass | not-supported | not-tested |\n|---|---:|---:|---:|---:|---:|---:|\n"))
	g.Expect(text).To(MatchRegexp(`\n\| MUST \| 1 \| 1 \| 0 \| 2 \| 1 \| \d+ \|\n\| SHOULD \| 1 \| 0 \| 1 \| 0 \| 0 \| \d+ \|\n\| MAY \| 0 \| 0 \| 0 \| 0 \| 0 \| \d+ \|\n`))
	g.Expect(text).To(MatchRegexp("\n\\| `getAccount3PIDs` GET /account/3pid \\| 1 \\| 0 \\| 1 \\| 1 \\| 0 \\| \\d+ \\|\n"))
}

func TestEveryVerdictHasItsSection(t *testing.T) {
	g := NewWithT(t)
	text := markdown(t, aRun(t))
	for title, id := range map[string]string{
		"Failed":                     "get-003-item-required-fields",
		"Failed, but does not count": "gen-005-errcode-form",
		"Blocked":                    "add-003-requires-uia",
		"Known failures":             "[get-002-fresh-user-empty](https://issues.example/7)",
		"Lawfully declined":          "bind-005-success-200",
	} {
		body := section(text, title)
		g.Expect(body).To(ContainSubstring(id), title)
		g.Expect(strings.Count(body, "\n| ")).To(Equal(2), "%s: a header and one row\n%s", title, body)
	}
	g.Expect(section(text, "Not tested")).To(ContainSubstring("<summary>1: no such variant: &lt;main&gt;</summary>"))
	g.Expect(text).To(ContainSubstring("### Run again\n\n<details><summary>only what counts against the run</summary>\n\n```sh\n" +
		"conformance run 'add-003-requires-uia'\nconformance run 'get-003-item-required-fields'\n```\n\n</details>\n"))

	quiet := markdown(t, reportOf(t, changes{listSchema: {Verdict: verdict.Pass}}))
	g.Expect(strings.Count(quiet, "\n### ")).To(Equal(1), "a section without rows is left out")
}

func TestCellsKeepToTheirColumn(t *testing.T) {
	for reason, want := range map[string]string{
		"a | b":                  `a \| b`,
		"<script>x</script>":     "&lt;script&gt;x&lt;/script&gt;",
		"one\n\n  two\tthree":    "one two three",
		"a<b>|c":                 `a&lt;b&gt;\|c`,
		strings.Repeat("ö", 500): strings.Repeat("ö", 400) + " …",
	} {
		g := NewWithT(t)
		text := markdown(t, reportOf(t, changes{listFields: {Verdict: verdict.ExpectedFail, Reason: reason, Link: "https://issues.example/?q=a|b (c)"}}))
		lines := strings.Split(strings.TrimSpace(section(text, "Known failures")), "\n")
		g.Expect(lines).To(HaveLen(3))
		g.Expect(lines[2]).To(HaveSuffix("](https://issues.example/?q=a%7Cb%20%28c%29) | MUST | " + want + " |"))
	}
}

func TestRowsThatWereNotTestedAreGroupedByReasonAndRequirement(t *testing.T) {
	g := NewWithT(t)
	noMail := verdict.Judged{Verdict: verdict.NotTested, Reason: "mail: no catcher"}
	addErrcode := requirements.Row{Operation: "add3PID", Requirement: "gen-005-errcode-form"}
	found := changes{listFields: noMail, addSuccess: noMail, bindErrcode: noMail, addErrcode: noMail}
	for _, op := range requirements.Operations() {
		found[requirements.Row{Operation: op, Requirement: "gen-001-json-object-body"}] = noMail
	}
	body := section(markdown(t, reportOf(t, found)), "Not tested")
	g.Expect(strings.Count(body, "<details>")).To(Equal(2), "one beside the rows that are not selected")
	g.Expect(body).To(ContainSubstring(fmt.Sprintf("<details><summary>%d: mail: no catcher</summary>\n\n", len(found)) +
		"- gen-001-json-object-body: all operations\n" +
		"- gen-005-errcode-form: add3PID, bind3PID\n" +
		"- add-001-success-200: add3PID\n" +
		"- get-003-item-required-fields: getAccount3PIDs\n" +
		"\n</details>\n"))
}

func TestSummary(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	text := r.Summary("out/results")
	rows, notTested := r.Tested()
	for _, part := range []string{
		"target      Synapse 1.140.0 at http://127.0.0.1:8008 (image), also as no-mail, rate-limited\n",
		fmt.Sprintf("not tested  %d of %d rows\n", notTested, rows),
		"fail     getAccount3PIDs get-003-item-required-fields\n         expected added_at; got <nothing> | \"x\" & more\n",
		"fail     bind3PID gen-005-errcode-form (does not count)\n         got m_x\n",
		"blocked  add3PID add-003-requires-uia\n         the session was not validated\n",
		"result      failing: 1 row that counts failed; 1 row blocked",
		"report      out/results/report.html, and report.md beside it\n",
	} {
		g.Expect(text).To(ContainSubstring(part))
	}
	g.Expect(text).To(MatchRegexp(`\nMUST +1 +1 +0 +2 +1 +\d+\nSHOULD +1 +0 +1 +0 +0 +\d+\nMAY +0 +0 +0 +0 +0 +\d+\n`))
	g.Expect(text).NotTo(ContainSubstring("get-002-fresh-user-empty"), "a known failure is no news")

	r = reportOf(t, changes{listSchema: {Verdict: verdict.Pass}})
	r.Target.Variants = nil
	order(g, r.Summary("results"), "(image)\n", "\nresult      conformant\n")
}

// A run of one row that passed, in which the exchange layer saw another broken.
func TestFailuresOutsideTheSelectionAreShownAndDoNotCount(t *testing.T) {
	g := NewWithT(t)
	var candidates []verdict.Candidate
	for _, e := range requirements.All() {
		for _, row := range e.Rows() {
			candidates = append(candidates, verdict.Candidate{Entry: e, Row: row, Specs: 1, Selected: row == listSchema})
		}
	}
	rows := verdict.Judge(candidates, []verdict.Outcome{{Row: listSchema, Verdict: verdict.Pass}},
		[]verdict.Finding{{Row: listFields, Message: strings.Repeat("x", 300)}}, nil, false)
	r := &report.Report{}
	r.Rows(rows, verdict.Conclude(rows, nil, nil), nil, "v1.6")
	g.Expect(r.Profile.Exit).To(BeZero())
	g.Expect(r.Summary("results")).To(ContainSubstring("get-003-item-required-fields (not selected, does not count)\n         " + strings.Repeat("x", 240) + " …\n"))
	g.Expect(section(markdown(t, r), "Failed")).To(BeEmpty())
	g.Expect(junit(t, r).Tests).To(Equal(1), "JUnit leaves it out")
}
