// Package selftest tests the tester: it runs the suite as its users do, against
// homeservers that are right, wrong in one way, or wrong altogether, and reads
// the report.
package selftest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/suites/selftest/matrix"
)

// Programs that the tests run, built once.
var (
	conformance string // suites/cmd/conformance
	reference   string // fixtures/refserver/cmd/refserver
	compiled    string // the suite as a test binary
)

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	bin, err := os.MkdirTemp("", "threepid-selftest-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(bin)
	conformance = filepath.Join(bin, "conformance")
	reference = filepath.Join(bin, "refserver")
	compiled = filepath.Join(bin, "suites.test")
	for _, args := range [][]string{
		{"build", "-o", conformance, "threepid-conformance/suites/cmd/conformance"},
		{"build", "-o", reference, "threepid-conformance/fixtures/refserver/cmd/refserver"},
		{"test", "-c", "-o", compiled, "threepid-conformance/suites"},
	} {
		if out, err := exec.Command("go", args...).CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "go %s: %v\n%s", strings.Join(args, " "), err, out)
			return 1
		}
	}
	return m.Run()
}

// A run is what one run of the suite left behind.
type run struct {
	exit    int
	output  string
	results string
	report  *report.Report // nil when none was written
}

// conform runs the suite through the program in an empty folder.
func conform(t *testing.T, args ...string) run {
	t.Helper()
	return execute(t, exec.Command(conformance, append([]string{"run"}, args...)...))
}

// baseline is what the suite says of the reference homeserver as it is. Several
// tests compare with it; it is run once.
func baseline(t *testing.T) *matrix.Baseline {
	t.Helper()
	right, err := baselineOnce()
	if err != nil {
		t.Fatal(err)
	}
	return right
}

var baselineOnce = sync.OnceValues(func() (*matrix.Baseline, error) {
	return matrix.Judge(context.Background(), conformance)
})

// execute runs a command that writes its results into the folder it stands in.
func execute(t *testing.T, cmd *exec.Cmd) run {
	t.Helper()
	if cmd.Dir == "" {
		cmd.Dir = t.TempDir()
	}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", cmd, err)
	}
	r := run{exit: cmd.ProcessState.ExitCode(), output: out.String(), results: filepath.Join(cmd.Dir, "results")}
	r.report = readReport(t, r.results)
	return r
}

func readReport(t *testing.T, results string) *report.Report {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(results, report.JSONFile))
	if err != nil {
		return nil
	}
	var r report.Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatalf("report.json cannot be read: %v", err)
	}
	return &r
}

// verdicts are the verdicts of a run by "operationId requirement".
func (r run) verdicts(t *testing.T) map[string]verdict.Verdict {
	t.Helper()
	if r.report == nil {
		t.Fatalf("no report was written (exit %d):\n%s", r.exit, r.output)
	}
	all := map[string]verdict.Verdict{}
	for _, q := range r.report.Requirements {
		all[q.Operation+" "+q.ID] = q.Verdict
	}
	return all
}

// row returns one row of a run's report.
func (r run) row(t *testing.T, name string) report.Requirement {
	t.Helper()
	for _, q := range r.report.Requirements {
		if q.Operation+" "+q.ID == name {
			return q
		}
	}
	t.Fatalf("the report has no row %s", name)
	return report.Requirement{}
}

func rowOf(operation, requirement string) requirements.Row {
	return requirements.Row{Operation: operation, Requirement: requirement}
}
