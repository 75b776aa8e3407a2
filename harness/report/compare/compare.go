// Package compare says what changed from one report to another, row by row. Rows
// are matched by operation and requirement, whose ids never change their
// meaning, so reports of different versions of the suite can be compared.
package compare

import (
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A Comparison is what changed. Its JSON is the output of compare --json.
type Comparison struct {
	Old Side `json:"old"`
	New Side `json:"new"`

	// Regressions counts the rows of NewlyFailing that held before and now fail
	// and count, or are blocked.
	Regressions int `json:"regressions"`

	NewlyFailing []Change `json:"newly_failing"` // fail or blocked now, not before
	NewlyPassing []Change `json:"newly_passing"` // pass now, failed or blocked before
	Changed      []Change `json:"changed"`       // any other change of the verdict, or of whether it counts
	Added        []Change `json:"added"`         // only in the new report
	Removed      []Change `json:"removed"`       // only in the old report
	Unchanged    int      `json:"unchanged"`
}

// A Side names one of the two reports.
type Side struct {
	Target   string          `json:"target"`
	Suite    string          `json:"suite"` // version of the suite
	Spec     string          `json:"spec"`  // version of the Matrix spec
	Finished string          `json:"finished"`
	Complete bool            `json:"complete"`
	Result   verdict.Profile `json:"result"`
}

// A State is what one report says of a row.
type State struct {
	Verdict verdict.Verdict `json:"verdict"`
	Gates   bool            `json:"gates"`
	Reason  string          `json:"reason"`
}

// A Change is a row that differs. Old is nil for one that was added, New for one
// that was removed.
type Change struct {
	Operation  string `json:"operation"`
	ID         string `json:"id"`
	Level      string `json:"level"`
	Link       string `json:"link"`
	Introduced string `json:"introduced"` // version of the suite that has the requirement first; "" when this one does not know it
	Regression bool   `json:"regression"`
	Old        *State `json:"old"`
	New        *State `json:"new"`
}

// Reports compares two reports.
func Reports(before, after *report.Report) Comparison {
	c := Comparison{
		Old: sideOf(before), New: sideOf(after),
		NewlyFailing: []Change{}, NewlyPassing: []Change{}, Changed: []Change{}, Added: []Change{}, Removed: []Change{},
	}
	was := map[requirements.Row]report.Requirement{}
	for _, q := range before.Requirements {
		was[rowOf(q)] = q
	}
	for _, q := range after.Requirements {
		old, known := was[rowOf(q)]
		delete(was, rowOf(q))
		if !known {
			change := changeOf(q)
			change.New = stateOf(q)
			c.Added = append(c.Added, change)
			continue
		}
		c.file(old, q)
	}
	for _, q := range before.Requirements {
		if _, left := was[rowOf(q)]; left {
			change := changeOf(q)
			change.Old = stateOf(q)
			c.Removed = append(c.Removed, change)
		}
	}
	return c
}

// file puts a row that both reports have where it belongs.
func (c *Comparison) file(old, now report.Requirement) {
	if old.Verdict == now.Verdict && (old.Gates == now.Gates || !failing(now)) {
		c.Unchanged++
		return
	}
	change := changeOf(now)
	change.Old, change.New = stateOf(old), stateOf(now)
	change.Regression = good(old) && (now.Verdict == verdict.Blocked || now.Verdict == verdict.Fail && now.Gates)
	if change.Regression {
		c.Regressions++
	}
	switch {
	case failing(now) && !failing(old):
		c.NewlyFailing = append(c.NewlyFailing, change)
	case now.Verdict == verdict.Pass && (failing(old) || old.Verdict == verdict.ExpectedFail):
		c.NewlyPassing = append(c.NewlyPassing, change)
	default:
		c.Changed = append(c.Changed, change)
	}
}

// Nothing reports whether the two say the same of every row.
func (c Comparison) Nothing() bool {
	return len(c.NewlyFailing)+len(c.NewlyPassing)+len(c.Changed)+len(c.Added)+len(c.Removed) == 0
}

// good reports whether a row counted as good, or as known to be bad.
func good(q report.Requirement) bool {
	return q.Verdict == verdict.Pass || q.Verdict == verdict.ExpectedFail || q.Verdict == verdict.NotSupported
}

func failing(q report.Requirement) bool {
	return q.Verdict == verdict.Fail || q.Verdict == verdict.Blocked
}

func rowOf(q report.Requirement) requirements.Row {
	return requirements.Row{Operation: q.Operation, Requirement: q.ID}
}

func changeOf(q report.Requirement) Change {
	c := Change{Operation: q.Operation, ID: q.ID, Level: q.Level, Link: q.Link}
	if entry, ok := requirements.Lookup(q.ID); ok {
		c.Introduced = entry.Introduced
	}
	return c
}

func stateOf(q report.Requirement) *State {
	return &State{Verdict: q.Verdict, Gates: q.Gates, Reason: q.Reason}
}

func sideOf(r *report.Report) Side {
	return Side{
		Target: r.Subject(), Suite: r.Suite.Version, Spec: r.Suite.Spec,
		Finished: r.Suite.Finished.UTC().Format("2006-01-02 15:04 MST"),
		Complete: r.Complete, Result: r.Profile.Result,
	}
}
