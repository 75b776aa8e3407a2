package selftest

import (
	"slices"
	"sort"
	"testing"

	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/verdict"
)

// Every fault of the reference homeserver has to be seen as a failure of its own
// requirement, and to move nothing else but the rows it declares. A row that the
// failure kept from being tested is not moved: the report says which failure it
// was.
func TestEveryFaultIsNoticed(t *testing.T) {
	right := baseline(t)
	for _, fault := range refserver.Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			own := fault.Operation + " " + fault.Requirements[0]
			if right[own] == verdict.NotTested {
				t.Skipf("no spec covers %s yet", own)
			}
			r := conform(t, "--target-option=fault="+fault.Name, "--timeout-factor=0.3")
			if got := r.verdicts(t)[own]; got != verdict.Fail {
				t.Errorf("%s is %s, want fail\n%s", own, got, r.output)
			}
			if gates := r.row(t, own).Gates; gates != (r.exit == 1) {
				t.Errorf("the row gates: %v, but the exit code is %d: %v", gates, r.exit, r.report.Profile.Why)
			}
			for _, moved := range movedRows(t, right, r) {
				if moved != own && !slices.Contains(fault.Also, moved) {
					q := r.row(t, moved)
					t.Errorf("%s moved from %s to %s and is not among the fault's rows: %s", moved, right[moved], q.Verdict, q.Reason)
				}
			}
		})
	}
}

// movedRows are the rows whose verdict differs from the right one, except those
// that the report calls not-tested because of a failure.
func movedRows(t *testing.T, right map[string]verdict.Verdict, r run) []string {
	t.Helper()
	var moved []string
	for name, v := range r.verdicts(t) {
		if v == right[name] {
			continue
		}
		if q := r.row(t, name); q.Verdict == verdict.NotTested && q.Because != "" {
			continue
		}
		moved = append(moved, name)
	}
	sort.Strings(moved)
	return moved
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
