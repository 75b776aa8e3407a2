package verdict

import (
	"cmp"
	"fmt"
	"slices"

	"threepid-conformance/harness/requirements"
)

// A Candidate is one row before it is judged: what the selection and the specs
// say about it.
type Candidate struct {
	Entry    requirements.Entry
	Row      requirements.Row
	Specs    int    // specs that judge it; 0 is uncovered
	Selected bool   // whether this run was asked to judge it
	Excluded string // reason given for leaving it out, if it was
}

// A Judged row is a Candidate with its verdict.
type Judged struct {
	Candidate
	Verdict  Verdict
	Gates    bool             // whether the verdict counts for the exit code
	Reason   string           // why, for every verdict but pass
	Because  requirements.Row // the row that stopped this one, if one did
	Link     string           // from the expectations file
	Executed bool             // at least one spec ran, or a finding was filed
	Evidence []string         // exchange ids of findings
}

// Gates reports whether a failure of what is enforced like this counts.
func Gates(enforcement requirements.Enforcement, strict bool) bool {
	return enforcement == requirements.Hard || strict && enforcement == requirements.Strict
}

// gates reports whether a failure of the row counts, or one of the part that
// Strictly checks.
func (c Candidate) gates(strictly, strict bool) bool {
	if strictly && c.Entry.Strictly != nil {
		return Gates(c.Entry.Strictly.Enforcement, strict)
	}
	return Gates(c.Entry.Enforcement, strict)
}

// Judge gives every candidate its verdict from what was seen.
func Judge(candidates []Candidate, outcomes []Outcome, findings []Finding, known Expectations, strict bool) []Judged {
	seen := map[requirements.Row][]Outcome{}
	for _, o := range outcomes {
		seen[o.Row] = append(seen[o.Row], o)
	}
	for _, f := range findings {
		seen[f.Row] = append(seen[f.Row], outcomeOf(f, known))
	}

	rows := make([]Judged, 0, len(candidates))
	for _, c := range candidates {
		rows = append(rows, judgeOne(c, seen[c.Row], strict))
	}
	explainBlocked(rows)
	for i := range rows {
		_, listed := known[rows[i].Row]
		if listed && rows[i].Verdict == Pass {
			rows[i].Reason = "listed as a known failure, but it passes: remove it from the expectations file"
		}
	}
	return rows
}

// outcomeOf files a finding as the outcome it is for its row.
func outcomeOf(f Finding, known Expectations) Outcome {
	o := Outcome{Row: f.Row, Verdict: Fail, Strictly: f.Strictly, Reason: f.Message}
	if f.Exchange != "" {
		o.Evidence = []string{f.Exchange}
	}
	if e, ok := known.Match(f.Row, f.Message); ok {
		o.Verdict, o.Link, o.Reason = ExpectedFail, e.Link, e.Reason+" ("+f.Message+")"
	}
	return o
}

func judgeOne(c Candidate, outcomes []Outcome, strict bool) Judged {
	row := Judged{Candidate: c, Verdict: NotTested, Gates: c.gates(false, strict)}
	switch {
	case c.Excluded != "" && len(outcomes) == 0:
		row.Reason = "excluded: " + c.Excluded
		return row
	case len(outcomes) == 0 && c.Specs == 0:
		row.Reason = "no spec covers this row"
		if why := c.Entry.Uncovered[c.Row.Operation]; why != "" {
			row.Reason += ": " + why
		}
		return row
	case len(outcomes) == 0:
		row.Reason = "not selected"
		return row
	}

	worst := slices.MinFunc(outcomes, func(a, b Outcome) int {
		return cmp.Or(
			cmp.Compare(a.Verdict.rank(), b.Verdict.rank()),
			cmp.Compare(boolRank(!c.gates(a.Strictly, strict)), boolRank(!c.gates(b.Strictly, strict))),
		)
	})
	row.Executed = true
	row.Verdict, row.Reason = worst.Verdict, worst.Reason
	row.Because, row.Link = worst.Because, worst.Link
	if worst.Verdict == Fail || worst.Verdict == ExpectedFail {
		row.Gates = c.gates(worst.Strictly, strict)
	}
	if worst.Verdict == Fail && !row.Gates {
		// What does not count must not hide what does.
		if i := slices.IndexFunc(outcomes, func(o Outcome) bool { return o.Verdict == Blocked }); i >= 0 {
			row.Verdict, row.Because = Blocked, outcomes[i].Because
			row.Reason = outcomes[i].Reason + "; besides: " + worst.Reason
		}
	}
	row.Gates = row.Gates && (c.Selected || row.Verdict != Fail)
	for _, o := range outcomes {
		for _, id := range o.Evidence {
			if !slices.Contains(row.Evidence, id) {
				row.Evidence = append(row.Evidence, id)
			}
		}
	}
	return row
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// explainBlocked turns rows that another row's failure stopped into not-tested.
// Where the named row passed, or was not executed, a failure of the same operation
// that counts explains it: the run is red already, and the operation is to blame.
// Else the row stays blocked.
func explainBlocked(rows []Judged) {
	index := map[requirements.Row]int{}
	for i, r := range rows {
		index[r.Row] = i
	}
	explained := map[int]requirements.Row{}
	for i, r := range rows {
		if r.Verdict != Blocked {
			continue
		}
		root, ok := rootOf(rows, index, i)
		if !ok {
			root, ok = brokenOf(rows, r.Because.Operation)
		}
		if ok {
			explained[i] = root
		}
	}
	for i, root := range explained {
		rows[i].Verdict = NotTested
		rows[i].Reason = fmt.Sprintf("because of %s %s: %s", root.Operation, root.Requirement, rows[i].Reason)
		rows[i].Because = root
	}
}

// rootOf follows the named rows from a blocked one to the row that explains it.
func rootOf(rows []Judged, index map[requirements.Row]int, from int) (requirements.Row, bool) {
	for at, steps := from, 0; steps < len(rows); steps++ {
		next, ok := index[rows[at].Because]
		if !ok || next == at {
			// A blocked row without a cause of its own explains those that name
			// it, but never itself.
			return rows[at].Row, at != from
		}
		at = next
		if rows[at].Verdict != Blocked {
			return rows[at].Row, rows[at].Executed && rows[at].Verdict != Pass && rows[at].Excluded == ""
		}
	}
	return requirements.Row{}, false
}

// brokenOf is the first row of an operation that failed and counts.
func brokenOf(rows []Judged, operation string) (requirements.Row, bool) {
	i := slices.IndexFunc(rows, func(r Judged) bool {
		return operation != "" && r.Row.Operation == operation && r.Verdict == Fail && r.Gates
	})
	if i < 0 {
		return requirements.Row{}, false
	}
	return rows[i].Row, true
}
