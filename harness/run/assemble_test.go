package run

import (
	"testing"

	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/verdict"
)

// What ends a spec from outside says nothing about the homeserver; a time-out and
// a panic outrank what the spec had said before.
func TestOutcomeOfASpecThatDidNotEndByItself(t *testing.T) {
	for state, want := range map[types.SpecState]verdict.Verdict{
		types.SpecStateInterrupted: verdict.NotTested,
		types.SpecStateAborted:     verdict.NotTested,
		types.SpecStateTimedout:    verdict.Fail,
		types.SpecStatePanicked:    verdict.Fail,
	} {
		spec := types.SpecReport{State: state, LeafNodeLabels: []string{"add3PID", "MUST", "mail", "requirement:add-001-success-200"}}
		o, ran := outcomeOf(spec, note{Outcome: &verdict.Outcome{Verdict: verdict.Pass}})
		if !ran || o.Verdict != want || o.Reason == "" {
			t.Errorf("%s: ran %v, %s %q; want %s", state, ran, o.Verdict, o.Reason, want)
		}
	}
}
