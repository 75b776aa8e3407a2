// Package selftest tests the tester: it runs the suite as its users do, against
// homeservers that are right, wrong in one way, or wrong altogether, and reads
// the report.
package selftest

import (
	"bytes"
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
	"threepid-conformance/harness/verdict"
)

// Programs that the tests run, built once.
var (
	bin         string // where they are
	conformance string // suites/cmd/conformance
	reference   string // fixtures/refserver/cmd/refserver
	compiled    string // the suite as a test binary
)

// A fault that breaks one row which counts, and one whose row counts in strict
// runs only.
const (
	hardFault   = "--target-option=fault=added-at-in-seconds"
	hardRow     = "getAccount3PIDs get-005-added-at-milliseconds"
	oneRow      = "--label-filter=getAccount3PIDs && requirement:get-005-added-at-milliseconds" // hardRow
	strictFault = "--target-option=fault=next-link-ignored"
	strictRow   = "requestTokenTo3PIDEmail val-004-next-link-redirect"
	onlyStrict  = "--label-filter=requirement:val-004-next-link-redirect || requirement:val-001-link-validates"
)

// Runs that several tests judge: one in which much is not tested, and rows count
// that do not otherwise; and one of few specs.
var (
	noMail       = []string{"--capabilities-mail=no", "--strict", "--randomize-all", "--seed=7"}
	oneOperation = []string{"--label-filter=getAccount3PIDs && MUST"}
)

func TestMain(m *testing.M) { os.Exit(build(m)) }

func build(m *testing.M) int {
	var err error
	if bin, err = os.MkdirTemp("", "threepid-selftest-"); err != nil {
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
	return conformWith(t, nil, args...)
}

// conformWith adds variables such as NAME=value to the run's environment.
func conformWith(t *testing.T, env []string, args ...string) run {
	t.Helper()
	cmd := exec.Command(conformance, append([]string{"run"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	return execute(t, cmd)
}

// conformFrom runs with a conformance.yaml.
func conformFrom(t *testing.T, file string, args ...string) run {
	t.Helper()
	cmd := exec.Command(conformance, append([]string{"run"}, args...)...)
	cmd.Dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "conformance.yaml"), []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	return execute(t, cmd)
}

// conformed are the runs that several tests judge, by their arguments.
var conformed sync.Map

// conformOnce is like [conform], but what was run before with the same arguments is
// not run again. The results are for reading only.
func conformOnce(t *testing.T, args ...string) run {
	t.Helper()
	once, _ := conformed.LoadOrStore(strings.Join(args, " "), sync.OnceValue(func() run {
		dir, err := os.MkdirTemp(bin, "results-")
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(conformance, append([]string{"run"}, args...)...)
		cmd.Dir = dir
		return execute(t, cmd)
	}))
	return once.(func() run)()
}

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
