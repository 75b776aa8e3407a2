// Package report writes what a run found into the results folder: report.json,
// report.html, report.md and junit.xml. It decides nothing; see package verdict
// for that. Where things are:
//
//	report.go, load.go       report.json and its JSON Schema
//	html*.go, evidence.go,   report.html, from report.json and exchanges.jsonl:
//	messages.go, curl.go     how requests and responses read in it
//	rebuild.go               a report of a run that was killed
//	page                     what our pages share: style, script, marks
//	compare                  two reports, row by row
//	overview                 reports of several homeservers on one page
package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

// Files that a run writes into the results folder.
const (
	JSONFile      = "report.json"
	HTMLFile      = "report.html"
	MarkdownFile  = "report.md"
	JUnitFile     = "junit.xml"
	ExchangesFile = "exchanges.jsonl"
)

// Report is report.json. Its shape is a promise to users; Schema grows when it
// changes incompatibly.
type Report struct {
	Schema   int  `json:"schema"`
	Complete bool `json:"complete"` // false when the run was interrupted

	Suite        Suite         `json:"suite"`
	Target       Target        `json:"target"`
	Profile      Profile       `json:"profile"`
	Chapters     []Chapter     `json:"chapters"`
	Operations   []Operation   `json:"operations"`
	Requirements []Requirement `json:"requirements"`

	// Hide keeps the secrets of the run out of what others wrote: the target's
	// logs. Nil hides those that a name gives away.
	Hide func(string) string `json:"-"`
}

