package selftest

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"threepid-conformance/harness/verdict"
	"threepid-conformance/suites/selftest/matrix"
)

// A few bugs, one of each kind: in an answer, in what an operation does, in what it
// asks an identity server, in a mail, in a variant; and one answer that a proxy
// spoils. `make faults` runs all of them in this way.
func TestASampleOfBugsIsNoticed(t *testing.T) {
	t.Parallel()
	sample := []string{
		"added-at-in-seconds", "delete-of-anybody", "bind-mxid-from-body", "next-link-ignored", "list-limit-403",
		"requestTokenTo3PIDEmail:200:status=201",
	}
	results := t.TempDir()
	r := inRepository(t, results, "go", "run", "./suites/cmd/faults", "--results="+results, "--only=^("+strings.Join(sample, "|")+")$")
	if r.exit != 0 {
		t.Errorf("exit %d\n%s", r.exit, r.output)
	}
	text, err := os.ReadFile(filepath.Join(results, matrix.JSONFile))
	if err != nil {
		t.Fatal(err)
	}
	var written struct {
		Survivors []string `json:"survivors"`
		Faults    []struct {
			Name     string   `json:"name"`
			KilledBy []string `json:"killed_by"`
		} `json:"faults"`
	}
	if err := json.Unmarshal(text, &written); err != nil {
		t.Fatal(err)
	}
	if len(written.Faults) != len(sample) || len(written.Survivors) > 0 {
		t.Errorf("%d of %d bugs were run against, and %v survive", len(written.Faults), len(sample), written.Survivors)
	}
	for _, fault := range written.Faults {
		if len(fault.KilledBy) != 1 {
			t.Errorf("%s is noticed by %v", fault.Name, fault.KilledBy)
		}
	}
}

// A correct server passes, whichever lawful choices it makes.
func TestBothPersonalitiesAreConformant(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"plain": nil, "other": {"--target-option=personality=other"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := conformOnce(t, args...)
			for name, v := range r.verdicts(t) {
				q := r.row(t, name)
				if len(q.Specs) > 0 && v != verdict.Pass && v != verdict.NotSupported && q.Gates {
					t.Errorf("%s is %s: %s", name, v, q.Reason)
				}
			}
			if r.exit != 0 || r.report.Profile.Result != verdict.Conformant {
				t.Errorf("exit %d and %s", r.exit, r.report.Profile.Result)
			}
		})
	}
}
