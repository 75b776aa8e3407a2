package matrix

import (
	"slices"
	"testing"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/requirements"
)

// noFault are hard rows that no fault breaks, and why.
var noFault = map[string]string{
	"delete3pidFromAccount auth-008-account-isolation":         "its typical bug is delete-of-anybody, which del-004 has to notice; this row fails with it",
	"unbind3pidFromAccount auth-008-account-isolation":         "its typical bug is unbind-unbinds-for-binder, which unb-004 has to notice; this row fails with it",
	"bind3PID auth-008-account-isolation":                      "an identity server binds to the user whose token it gets and to no other, so a wrong mxid is refused there: bind-mxid-from-body",
	"requestTokenTo3PIDMSISDN email-006-token-not-in-response": "the homeserver does not know the code, since its delegate makes it; no spec covers the row",
}

// A row that counts has to have a fault which breaks it, or nothing shows that a
// server which is wrong there fails.
func TestHardRowsHaveFaults(t *testing.T) {
	broken := map[string]bool{}
	for _, f := range refserver.Faults() {
		for _, requirement := range f.Requirements {
			broken[f.Operation+" "+requirement] = true
		}
	}
	for _, f := range mutate.Faults() {
		broken[f.Operation+" "+f.Requirement] = true
	}
	rows := requirements.Rows()
	for _, row := range rows {
		entry, _ := requirements.Lookup(row.Requirement)
		name := row.Operation + " " + row.Requirement
		switch hard := entry.Enforcement == requirements.Hard; {
		case hard && !broken[name] && noFault[name] == "":
			t.Errorf("%s has no fault", name)
		case broken[name] && noFault[name] != "":
			t.Errorf("%s is listed as without a fault, but has one", name)
		}
	}
	for name := range noFault {
		if !slices.ContainsFunc(rows, func(r requirements.Row) bool { return r.Operation+" "+r.Requirement == name }) {
			t.Errorf("%s is listed, but is no row", name)
		}
	}
}
