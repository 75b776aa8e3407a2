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
	_, after, found := strings.Cut(text, "\n### "+title+"\n")
	if !found {
		return ""
	}
	before, _, _ := strings.Cut(after, "\n### ")
	return before
}

func TestTheFirstLineSaysHowManyRowsWereNotTested(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	rows := len(requirements.Rows())
	line, _, _ := strings.Cut(markdown(t, r), "\n")
	g.Expect(line).To(HavePrefix(fmt.Sprintf("**%d of %d rows were not tested.**", rows-7, rows)))
	g.Expect(line).To(And(ContainSubstring("Synapse 1.140.0"), ContainSubstring("**failing**")))
}

func TestTheServerIsCalledByTheBestNameThereIs(t *testing.T) {
	r := aRun(t)
	for _, c := range []struct{ version, name, want string }{
		{"Synapse 1.140.0", "synapse", "Synapse 1.140.0"},
		{"", "synapse", "synapse"},
		{"", "", "http://127.0.0.1:8008"},
	} {
		r.Target.Version, r.Target.Name = c.version, c.name
		line, _, _ := strings.Cut(markdown(t, r), "\n")
		NewWithT(t).Expect(line).To(ContainSubstring(" " + c.want + " is **failing**"))
	}
}

func TestAnInterruptedRunSaysSo(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	g.Expect(markdown(t, r)).NotTo(ContainSubstring("interrupted"))
	r.Complete = false
	g.Expect(markdown(t, r)).To(ContainSubstring("interrupted"))
}

func TestTablesOfCounts(t *testing.T) {
	g := NewWithT(t)
	text := markdown(t, aRun(t))
	g.Expect(text).To(ContainSubstring("| level | fail | blocked | expected-fail | pass | not-supported | not-tested |\n|---|---:|---:|---:|---:|---:|---:|\n"))
	g.Expect(text).To(MatchRegexp(`\n\| MUST \| 1 \| 1 \| 0 \| 2 \| 1 \| \d+ \|\n\| SHOULD \| 1 \| 0 \| 1 \| 0 \| 0 \| \d+ \|\n\| MAY \| 0 \| 0 \| 0 \| 0 \| 0 \| \d+ \|\n`))
	g.Expect(text).To(MatchRegexp("\n\\| `getAccount3PIDs` GET /account/3pid \\| 1 \\| 0 \\| 1 \\| 1 \\| 0 \\| \\d+ \\|\n"))
	g.Expect(text).To(ContainSubstring("Matrix spec v1.6 · suite 0.1.0 · seed 17 · 2026-11-24 14:01 UTC"))
	for _, why := range aRun(t).Profile.Why {
		g.Expect(text).To(ContainSubstring("\n- " + why + "\n"))
	}
}

func TestEveryVerdictHasItsSection(t *testing.T) {
	g := NewWithT(t)
	text := markdown(t, aRun(t))
	for title, id := range map[string]string{
		"Failed":                       "get-003-item-required-fields",
		"Failed, but does not count":   "gen-005-errcode-form",
		"Blocked":                      "add-003-requires-uia",
		"Known failures":               "get-002-fresh-user-empty",
		"Lawfully declined":            "bind-005-success-200",
		"Not tested":                   "add-001-success-200",
		"Failed, but does not count, ": "",
	} {
		body := section(text, title)
		if id == "" {
			g.Expect(body).To(BeEmpty())
			continue
		}
		g.Expect(body).To(ContainSubstring(id), title)
		if title != "Not tested" {
			g.Expect(strings.Count(body, "\n| ")).To(Equal(2), "%s: a header and one row\n%s", title, body)
		}
	}
	g.Expect(section(text, "Known failures")).To(ContainSubstring("[get-002-fresh-user-empty](https://issues.example/7)"))
	g.Expect(section(text, "Not tested")).To(ContainSubstring("<summary>1: no such variant: &lt;main&gt;</summary>"))

	quiet := markdown(t, reportOf(t, changes{listSchema: {Verdict: verdict.Pass}}))
	g.Expect(strings.Count(quiet, "\n### ")).To(Equal(1), "a section without rows is left out")
}

func TestCommandsThatRunFailuresAgain(t *testing.T) {
	g := NewWithT(t)
	g.Expect(markdown(t, aRun(t))).To(ContainSubstring("### Run again\n\n<details><summary>only what counts against the run</summary>\n\n```sh\n" +
		"conformance run 'add-003-requires-uia'\nconformance run 'get-003-item-required-fields'\n```\n\n</details>\n"))
	g.Expect(markdown(t, reportOf(t, changes{listSchema: {Verdict: verdict.Pass}}))).NotTo(ContainSubstring("Run again"))
}

