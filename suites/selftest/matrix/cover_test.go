package matrix

import (
	"slices"
	"testing"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/requirements"
)

// noFault are covered rows that no fault breaks, and why.
var noFault = map[string]string{
	"delete3pidFromAccount auth-008-account-isolation": "its typical bug is delete-of-anybody, which del-004 has to notice; this row fails with it",
	"unbind3pidFromAccount auth-008-account-isolation": "its typical bug is unbind-unbinds-for-binder, which unb-004 has to notice; this row fails with it",
	"bind3PID auth-008-account-isolation":              "an identity server binds to the user whose token it gets and to no other, so a wrong mxid is refused there: bind-mxid-from-body",
}

// A row that specs judge, whether it counts or only informs, has to have a fault
// that must make it fail. Without one, nothing shows that the suite notices a
// server which is wrong there.
func TestCoveredRowsHaveFaults(t *testing.T) {
	broken := map[string]bool{}
	for _, f := range refserver.Faults() {
		broken[own(f)] = true
	}
	for _, f := range mutate.Faults() {
		broken[f.Operation+" "+f.Requirement] = true
	}
	rows := requirements.Rows()
	for _, row := range rows {
		entry, _ := requirements.Lookup(row.Requirement)
		name := row.Operation + " " + row.Requirement
		switch covered := entry.Uncovered[row.Operation] == ""; {
		case covered && !broken[name] && noFault[name] == "":
			t.Errorf("%s (%s) has no fault", name, entry.Enforcement)
		case broken[name] && noFault[name] != "":
			t.Errorf("%s is listed as without a fault, but has one", name)
		case broken[name] && !covered:
			t.Errorf("%s has a fault, but the catalogue says that no spec judges it", name)
		}
	}
	for name := range noFault {
		if !slices.ContainsFunc(rows, func(r requirements.Row) bool { return r.Operation+" "+r.Requirement == name }) {
			t.Errorf("%s is listed, but is no row", name)
		}
	}
}
