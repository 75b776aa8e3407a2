package matrix

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/harness/requirements"
)

// noBug are covered rows that no bug breaks, and why.
var noBug = map[string]string{
	"delete3pidFromAccount auth-008-account-isolation": "its typical bug is delete-of-anybody, which del-004 has to notice; this row fails with it",
	"unbind3pidFromAccount auth-008-account-isolation": "its typical bug is unbind-unbinds-for-binder, which unb-004 has to notice; this row fails with it",
	"bind3PID auth-008-account-isolation":              "an identity server binds to the user whose token it gets and to no other, so a wrong mxid is refused there: bind-mxid-from-body",
}

// A row that specs judge, whether it counts or only informs, has to have a bug that
// must make it fail. Without one, nothing shows that the suite notices a server
// which is wrong there.
func TestCoveredRowsHaveBugs(t *testing.T) {
	broken := map[string]bool{}
	for _, bug := range Bugs() {
		broken[bug.row()] = true
	}
	rows := map[string]bool{}
	for _, row := range requirements.Rows() {
		entry, _ := requirements.Lookup(row.Requirement)
		name := row.Operation + " " + row.Requirement
		rows[name] = true
		switch covered := entry.Uncovered[row.Operation] == ""; {
		case covered && !broken[name] && noBug[name] == "":
			t.Errorf("%s (%s) has no bug", name, entry.Enforcement)
		case broken[name] && noBug[name] != "":
			t.Errorf("%s is listed as without a bug, but has one", name)
		case broken[name] && !covered:
			t.Errorf("%s has a bug, but the catalogue says that no spec judges it", name)
		}
	}
	for name := range noBug {
		if !rows[name] {
			t.Errorf("%s is listed, but is no row", name)
		}
	}
}

// The README's table beside Sytest names bugs and what fails with them.
func TestTheReadmeNamesBugsThatAreNoticed(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	breaks := map[string]string{} // requirement by bug
	for _, bug := range Bugs() {
		breaks[bug.Name] = bug.Requirements[0]
	}
	rows := regexp.MustCompile("(?m)^\\| [^|]+ \\| (?:yes|no) \\| `([^`]+)`: ([a-z0-9]+-[0-9]{3}) \\|$").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 20 {
		t.Errorf("the table has %d rows that can be read", len(rows))
	}
	for _, row := range rows {
		if name, id := row[1], row[2]; !strings.HasPrefix(breaks[name], id+"-") {
			t.Errorf("%s breaks %q, not %s", name, breaks[name], id)
		}
	}
}

// What was not noticed as it has to be survives: a row that did not fail, one that
// moved undeclared, an answer without a finding.
func TestSurvivors(t *testing.T) {
	result := func(name string, killed, beyond []string) Result {
		return Result{Bug: Bug{Name: name}, KilledBy: killed, Beyond: beyond}
	}
	p := NewProof(
		[]Result{
			result("noticed", []string{"row"}, nil),
			result("unnoticed", nil, nil),
			result("moves more", []string{"row"}, []string{"another row"}),
		},
		[]mutate.Outcome{
			{Mutation: mutate.Mutation{Kind: mutate.Empty}},
			{Mutation: mutate.Mutation{Kind: mutate.Trailing}, Unnoticed: "200 {}{}"},
			{Mutation: mutate.Mutation{Kind: mutate.WrongStatus}, Unnoticed: "200 {}", Equivalent: "it is lawful"},
		},
	)
	if want := []string{"unnoticed", "moves more", ":0:trailing"}; !slices.Equal(p.Survivors, want) || p.Total != 6 || p.Killed != 2 {
		t.Errorf("%d of %d are killed, and %q survive", p.Killed, p.Total, p.Survivors)
	}
}
