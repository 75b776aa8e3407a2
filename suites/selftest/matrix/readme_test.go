package matrix

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
)

// The README's table beside Sytest names faults and what fails with them. Each is
// one that the self-test plants and that has to make that requirement fail.
func TestTheReadmeNamesFaultsThatAreNoticed(t *testing.T) {
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	breaks := map[string]string{} // requirement by fault
	for _, f := range refserver.Faults() {
		breaks[f.Name] = f.Requirements[0]
	}
	for _, f := range mutate.Faults() {
		breaks[f.Mutation] = f.Requirement
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
