// Package verdict decides: it turns what specs and exchanges saw into one of
// six verdicts per row, and the rows into the result of the run.
//
// A row is one requirement of one operation. Nothing outside this package
// decides whether a run failed.
package verdict

import (
	"slices"
	"strings"

	"threepid-conformance/harness/requirements"
)

// A Verdict is what is known about one row after a run.
type Verdict string

// The six verdicts.
const (
	Pass         Verdict = "pass"          // exercised, held
	Fail         Verdict = "fail"          // the homeserver broke it
	ExpectedFail Verdict = "expected-fail" // broken, and listed in the expectations file
	NotSupported Verdict = "not-supported" // lawfully declined, or of a version not advertised
	NotTested    Verdict = "not-tested"    // we could not, or were told not to
	Blocked      Verdict = "blocked"       // set-up was refused or broke
)

// All lists the verdicts from the worst to the least telling; where several
// specs judge one row, the first that occurs is the row's verdict.
var All = []Verdict{Fail, Blocked, ExpectedFail, Pass, NotSupported, NotTested}

// rank is the place of v in [All]; lower outranks higher.
func (v Verdict) rank() int { return slices.Index(All, v) }

// A Finding is something the exchange layer or Strictly saw without ending the
// spec that was running. It is filed under a row of its own.
type Finding struct {
	Row      requirements.Row `json:"row"`
	Strictly bool             `json:"strictly,omitempty"` // it is about the part that Strictly checks, see requirements.Entry
	Message  string           `json:"message"`
	Exchange string           `json:"exchange,omitempty"` // id in exchanges.jsonl
	Spec     string           `json:"spec,omitempty"`     // title of the spec that was running
}

// An Outcome is how one spec ended.
type Outcome struct {
	Row      requirements.Row `json:"row"`
	Verdict  Verdict          `json:"verdict"`
	Strictly bool             `json:"strictly,omitempty"` // it is about the part that Strictly checks, see requirements.Entry
	Reason   string           `json:"reason,omitempty"`
	Because  requirements.Row `json:"because,omitzero"` // of a blocked spec: the row that stopped it
	Evidence []string         `json:"exchanges,omitempty"`
	Link     string           `json:"link,omitempty"` // of an expected failure
}

// mentions reports whether message contains the part an expectation names,
// ignoring differences in white space.
func mentions(message, part string) bool {
	return strings.Contains(squeeze(message), squeeze(part))
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }
