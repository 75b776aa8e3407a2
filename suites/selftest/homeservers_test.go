package selftest

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"threepid-conformance/harness/verdict"
)

// qualified is what `make qualify` left of a real homeserver. make qualify-synapse
// and make qualify-dendrite run it and these tests.
func qualified(t *testing.T, results string) run {
	t.Helper()
	folder := os.Getenv(results)
	if folder == "" {
		t.Skipf("%s is not set; make qualify-synapse and make qualify-dendrite set theirs", results)
	}
	r := run{results: folder, report: readReport(t, folder)}
	if r.report == nil {
		t.Fatalf("there is no report in %s", folder)
	}
	return r
}

// The list of a target's known failures is exactly what the suite finds: nothing
// fails that is not listed, whether it counts or not, nothing is listed that does
// not fail, and nothing is blocked without an explanation.
func TestQualifiedHomeserversFailWhereTheirListsSaySo(t *testing.T) {
	for target, results := range map[string]string{"synapse": "SYNAPSE_RESULTS", "dendrite": "DENDRITE_RESULTS"} {
		t.Run(target, func(t *testing.T) {
			r := qualified(t, results)
			listed, err := verdict.LoadExpectations(root + "/fixtures/targets/" + target + "/expected-failures.yaml")
			if err != nil {
				t.Fatal(err)
			}
			failed := 0
			for _, q := range r.report.Requirements {
				switch q.Verdict {
				case verdict.Blocked, verdict.Fail:
					t.Errorf("%s %s is %s: %s", q.Operation, q.ID, q.Verdict, q.Reason)
				case verdict.ExpectedFail:
					failed++
				}
			}
			if failed != len(listed) {
				t.Errorf("%d rows failed as expected, and %d are listed", failed, len(listed))
			}
		})
	}
}

// Synapse writes client secrets into its log, which lies beside the reports. The
// suite's own begin in a way of their own.
func TestQualifiedHomeserversLogNoSecret(t *testing.T) {
	texts := qualified(t, "SYNAPSE_RESULTS").texts(t)
	ours := regexp.MustCompile(`cs\.[A-Z0-9]{20,}`)
	for name, text := range texts {
		if at := ours.FindIndex(text); at != nil {
			t.Errorf("%s holds a client_secret: …%s…", name, text[max(0, at[0]-60):at[1]])
		}
	}
	if !bytes.Contains(texts["target.log"], []byte("client_secret")) {
		t.Error("the log does not speak of client secrets, so nothing is shown")
	}
}
