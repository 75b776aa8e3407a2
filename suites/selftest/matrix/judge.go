// Package matrix runs the suite against the faults of the reference homeserver,
// and says which it noticed and what else moved.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// Patience multiplies the suite's time-outs in runs against faults. A server
// that never sends a mail costs the whole wait in every spec that needs one.
const Patience = 0.3

// A Verdicts map has verdicts by "operationId requirement".
type Verdicts map[string]verdict.Verdict

// A Result is what the suite made of one fault.
type Result struct {
	Name      string          `json:"fault"`
	Operation string          `json:"operation"`
	Row       string          `json:"requirement"` // the one that has to fail
	Variant   string          `json:"variant,omitempty"`
	Story     string          `json:"story"`
	Verdict   verdict.Verdict `json:"verdict"` // of that row
	Moved     []string        `json:"moved,omitempty"`
	Beyond    []string        `json:"beyond,omitempty"` // those of Moved that are not declared
	Wrong     string          `json:"wrong,omitempty"`  // why the run does not count, in one sentence
	Seconds   float64         `json:"seconds"`
}

// Noticed reports whether the suite blamed the row that the fault breaks, and
// no row beyond those that the fault declares.
func (r Result) Noticed() bool {
	return r.Verdict == verdict.Fail && len(r.Beyond) == 0 && r.Wrong == ""
}

// Baseline judges the reference homeserver without a fault.
func Baseline(ctx context.Context, program string) (Verdicts, error) {
	r, output, err := run(ctx, program)
	if err != nil {
		return nil, err
	}
	if r.report == nil || r.report.Profile.Result != verdict.Conformant {
		return nil, fmt.Errorf("the reference homeserver without a fault is not conformant (exit %d):\n%s", r.exit, output)
	}
	return r.verdicts(), nil
}

// Judge runs the suite against one fault. right is what the baseline says.
func Judge(ctx context.Context, program string, fault refserver.Fault, right Verdicts) (Result, error) {
	own := fault.Operation + " " + fault.Requirements[0]
	result := Result{Name: fault.Name, Operation: fault.Operation, Row: fault.Requirements[0], Variant: fault.Variant, Story: fault.Story}
	started := time.Now()
	r, output, err := run(ctx, program, "--target-option=fault="+fault.Name, fmt.Sprintf("--timeout-factor=%g", Patience))
	result.Seconds = time.Since(started).Seconds()
	if err != nil {
		return result, err
	}
	if r.report == nil {
		return result, fmt.Errorf("%s: no report was written (exit %d):\n%s", fault.Name, r.exit, output)
	}
	for _, q := range r.report.Requirements {
		name := q.Operation + " " + q.ID
		if name == own {
			result.Verdict = q.Verdict
			if q.Gates != (r.exit == 1) {
				result.Wrong = fmt.Sprintf("the row gates: %v, but the exit code is %d: %v", q.Gates, r.exit, r.report.Profile.Why)
			}
			continue
		}
		// A row that the failure kept from being tested is not moved: the report
		// says which failure it was.
		if q.Verdict == right[name] || q.Verdict == verdict.NotTested && q.Because != "" {
			continue
		}
		result.Moved = append(result.Moved, name)
		if !slices.Contains(fault.Also, name) {
			result.Beyond = append(result.Beyond, fmt.Sprintf("%s is %s instead of %s: %s", name, q.Verdict, right[name], firstLine(q.Reason)))
		}
	}
	return result, nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// A judged server is what one run left behind.
type judged struct {
	exit   int
	report *report.Report // nil when none was written
}

func (j judged) verdicts() Verdicts {
	all := Verdicts{}
	for _, q := range j.report.Requirements {
		all[q.Operation+" "+q.ID] = q.Verdict
	}
	return all
}

// run runs the program in an empty folder.
func run(ctx context.Context, program string, args ...string) (judged, string, error) {
	dir, err := os.MkdirTemp("", "threepid-fault-")
	if err != nil {
		return judged{}, "", err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, program, append([]string{"run"}, args...)...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	err = cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return judged{}, out.String(), fmt.Errorf("%s: %w", cmd, errors.Join(err, ctx.Err()))
	}
	j := judged{exit: cmd.ProcessState.ExitCode()}
	text, err := os.ReadFile(filepath.Join(dir, "results", report.JSONFile))
	if err != nil {
		return j, out.String(), nil
	}
	j.report = new(report.Report)
	if err := json.Unmarshal(text, j.report); err != nil {
		return judged{}, out.String(), fmt.Errorf("report.json cannot be read: %w", err)
	}
	return j, out.String(), nil
}