// Suite says which suite ran, and how.
type Suite struct {
	Version  string    `json:"version"`
	Commit   string    `json:"commit"`
	Spec     string    `json:"spec"` // version of the Matrix spec whose schemas were used
	Seed     int64     `json:"seed"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// FirstSpec is when the first spec began, RFC 3339; "" when none did.
	FirstSpec string `json:"first_spec,omitempty"`
	// Waits are those outside of specs.
	Waits   []Wait `json:"waits,omitempty"`
	Command string `json:"command"`
}

// Target says what was tested.
type Target struct {
	URL        string   `json:"url"`
	ServerName string   `json:"server_name"`
	Name       string   `json:"name"`
	Version    string   `json:"version"`
	Advertised []string `json:"advertised"` // versions of the Matrix spec
	How        string   `json:"how"`        // embedded, url, image or command
	Variants   []string `json:"variants"`   // configurations beside the main one
}

// Counts says how many rows have which verdict. All six are present.
type Counts map[verdict.Verdict]int

// Profile is the result as a whole.
type Profile struct {
	Result         verdict.Profile `json:"result"`
	Must           Counts          `json:"must"`
	Should         Counts          `json:"should"`
	May            Counts          `json:"may"`
	NotGatingFails int             `json:"not_gating_fails"`
	Exit           int             `json:"exit"`
	Why            []string        `json:"why"` // of exit 1
}

// Chapter sums up the operations that one part of the spec declares.
type Chapter struct {
	Name   string          `json:"name"`
	Result verdict.Profile `json:"result"`
	Counts Counts          `json:"counts"`
}

// Operation sums up one operation.
type Operation struct {
	OperationID string          `json:"operation_id"`
	Chapter     string          `json:"chapter"`
	Request     string          `json:"request"` // POST /account/3pid/add
	Result      verdict.Profile `json:"result"`
	Counts      Counts          `json:"counts"`
}

// Requirement is one row: a requirement of an operation.
type Requirement struct {
	ID          string          `json:"id"`
	Operation   string          `json:"operation"`
	Level       string          `json:"level"`
	Enforcement string          `json:"enforcement"`
	Gates       bool            `json:"gates"` // whether the verdict counts for the exit code
	Verdict     verdict.Verdict `json:"verdict"`
	Reason      string          `json:"reason"`
	Because     string          `json:"because"` // "operationId requirement" of the row that stopped this one
	Link        string          `json:"link"`    // the spec's section, or that of the expectations file
	Statement   string          `json:"statement"`
	Exchanges   []string        `json:"exchanges"` // of findings, see exchanges.jsonl
	Specs       []Spec          `json:"specs"`
	Selected    bool            `json:"selected"`
}

// Spec is one spec that judged a row.
type Spec struct {
	Title     string   `json:"title"`
	File      string   `json:"file"`
	Line      int      `json:"line"`
	State     string   `json:"state"` // Ginkgo's word
	Seconds   float64  `json:"seconds"`
	Exchanges []string `json:"exchanges"`
	Rerun     string   `json:"rerun"`
	Message   string   `json:"message,omitempty"`
	Waits     []Wait   `json:"waits,omitempty"`
}

// Wait is time that passed because a requirement, or a homeserver that limits
// rates, asks for it.
type Wait struct {
	Reason  string  `json:"reason"`
	Started string  `json:"started"` // RFC 3339
	Millis  float64 `json:"ms"`
}

// Rows fills in profile, operations and requirements from judged rows. Specs
// are given by row; specVersion is the version that links lead to.
func (r *Report) Rows(rows []verdict.Judged, result verdict.Result, specs map[requirements.Row][]Spec, specVersion string) {
	r.Profile = Profile{
		Result:         result.Profile,
		Must:           complete(result.Counts[requirements.Must]),
		Should:         complete(result.Counts[requirements.Should]),
		May:            complete(result.Counts[requirements.May]),
		NotGatingFails: result.NotGatingFails,
		Exit:           result.Exit,
		Why:            append([]string{}, result.Why...),
	}
	byOperation := map[string][]verdict.Judged{}
	for _, row := range rows {
		byOperation[row.Row.Operation] = append(byOperation[row.Row.Operation], row)
		out := Requirement{
			ID:          row.Row.Requirement,
			Operation:   row.Row.Operation,
			Level:       string(row.Entry.Level),
			Enforcement: string(row.Entry.Enforcement),
			Gates:       row.Gates,
			Verdict:     row.Verdict,
			Reason:      row.Reason,
			Link:        row.Entry.URL(specVersion),
			Statement:   row.Entry.Statement,
			Exchanges:   append([]string{}, row.Evidence...),
			Specs:       append([]Spec{}, specs[row.Row]...),
			Selected:    row.Selected,
		}
		if row.Link != "" {
			out.Link = row.Link
		}
		if row.Because != (requirements.Row{}) {
			out.Because = row.Because.Operation + " " + row.Because.Requirement
		}
		r.Requirements = append(r.Requirements, out)
	}
	for _, chapter := range schemas.Chapters() {
		var all []verdict.Judged
		for _, op := range schemas.Operations() {
			if op.Chapter != chapter.Name {
				continue
			}
			own := byOperation[op.ID]
			all = append(all, own...)
			r.Operations = append(r.Operations, Operation{
				OperationID: op.ID, Chapter: op.Chapter, Request: Request(op), Result: verdict.ProfileOf(own), Counts: countsOf(own),
			})
		}
		r.Chapters = append(r.Chapters, Chapter{chapter.Name, verdict.ProfileOf(all), countsOf(all)})
	}
}

// Request is how reports call the request of an operation.
func Request(op schemas.Operation) string {
	return op.Method + " " + strings.TrimPrefix(op.Path, "/_matrix/client/v3")
}

func countsOf(rows []verdict.Judged) Counts {
	counts := complete(nil)
	for _, row := range rows {
		counts[row.Verdict]++
	}
	return counts
}

func complete(counts map[verdict.Verdict]int) Counts {
	c := Counts{}
	for _, v := range verdict.All {
		c[v] = counts[v]
	}
	return c
}

// failsAndCounts and failsWithoutCounting part the rows that fail.
func (q Requirement) failsAndCounts() bool       { return q.Verdict == verdict.Fail && q.Gates }
func (q Requirement) failsWithoutCounting() bool { return q.Verdict == verdict.Fail && !q.Gates }

// counts reports whether the row counts against the run.
func (q Requirement) counts() bool { return q.failsAndCounts() || q.Verdict == verdict.Blocked }

// with selects the rows that have this verdict.
func with(v verdict.Verdict) func(Requirement) bool {
	return func(q Requirement) bool { return q.Verdict == v }
}

// levels are the counts by level, in the order of reports.
func (p Profile) levels() []namedCounts {
	return []namedCounts{{"MUST", p.Must}, {"SHOULD", p.Should}, {"MAY", p.May}}
}

type namedCounts struct {
	name   string
	counts Counts
}

// Tested says how many rows there are and how many of them have the verdict
// not-tested.
func (r *Report) Tested() (rows, notTested int) {
	return len(r.Requirements), len(r.rows(with(verdict.NotTested)))
}

// Write puts all files into dir, where exchanges.jsonl and the target's logs are.
func (r *Report) Write(dir string) error {
	r.Target.Advertised = append([]string{}, r.Target.Advertised...) // lists, never null
	r.Target.Variants = append([]string{}, r.Target.Variants...)
	text, err := Indented(r)
	if err != nil {
		return err
	}
	if err := write(dir, JSONFile, text); err != nil {
		return err
	}
	return r.Render(dir)
}

// Render writes the files that are made from report.json and exchanges.jsonl.
func (r *Report) Render(dir string) error {
	html, err := r.html(dir)
	if err != nil {
		return err
	}
	junit, err := r.junit()
	if err != nil {
		return err
	}
	return errors.Join(write(dir, HTMLFile, html), write(dir, MarkdownFile, []byte(r.markdown())), write(dir, JUnitFile, junit))
}

func write(dir, name string, content []byte) error {
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	return nil
}

// Indented is a value as JSON for people and programs.
func Indented(value any) ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // readers search for <access_token 1>
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return text.Bytes(), err
}
