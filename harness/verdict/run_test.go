package verdict_test

import (
	"strings"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// operation is the one all rows of these tests belong to.
const operation = "add3PID"

func rowOf(id string) requirements.Row {
	return requirements.Row{Operation: operation, Requirement: id}
}

// must is a selected row of a hard MUST with one spec, which options change.
func must(id string, options ...func(*verdict.Candidate)) verdict.Candidate {
	c := verdict.Candidate{
		Entry:    requirements.Entry{ID: id, Level: requirements.Must, Enforcement: requirements.Hard},
		Row:      rowOf(id),
		Specs:    1,
		Selected: true,
	}
	for _, change := range options {
		change(&c)
	}
	return c
}

func level(l requirements.Level) func(*verdict.Candidate) {
	return func(c *verdict.Candidate) { c.Entry.Level = l }
}

func enforced(e requirements.Enforcement) func(*verdict.Candidate) {
	return func(c *verdict.Candidate) { c.Entry.Enforcement = e }
}

func strictly(e requirements.Enforcement) func(*verdict.Candidate) {
	return func(c *verdict.Candidate) { c.Entry.Strictly = &requirements.Half{Enforcement: e} }
}

func uncovered(c *verdict.Candidate)   { c.Specs = 0 }
func notSelected(c *verdict.Candidate) { c.Selected = false }
func excluded(c *verdict.Candidate)    { c.Excluded, c.Selected = "no mail here", false }

// ended is how a spec of a row ended, with a reason that names verdict and row.
func ended(id string, v verdict.Verdict) verdict.Outcome {
	o := verdict.Outcome{Row: rowOf(id), Verdict: v}
	if v != verdict.Pass {
		o.Reason = string(v) + " of " + id
	}
	return o
}

// blockedBy is a spec that could not go on and names another row.
func blockedBy(id, cause string) verdict.Outcome {
	o := ended(id, verdict.Blocked)
	o.Because = rowOf(cause)
	return o
}

func finding(id, message string) verdict.Finding {
	return verdict.Finding{Row: rowOf(id), Message: message, Exchange: "p1-7"}
}

func expecting(id, says string) verdict.Expectations {
	return verdict.Expectations{rowOf(id): {
		Operation: operation, Requirement: id, Says: says,
		Reason: "old bug", Link: "https://issues.example/1",
	}}
}

// A run is the input of Judge.
type run struct {
	rows     []verdict.Candidate
	outcomes []verdict.Outcome
	findings []verdict.Finding
	known    verdict.Expectations
	strict   bool
}

func (r run) judge() []verdict.Judged {
	return verdict.Judge(r.rows, r.outcomes, r.findings, r.known, r.strict)
}

func (r run) conclude(complaints ...string) verdict.Result {
	return verdict.Conclude(r.judge(), r.known, complaints)
}

// first judges the run and returns its first row.
func (r run) first() verdict.Judged { return r.judge()[0] }

// verdicts are those of the rows in their order, each with the row that stopped it.
func (r run) verdicts() string {
	var all []string
	for _, row := range r.judge() {
		text := row.Row.Requirement + " " + string(row.Verdict)
		if row.Because != (requirements.Row{}) && row.Verdict == verdict.NotTested {
			text += " because of " + row.Because.Requirement
		}
		all = append(all, text)
	}
	return strings.Join(all, ", ")
}
