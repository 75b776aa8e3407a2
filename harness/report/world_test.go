package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// row is a row of the catalogue by operationId and the beginning of an id.
func row(t testing.TB, operation, id string) requirements.Row {
	t.Helper()
	r := requirements.Row{Operation: operation, Requirement: id}
	for _, known := range requirements.Rows() {
		if known == r {
			return r
		}
	}
	t.Fatalf("the catalogue has no %s %s", operation, id)
	return r
}

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
	for _, e := range requirements.All() {
		for _, r := range e.Rows() {
			j := verdict.Judged{Candidate: verdict.Candidate{Entry: e, Row: r}, Verdict: verdict.NotTested, Reason: "not selected", Gates: verdict.Gates(e, verdict.Hard, false)}
			if change, ok := found[r]; ok {
				change.Candidate, change.Selected, change.Specs = j.Candidate, true, 1
				j = change
			}
			rows = append(rows, j)
		}
	}
	for r := range found {
		row(t, r.Operation, r.Requirement)
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
