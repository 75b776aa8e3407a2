package selftest

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/compare"
	"threepid-conformance/harness/verdict"
)

// seeded writes a copy of a run's report in which these rows were broken.
func seeded(t *testing.T, r run, change func(q *report.Requirement) bool) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.results, report.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var copied report.Report
	if err := json.Unmarshal(text, &copied); err != nil {
		t.Fatal(err)
	}
	for i := range copied.Requirements {
		if q := &copied.Requirements[i]; change(q) {
			q.Reason = "seeded by a test"
		}
	}
	dir := t.TempDir()
	if err := copied.Write(dir); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, report.JSONFile)
}

// Two rows that held and now fail or are blocked are named, and nothing else; a
// run compared with itself says that nothing changed.
func TestCompareNamesRegressions(t *testing.T) {
	t.Parallel()
	r := conformOnce(t)
	regressions := map[string]verdict.Verdict{
		"getAccount3PIDs get-001-200-schema": verdict.Fail,
		"add3PID add-003-requires-uia":       verdict.Blocked,
	}
	newer := seeded(t, r, func(q *report.Requirement) bool {
		v, broken := regressions[q.Operation+" "+q.ID]
		if broken {
			q.Verdict = v
		}
		return broken
	})
	asJSON, asHTML := filepath.Join(t.TempDir(), "c.json"), filepath.Join(t.TempDir(), "c.html")
	got := verb(t, 1, "compare", r.results, newer, "--json", asJSON, "--html="+asHTML)
	text, err := os.ReadFile(asJSON)
	if err != nil {
		t.Fatal(err)
	}
	var c compare.Comparison
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatal(err)
	}
	if c.Regressions != 2 || len(c.NewlyFailing) != 2 || len(c.NewlyPassing)+len(c.Changed)+len(c.Added)+len(c.Removed) != 0 {
		t.Errorf("the comparison does not name the two rows, or others, too: %s", text)
	}
	page, err := os.ReadFile(asHTML)
	if err != nil {
		t.Fatal(err)
	}
	for name := range regressions {
		_, id, _ := strings.Cut(name, " ")
		if !strings.Contains(got.output, id) || !strings.Contains(string(page), id) {
			t.Errorf("the markdown or the page does not name %s", name)
		}
	}

	back := verb(t, 0, "compare", newer, r.results)
	if !strings.Contains(back.output, "No regression.") || !strings.Contains(back.output, "Newly passing (2)") {
		t.Errorf("the other way round:\n%s", back.output)
	}
	same := verb(t, 0, "compare", r.results, r.results)
	if !strings.HasPrefix(same.output, "**Nothing changed.**") || strings.Contains(same.output, "###") {
		t.Errorf("a run compared with itself:\n%s", same.output)
	}
}