func TestCellsKeepToTheirColumn(t *testing.T) {
	for reason, want := range map[string]string{
		"a | b":               `a \| b`,
		"<script>x</script>":  "&lt;script&gt;x&lt;/script&gt;",
		"one\n\n  two\tthree": "one two three",
		"a<b>|c":              `a&lt;b&gt;\|c`,
	} {
		g := NewWithT(t)
		text := markdown(t, reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: reason}}))
		lines := strings.Split(strings.TrimSpace(section(text, "Failed")), "\n")
		g.Expect(lines).To(HaveLen(3))
		g.Expect(lines[2]).To(HaveSuffix("| MUST | " + want + " |"))
	}
}

func TestLongReasonsAreCut(t *testing.T) {
	g := NewWithT(t)
	text := markdown(t, reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: strings.Repeat("ö", 500)}}))
	g.Expect(text).To(ContainSubstring("| " + strings.Repeat("ö", 400) + " … |"))
}

func TestRowsThatWereNotTestedAreGroupedByReasonAndRequirement(t *testing.T) {
	g := NewWithT(t)
	found := changes{
		listFields:  {Verdict: verdict.NotTested, Reason: "mail: no catcher"},
		addSuccess:  {Verdict: verdict.NotTested, Reason: "mail: no catcher"},
		bindErrcode: {Verdict: verdict.NotTested, Reason: "mail: no catcher"},
	}
	for _, op := range requirements.Operations() {
		found[row(t, op, "gen-001-json-object-body")] = verdict.Judged{Verdict: verdict.NotTested, Reason: "mail: no catcher"}
	}
	found[row(t, "add3PID", "gen-005-errcode-form")] = verdict.Judged{Verdict: verdict.NotTested, Reason: "mail: no catcher"}
	body := section(markdown(t, reportOf(t, found)), "Not tested")
	g.Expect(strings.Count(body, "<details>")).To(Equal(2), "one beside the rows that are not selected")
	g.Expect(body).To(ContainSubstring("<details><summary>12: mail: no catcher</summary>\n\n" +
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
	fields := map[string]string{}
	for line := range strings.Lines(text) {
		if f := strings.Fields(line); len(f) == 7 {
			fields[f[0]] = strings.Join(f[1:6], " ")
		}
	}
	g.Expect(fields).To(Equal(map[string]string{"MUST": "1 1 0 2 1", "SHOULD": "1 0 1 0 0", "MAY": "0 0 0 0 0"}), "fail, blocked, expected-fail, pass, not-supported")
	g.Expect(text).NotTo(ContainSubstring("get-002-fresh-user-empty"), "a known failure is no news")
}

func TestTheSummaryOfAGoodRunEndsWithItsResult(t *testing.T) {
	g := NewWithT(t)
	r := reportOf(t, changes{listSchema: {Verdict: verdict.Pass}})
	r.Target.Variants = nil
	text := r.Summary("results")
	g.Expect(text).To(ContainSubstring("(image)\n"))
	g.Expect(text).To(ContainSubstring("\nresult      conformant\n"))
	g.Expect(text).NotTo(MatchRegexp(`(?m)^(fail|blocked) `))
}

func TestTheSummaryShowsFailuresOutsideTheSelection(t *testing.T) {
	g := NewWithT(t)
	r := withFindingOutsideTheSelection(strings.Repeat("x", 300))
	text := r.Summary("results")
	g.Expect(text).To(ContainSubstring("get-003-item-required-fields (not selected, does not count)\n         " + strings.Repeat("x", 240) + " …\n"))
	g.Expect(r.Profile.Exit).To(BeZero())
	g.Expect(junit(t, r).Tests).To(Equal(1), "and JUnit leaves them out")
}

// withFindingOutsideTheSelection is a run of one row that passed, in which the
// exchange layer saw another row broken.
func withFindingOutsideTheSelection(message string) *report.Report {
	var candidates []verdict.Candidate
	for _, e := range requirements.All() {
		for _, row := range e.Rows() {
			candidates = append(candidates, verdict.Candidate{Entry: e, Row: row, Specs: 1, Selected: row == listSchema})
		}
	}
	rows := verdict.Judge(candidates,
		[]verdict.Outcome{{Row: listSchema, Verdict: verdict.Pass}},
		[]verdict.Finding{{Row: listFields, Message: message}}, nil, false)
	r := &report.Report{}
	r.Rows(rows, verdict.Conclude(rows, nil, nil), nil, "v1.6")
	return r
}
