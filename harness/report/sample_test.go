package report_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

var (
	listSchema   = requirements.Row{Operation: "getAccount3PIDs", Requirement: "get-001-200-schema"}
	listFields   = requirements.Row{Operation: "getAccount3PIDs", Requirement: "get-003-item-required-fields"}
	listFresh    = requirements.Row{Operation: "getAccount3PIDs", Requirement: "get-002-fresh-user-empty"}
	addUIA       = requirements.Row{Operation: "add3PID", Requirement: "add-003-requires-uia"}
	addSuccess   = requirements.Row{Operation: "add3PID", Requirement: "add-001-success-200"}
	bindSuccess  = requirements.Row{Operation: "bind3PID", Requirement: "bind-005-success-200"}
	bindErrcode  = requirements.Row{Operation: "bind3PID", Requirement: "gen-005-errcode-form"}
	emailGrammar = requirements.Row{Operation: "requestTokenTo3PIDEmail", Requirement: "email-003-sid-grammar"}
)

// changes are what a run found, by row; all other rows are not selected.
type changes map[requirements.Row]verdict.Judged

// judged lists all rows of the catalogue with these changes.
func judged(t testing.TB, found changes) []verdict.Judged {
	t.Helper()
	var rows []verdict.Judged
	changed := 0
	for _, e := range requirements.All() {
		for _, r := range e.Rows() {
			j := verdict.Judged{Candidate: verdict.Candidate{Entry: e, Row: r}, Verdict: verdict.NotTested, Reason: "not selected", Gates: verdict.Gates(e.Enforcement, false)}
			if change, ok := found[r]; ok {
				change.Candidate, change.Selected, change.Specs = j.Candidate, true, 1
				j = change
				changed++
			}
			rows = append(rows, j)
		}
	}
	if changed != len(found) {
		t.Fatalf("the catalogue does not have all of %v", found)
	}
	return rows
}

// aRun is a report with every verdict in it.
func aRun(t testing.TB) *report.Report {
	t.Helper()
	return reportOf(t, changes{
		listSchema:   {Verdict: verdict.Pass},
		listFields:   {Verdict: verdict.Fail, Gates: true, Reason: "expected added_at; got <nothing> | \"x\"\n  & more", Evidence: []string{"p1-3"}},
		listFresh:    {Verdict: verdict.ExpectedFail, Gates: true, Reason: "old bug (status 404)", Link: "https://issues.example/7"},
		addUIA:       {Verdict: verdict.Blocked, Gates: true, Reason: "the session was not validated", Because: listFields},
		addSuccess:   {Verdict: verdict.NotTested, Gates: true, Reason: "no such variant: <main>"},
		bindSuccess:  {Verdict: verdict.NotSupported, Gates: true, Reason: "no binding (answer 403 M_FORBIDDEN)"},
		bindErrcode:  {Verdict: verdict.Fail, Gates: false, Reason: "got m_x"},
		emailGrammar: {Verdict: verdict.Pass},
	})
}

func reportOf(t testing.TB, found changes) *report.Report {
	t.Helper()
	rows := judged(t, found)
	started := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	r := &report.Report{
		Schema: 1, Complete: true,
		Suite: report.Suite{Version: "0.1.0", Commit: "abc", Spec: "v1.6", Seed: 17, Started: started, Finished: started.Add(90 * time.Second), Command: "conformance run",
			FirstSpec: "2026-11-24T14:00:01Z", Waits: []report.Wait{{Reason: "late mails", Started: "2026-11-24T14:01:00Z", Millis: 900}}},
		Target: report.Target{URL: "http://127.0.0.1:8008", ServerName: "hs.test", Name: "synapse", Version: "Synapse 1.140.0",
			Advertised: []string{"v1.1", "v1.6"}, How: "image", Variants: []string{"no-mail", "rate-limited"}},
	}
	specs := map[requirements.Row][]report.Spec{}
	for found := range found {
		specs[found] = []report.Spec{{
			Title: "a spec of " + found.Requirement, File: "suites/contact/x.go", Line: 12, State: "passed",
			Seconds: 0.25, Exchanges: []string{"p1-1", "p1-2"}, Rerun: "conformance run '" + found.Requirement + "'", Message: "why",
			Waits: []report.Wait{{Reason: "a token has to expire", Started: "2026-11-24T14:00:02Z", Millis: 1000}},
		}}
	}
	r.Rows(rows, verdict.Conclude(rows, nil, nil), specs, "v1.6")
	return r
}

// written writes a report and returns the text of its files.
func written(t testing.TB, r *report.Report) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name()] = string(text)
	}
	return texts
}

// decoded is report.json as a reader without our types sees it.
func decoded(t testing.TB, r *report.Report) map[string]any {
	t.Helper()
	var value map[string]any
	if err := json.Unmarshal([]byte(written(t, r)[report.JSONFile]), &value); err != nil {
		t.Fatal(err)
	}
	return value
}

// evidence writes lines as exchanges.jsonl into a folder of its own.
func evidence(t testing.TB, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, report.ExchangesFile), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// exchanged is a line of exchanges.jsonl: a GET of the list at that second, with
// more members of the record.
func exchanged(id string, second float64, more string) string {
	return fmt.Sprintf(`{"id":%q,"started":"2026-11-24T14:00:%09.6fZ","ms":2.5%s,"request":{"method":"GET","url":"http://127.0.0.1:8008/_matrix/client/v3/account/3pid?access_token=<access_token 2>"},"response":{"status":200,"headers":{"Content-Type":["application/json"],"Date":["x"]},"body":"{\"threepids\":[]}"}}`, id, second, more)
}

// page is report.html of a run with this evidence.
func page(t testing.TB, r *report.Report, dir string) string {
	t.Helper()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, report.HTMLFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// element is what stands in the page from an opening tag with this id to the end
// of the element.
func element(t testing.TB, text, name, id string) string {
	t.Helper()
	at := strings.Index(text, fmt.Sprintf("<%s class=%q id=%q", name, "row", id))
	if at < 0 {
		at = strings.Index(text, fmt.Sprintf("<%s id=%q", name, id))
	}
	if at < 0 {
		t.Fatalf("the page has no %s %s", name, id)
	}
	depth := 0
	for _, tag := range regexp.MustCompile(`</?`+name+`\b`).FindAllStringIndex(text[at:], -1) {
		if text[at+tag[0]+1] == '/' {
			depth--
		} else {
			depth++
		}
		if depth == 0 {
			return text[at : at+tag[1]]
		}
	}
	t.Fatalf("the %s %s has no end", name, id)
	return ""
}

// change lets a test change one row of a report.
func change(r *report.Report, row requirements.Row, do func(*report.Requirement)) *report.Report {
	for i := range r.Requirements {
		if q := &r.Requirements[i]; q.Operation == row.Operation && q.ID == row.Requirement {
			do(q)
		}
	}
	return r
}