// A run that is killed cannot write its report; what it exchanged is enough to
// make one.
func TestAKilledRunIsRebuilt(t *testing.T) {
	t.Parallel()
	b := begin(t, hardFault)
	b.untilExchanged(t, `"requirement":"get-005-added-at-milliseconds"`)
	r := b.end(t, os.Kill)
	if r.report != nil {
		t.Fatal("a killed run has a report")
	}
	results := r.results

	for _, how := range []string{"rebuilt", "read again"} {
		got := verb(t, 1, "report", results)
		if !strings.Contains(got.output, "not complete") {
			t.Errorf("%s: the output does not say that the report is not complete:\n%s", how, got.output)
		}
		text, err := os.ReadFile(filepath.Join(results, report.JSONFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := report.Validate(text); err != nil {
			t.Errorf("%s: %v", how, err)
		}
		killed := run{report: readReport(t, results)}
		if killed.report.Complete || killed.report.Profile.Exit != 1 {
			t.Errorf("%s: complete %v, exit %d", how, killed.report.Complete, killed.report.Profile.Exit)
		}
		for name, v := range killed.verdicts(t) {
			q := killed.row(t, name)
			switch {
			case name == hardRow:
				if v != verdict.Fail || len(q.Exchanges) == 0 {
					t.Errorf("%s: what was seen is lost: %s %v", name, v, q.Exchanges)
				}
			case v != verdict.Fail && (v != verdict.NotTested || q.Reason != "the run was killed"):
				t.Errorf("%s is %s: %s", name, v, q.Reason)
			}
		}
		for _, file := range []string{report.HTMLFile, report.MarkdownFile, report.JUnitFile} {
			if _, err := os.Stat(filepath.Join(results, file)); err != nil {
				t.Errorf("%s: %v", how, err)
			}
		}
	}
}

// The same files come out of report.json that the run wrote.
func TestReportsCanBeWrittenAgain(t *testing.T) {
	t.Parallel()
	r := conform(t, hardFault, oneRow)
	before := r.texts(t)
	for _, name := range []string{report.HTMLFile, report.MarkdownFile, report.JUnitFile} {
		if err := os.Remove(filepath.Join(r.results, name)); err != nil {
			t.Fatal(err)
		}
	}
	again := verb(t, 0, "report", r.results)
	again.results = r.results
	after := again.texts(t)
	for name, text := range before {
		if name != "the output" && string(after[name]) != string(text) {
			t.Errorf("%s differs from what the run wrote", name)
		}
	}
}

// A list made of a report lets the same run pass, and a target may bring it.
func TestAFirstListOfKnownFailures(t *testing.T) {
	t.Parallel()
	const few = "--label-filter=getAccount3PIDs && MUST"
	r := conform(t, hardFault, few)
	target := t.TempDir()
	list := filepath.Join(target, "known.yaml")
	verb(t, 0, "report", r.results, "--write-expectations", list)
	if again := conform(t, hardFault, few, "--expectations="+list); again.exit != 0 || again.verdicts(t)[hardRow] != verdict.ExpectedFail {
		t.Errorf("with the list: exit %d and %s\n%s", again.exit, again.verdicts(t)[hardRow], again.output)
	}
	if over := verb(t, 2, "report", r.results, "--write-expectations", list); !strings.Contains(over.output, "is there already") {
		t.Errorf("a list that is there:\n%s", over.output)
	}
	described := fmt.Sprintf("name: mine\nserver_name: mine.test\nexpected_failures: known.yaml\ncapabilities: [mail]\n"+
		"command: [%s, '--addr={{.Bind}}:{{.Port}}', '--server-name={{.ServerName}}', '--smtp={{.SMTPHost}}:{{.SMTPPort}}', --fault=added-at-in-seconds]\n", reference)
	if err := os.WriteFile(filepath.Join(target, "target.yaml"), []byte(described), 0o600); err != nil {
		t.Fatal(err)
	}
	for flag, want := range map[string]verdict.Verdict{"--expectations=own": verdict.ExpectedFail, "--expectations=": verdict.Fail} {
		if own := conform(t, "--target="+target, oneRow, flag); own.verdicts(t)[hardRow] != want {
			t.Errorf("a target with a list of its own, %s: %s\n%s", flag, own.verdicts(t)[hardRow], own.output)
		}
	}
}

// In GitHub Actions a failure is marked where it is.
func TestAnnotationsInGitHubActions(t *testing.T) {
	t.Parallel()
	r := conformWith(t, []string{"GITHUB_ACTIONS=true"}, hardFault, oneRow)
	if !strings.Contains(r.output, "\n::error file=suites/contact/get_account_3pids.go,line=") || !strings.Contains(r.output, "title="+hardRow+" (MUST)::") {
		t.Errorf("no annotation:\n%s", r.output)
	}
	if r := conformWith(t, []string{"GITHUB_ACTIONS="}, hardFault, oneRow); strings.Contains(r.output, "::error") {
		t.Errorf("annotations where nobody reads them:\n%s", r.output)
	}
}

// What compare and report cannot use is one sentence and exit 2.
func TestBadReportsAreOneSentence(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := seeded(t, conform(t, oneRow), func(*report.Requirement) bool { return false })
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o700); err != nil {
		t.Fatal(err)
	}
	other, later := write("other.json", `{"a":1}`), write("later.json", `{"schema":7}`)
	for says, args := range map[string][]string{
		`expected "<new>"`:         {"compare", good},
		`expected "<old> <new>"`:   {"compare"},
		"there is no report":       {"compare", good, filepath.Join(dir, "none.json")},
		"is no report":             {"compare", other, good},
		"the version that wrote":   {"compare", good, later},
		"cannot be written":        {"compare", good, good, "--json=/dev/null/c.json"},
		"unknown flag --xml":       {"compare", good, good, "--xml=c"},
		"nothing to rebuild":       {"report", empty},
		"one results folder":       {"report", good, good},
		`expected "<results> ..."`: {"report", "--page=" + filepath.Join(dir, "p.html")},
		"shape 7":                  {"report", "--page=" + filepath.Join(dir, "p.html"), good, later},
		"can't be used together":   {"report", "--page=p", "--write-expectations=e", good},
	} {
		r := verb(t, 2, args...)
		if sentence := strings.TrimSuffix(r.output, "\n"); strings.Contains(sentence, "\n") || !strings.Contains(sentence, says) {
			t.Errorf("conformance %s: want one line with %q, got:\n%s", strings.Join(args, " "), says, r.output)
		}
	}
}
