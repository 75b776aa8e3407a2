package selftest

import (
	"testing"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/suites/selftest/matrix"
)

// Every fault of the reference homeserver has to be seen as a failure of its own
// requirement. That it moves no rows but those it declares is for `make faults`
// to prove, which runs ten times as many specs.
func TestEveryFaultIsNoticed(t *testing.T) {
	right := baseline(t)
	for _, fault := range refserver.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			r, err := matrix.Kill(t.Context(), conformance, fault)
			if err == nil && r.Verdict == verdict.Pass {
				// It shows in answers that the specs of other rows provoke.
				r, err = right.Judge(t.Context(), conformance, fault)
			}
			if err != nil {
				t.Fatal(err)
			}
			if r.Verdict != verdict.Fail || r.Wrong != "" {
				t.Errorf("%s %s is %s, want fail; %s", r.Operation, r.Row, r.Verdict, r.Wrong)
			}
		})
	}
}

// Answers that break their schema have to be seen as a failure of the row that
// demands it, when they come from a live homeserver.
func TestSpoiltAnswersAreNoticed(t *testing.T) {
	for _, fault := range mutate.Faults() {
		t.Run(fault.Mutation, func(t *testing.T) {
			t.Parallel()
			r, err := matrix.JudgeAnswers(t.Context(), conformance, fault)
			if err != nil {
				t.Fatal(err)
			}
			if !r.Noticed() {
				t.Errorf("%s %s is %s, want fail; %s", r.Operation, r.Row, r.Verdict, r.Wrong)
			}
		})
	}
}

// A correct server passes, whichever lawful choices it makes.
func TestBothPersonalitiesAreConformant(t *testing.T) {
	for _, personality := range []string{"plain", "other"} {
		t.Run(personality, func(t *testing.T) {
			t.Parallel()
			r := conform(t, "--target-option=personality="+personality)
			if r.exit != 0 || r.report == nil || r.report.Profile.Result != verdict.Conformant {
				t.Fatalf("exit %d, want 0 and a conformant profile\n%s", r.exit, r.output)
			}
			for _, q := range r.report.Requirements {
				if len(q.Specs) > 0 && q.Verdict != verdict.Pass && q.Verdict != verdict.NotSupported && q.Gates {
					t.Errorf("%s %s is %s: %s", q.Operation, q.ID, q.Verdict, q.Reason)
				}
			}
		})
	}
}
