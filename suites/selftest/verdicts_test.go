package selftest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"threepid-conformance/harness/verdict"
)

// expecting runs with a list of known failures.
func expecting(t *testing.T, list string, args ...string) run {
	t.Helper()
	file := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	return conform(t, append(args, "--expectations="+file)...)
}

const known = `
- operation: getAccount3PIDs
  requirement: get-005-added-at-milliseconds
  reason: we count in seconds
  link: https://example.org/issues/1
  says: `

func TestKnownFailures(t *testing.T) {
	t.Parallel()
	// One row more, because a run in which nothing passes shows nothing.
	const filter = "--label-filter=requirement:get-005-added-at-milliseconds || requirement:get-001-200-schema"

	r := expecting(t, known+"added_at\n", hardFault, filter)
	if r.exit != 0 || r.verdicts(t)[hardRow] != verdict.ExpectedFail {
		t.Errorf("a known failure: exit %d and %s\n%s", r.exit, r.verdicts(t)[hardRow], r.output)
	}
	if q := r.row(t, hardRow); q.Link != "https://example.org/issues/1" || !strings.Contains(q.Reason, "we count in seconds") {
		t.Errorf("the row does not say why: %q %s", q.Reason, q.Link)
	}

	r = expecting(t, known+"something else\n", hardFault, filter)
	if r.exit != 1 || r.verdicts(t)[hardRow] != verdict.Fail {
		t.Errorf("another failure of a listed row: exit %d and %s", r.exit, r.verdicts(t)[hardRow])
	}

	r = expecting(t, known+"added_at\n", filter)
	if r.exit != 1 || !strings.Contains(r.output, "remove it from the expectations file") {
		t.Errorf("a listed row that passes: exit %d\n%s", r.exit, r.output)
	}
}

func TestStrictRowsCountInStrictRuns(t *testing.T) {
	t.Parallel()
	lenient := conform(t, strictFault, onlyStrict)
	if lenient.exit != 0 || lenient.verdicts(t)[strictRow] != verdict.Fail || lenient.row(t, strictRow).Gates {
		t.Errorf("without --strict: exit %d\n%s", lenient.exit, lenient.output)
	}
	strict := conform(t, strictFault, onlyStrict, "--strict")
	if strict.exit != 1 || !strict.row(t, strictRow).Gates {
		t.Errorf("with --strict: exit %d\n%s", strict.exit, strict.output)
	}
}

// A run that shows nothing is no success.
func TestNothingShownIsNoSuccess(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"everything is excluded": {oneRow, "--exclude=get-005-added-at-milliseconds=not today"},
		"a capability is absent": {oneRow, "--capabilities-mail=no"},
		"nothing applies to the version": {
			"--label-filter=requirement:email-011-medium-not-supported", "--target-option=versions=v1.1",
		},
	} {
		r := conform(t, args...)
		if r.exit != 1 || !strings.Contains(r.output, "nothing passed") && !strings.Contains(r.output, "holds no spec") {
			t.Errorf("%s: exit %d\n%s", name, r.exit, r.output)
		}
	}
}

// What a failing spec prints is enough to act on.
func TestAFailureSaysWhatToDo(t *testing.T) {
	t.Parallel()
	r := conform(t, hardFault, oneRow)
	for _, part := range []string{
		"get-005-added-at-milliseconds (MUST)", // the requirement
		"https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3account3pid",
		"sent  GET", "came  200 OK", // what was sent, what came back
		"exchanges.jsonl",
		"run just this again: " + conformance + " run --label-filter='getAccount3PIDs && requirement:get-005",
		"suites/contact/get_account_3pids.go:", // the spec's own line
	} {
		if !strings.Contains(r.output, part) {
			t.Errorf("the output lacks %q:\n%s", part, r.output)
		}
	}
	spec := r.row(t, hardRow).Specs[0]
	again := exec.Command("sh", "-c", spec.Rerun)
	if rerun := execute(t, again); rerun.verdicts(t)[hardRow] != verdict.Fail {
		t.Errorf("the command that reruns the row says %s: %s", rerun.verdicts(t)[hardRow], spec.Rerun)
	}
}

// A run that is interrupted leaves a report that says so.
func TestInterruptedRunsLeaveAReport(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		b := begin(t)
		b.untilExchanged(t, `"id":"p1-`)
		r := b.end(t, signal)
		if r.report == nil || r.report.Complete || r.exit != 1 {
			t.Errorf("%v: exit %d, report %v", signal, r.exit, r.report)
		}
	}
}

// An operation that is not known is one failure, also where nothing else of it
// could be tested.
func TestAnUnknownOperationNeedsNoCapabilityToFail(t *testing.T) {
	t.Parallel()
	r := conform(t, "--target-option=fault=add-below-r0-only", "--capabilities-mail=no", "--label-filter=add3PID")
	const routed = "add3PID gen-016-v3-prefix"
	if q := r.row(t, routed); q.Verdict != verdict.Fail || !q.Gates || len(q.Exchanges) == 0 {
		t.Errorf("%s is %s (gates: %v)\n%s", routed, q.Verdict, q.Gates, r.output)
	}
	for name, v := range r.verdicts(t) {
		if name != routed && (v == verdict.Fail || v == verdict.Blocked) {
			t.Errorf("%s is %s: %s", name, v, r.row(t, name).Reason)
		}
	}
}
