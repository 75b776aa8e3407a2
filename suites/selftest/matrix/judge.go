// Package matrix runs the suite against bugs, and says which it noticed and what
// else moved.
package matrix

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// Patience multiplies the suite's time-outs in runs against bugs. A server that
// never sends a mail costs the whole wait in every spec that needs one.
const Patience = 0.3

// A Result is what the suite made of one bug.
type Result struct {
	Bug
	KilledBy   []string `json:"killed_by"`  // its own row, if that failed
	Collateral []string `json:"collateral"` // rows that moved with it
	Beyond     []string `json:"beyond,omitempty"`
	Wrong      string   `json:"wrong,omitempty"` // why the run does not count
	Seconds    float64  `json:"seconds"`

	Verdict verdict.Verdict `json:"-"` // of its own row
}

// Noticed reports whether the suite blamed the row that the bug breaks, and no row
// beyond those that the bug declares.
func (r Result) Noticed() bool { return len(r.KilledBy) > 0 && len(r.Beyond) == 0 }

// A Baseline is what the suite says of the reference homeserver without a bug.
type Baseline struct {
	program  string
	verdicts map[string]verdict.Verdict // by "operationId requirement"
	// calls has, by row, the operations that its specs called, be it in set-up. A
	// bug of another operation cannot be seen by them.
	calls map[string][]string
}

// NewBaseline judges the reference homeserver without a bug.
func NewBaseline(ctx context.Context, program string) (*Baseline, error) {
	dir, err := os.MkdirTemp("", "threepid-right-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r, err := run(ctx, dir, program)
	if err != nil {
		return nil, err
	}
	if r.report.Profile.Result != verdict.Conformant {
		return nil, fmt.Errorf("the reference homeserver without a bug is not conformant (exit %d):\n%s", r.exit, r.output)
	}
	evidence, err := report.ReadEvidence(filepath.Join(dir, results))
	if err != nil {
		return nil, err
	}
	called := map[string]string{} // operationId by exchange
	for _, record := range evidence.Records {
		called[record.ID] = record.Operation
	}
	b := &Baseline{program, map[string]verdict.Verdict{}, map[string][]string{}}
	for _, q := range r.report.Requirements {
		row := q.Operation + " " + q.ID
		b.verdicts[row] = q.Verdict
		for _, spec := range q.Specs {
			for _, exchange := range spec.Exchanges {
				if operation := called[exchange]; operation != "" && !slices.Contains(b.calls[row], operation) {
					b.calls[row] = append(b.calls[row], operation)
				}
			}
		}
	}
	return b, nil
}

// Judge runs against one bug the specs of the rows that it could move.
func (b *Baseline) Judge(ctx context.Context, bug Bug) (Result, error) {
	result := Result{Bug: bug, KilledBy: []string{}, Collateral: []string{}}
	dir, err := os.MkdirTemp("", "threepid-bug-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	rows := bug.rows(b.calls)
	started := time.Now()
	r, err := run(ctx, dir, b.program, "--label-filter="+filter(rows), "--target-option="+bug.option, fmt.Sprintf("--timeout-factor=%g", Patience))
	if err != nil {
		return result, fmt.Errorf("%s: %w", bug.Name, err)
	}
	result.Seconds = time.Since(started).Seconds()
	for _, q := range r.report.Requirements {
		row := q.Operation + " " + q.ID
		right := b.verdicts[row]
		switch {
		case row == bug.row():
			result.Verdict = q.Verdict
			if q.Verdict == verdict.Fail && q.Gates && r.exit != 1 {
				result.Wrong = fmt.Sprintf("the row gates, but the exit code is %d: %v", r.exit, r.report.Profile.Why)
			} else if q.Verdict == verdict.Fail {
				result.KilledBy = append(result.KilledBy, row)
			}
		// A row is moved when the bug turns it red, too. What the failure kept from being
		// tested, or what was lawfully declined, accuses nobody.
		case !slices.Contains(rows, row) || q.Verdict == right || q.Verdict != verdict.Fail && q.Verdict != verdict.Blocked:
		default:
			result.Collateral = append(result.Collateral, row)
			if !slices.Contains(bug.Also, row) {
				reason, _, _ := strings.Cut(q.Reason, "\n")
				result.Beyond = append(result.Beyond, fmt.Sprintf("%s is %s instead of %s: %s", row, q.Verdict, right, reason))
			}
		}
	}
	return result, nil
}

// variantOf is the configuration in which a row's specs run, empty for the main
// one.
func variantOf(row string) string {
	operation, id, _ := strings.Cut(row, " ")
	entry, _ := requirements.Lookup(id)
	return string(entry.VariantOf(operation))
}

// filter selects the specs of some rows.
func filter(rows []string) string {
	ids := map[string][]string{}
	for _, row := range rows {
		operation, id, _ := strings.Cut(row, " ")
		ids[operation] = append(ids[operation], "requirement:"+id)
	}
	var terms []string
	for _, operation := range slices.Sorted(maps.Keys(ids)) {
		terms = append(terms, fmt.Sprintf("(%s && (%s))", operation, strings.Join(ids[operation], " || ")))
	}
	return strings.Join(terms, " || ")
}

// A judged server is what one run left behind.
type judged struct {
	exit   int
	output string
	report report.Report
}

// results is the folder that a run makes where it stands.
const results = "results"

// run runs the program in a folder that is empty.
func run(ctx context.Context, dir, program string, args ...string) (judged, error) {
	cmd := exec.CommandContext(ctx, program, append([]string{"run"}, args...)...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return judged{}, fmt.Errorf("%s: %w", program, errors.Join(err, ctx.Err()))
	}
	j := judged{exit: cmd.ProcessState.ExitCode(), output: out.String()}
	text, err := os.ReadFile(filepath.Join(dir, results, report.JSONFile))
	if err != nil {
		return judged{}, fmt.Errorf("no report was written (exit %d):\n%s", j.exit, j.output)
	}
	if err := json.Unmarshal(text, &j.report); err != nil {
		return judged{}, fmt.Errorf("report.json cannot be read: %w", err)
	}
	return j, nil
}
