// Package matrix runs the suite against the faults of the reference homeserver,
// and says which it noticed and what else moved.
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

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// Patience multiplies the suite's time-outs in runs against faults. A server
// that never sends a mail costs the whole wait in every spec that needs one.
const Patience = 0.3

// A Baseline is what the suite says of the reference homeserver without a fault.
type Baseline struct {
	Verdicts map[string]verdict.Verdict // by "operationId requirement"
	// Calls has, by row, the operations that its specs called, be it in set-up.
	// A fault of another operation cannot be seen by them.
	Calls map[string][]string
}

// A Result is what the suite made of one fault.
type Result struct {
	Name      string
	Operation string
	Row       string // the one that has to fail
	Variant   string
	Story     string
	Also      []string        // rows that may move with it
	Verdict   verdict.Verdict // of its own row
	Moved     []string
	Beyond    []string // those of Moved that are not declared
	Wrong     string   // why the run does not count, in one sentence
	Seconds   float64
}

// Failed reports whether the row failed that the fault breaks.
func (r Result) Failed() bool { return r.Verdict == verdict.Fail && r.Wrong == "" }

// Noticed reports whether the suite blamed the row that the fault breaks, and
// no row beyond those that the fault declares.
func (r Result) Noticed() bool {
	return r.Failed() && len(r.Beyond) == 0
}

// Judge runs against one fault the specs that call the operation it is in, those
// of its own row and those of rows that were seen to move with it.
func (b *Baseline) Judge(ctx context.Context, program string, fault refserver.Fault) (Result, error) {
	return judge(ctx, program, fault, b.Verdicts, b.concerned(fault))
}

// Kill runs against one fault the specs of its own row alone. Whether anything
// else moves takes [Baseline.Judge], and ten times as long.
func Kill(ctx context.Context, program string, fault refserver.Fault) (Result, error) {
	return judge(ctx, program, fault, nil, []string{own(fault)})
}

// own is the row that has to fail.
func own(fault refserver.Fault) string { return fault.Operation + " " + fault.Requirements[0] }

// judge runs the specs of some rows and compares those other than the fault's
// own with what is right.
func judge(ctx context.Context, program string, fault refserver.Fault, right map[string]verdict.Verdict, rows []string) (Result, error) {
	result := Result{Name: fault.Name, Operation: fault.Operation, Row: fault.Requirements[0], Variant: fault.Variant, Story: fault.Story, Also: fault.Also}
	dir, err := os.MkdirTemp("", "threepid-fault-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	started := time.Now()
	r, err := run(ctx, dir, program, "--label-filter="+filter(rows), "--target-option=fault="+fault.Name, fmt.Sprintf("--timeout-factor=%g", Patience))
	result.Seconds = time.Since(started).Seconds()
	if err != nil {
		return result, err
	}
	if r.report == nil {
		return result, fmt.Errorf("%s: no report was written (exit %d):\n%s", fault.Name, r.exit, r.output)
	}
	for _, q := range r.report.Requirements {
		name := q.Operation + " " + q.ID
		if name == own(fault) {
			result.judged(q, r)
			continue
		}
		// A row that the failure kept from being tested is not moved: the report
		// says which failure it was.
		if !slices.Contains(rows, name) || q.Verdict == right[name] || q.Verdict == verdict.NotTested && q.Because != "" {
			continue
		}
		result.Moved = append(result.Moved, name)
		if !slices.Contains(fault.Also, name) {
			result.Beyond = append(result.Beyond, fmt.Sprintf("%s is %s instead of %s: %s", name, q.Verdict, right[name], firstLine(q.Reason)))
		}
	}
	return result, nil
}

// JudgeAnswers runs the specs of one row against answers that a proxy spoils in
// front of the reference homeserver.
func JudgeAnswers(ctx context.Context, program string, fault mutate.Fault) (Result, error) {
	result := Result{Name: fault.Mutation, Operation: fault.Operation, Row: fault.Requirement, Story: "a proxy spoils the answers"}
	dir, err := os.MkdirTemp("", "threepid-answers-")
	if err != nil {
		return result, err
	}
	defer os.RemoveAll(dir)
	started := time.Now()
	r, err := run(ctx, dir, program, "--label-filter="+filter([]string{fault.Operation + " " + fault.Requirement}),
		"--target-option=mutation="+fault.Mutation, fmt.Sprintf("--timeout-factor=%g", Patience))
	result.Seconds = time.Since(started).Seconds()
	if err != nil {
		return result, err
	}
	if r.report == nil {
		return result, fmt.Errorf("%s: no report was written (exit %d):\n%s", fault.Mutation, r.exit, r.output)
	}
	for _, q := range r.report.Requirements {
		if q.Operation == fault.Operation && q.ID == fault.Requirement {
			result.judged(q, r)
		}
	}
	return result, nil
}

// judged takes the verdict of the fault's own row.
func (r *Result) judged(q report.Requirement, left judged) {
	r.Verdict = q.Verdict
	if q.Verdict == verdict.Fail && q.Gates && left.exit != 1 {
		r.Wrong = fmt.Sprintf("the row gates, but the exit code is %d: %v", left.exit, left.report.Profile.Why)
	}
}

// variantOf is the configuration in which a row's specs run, empty for the main
// one.
func variantOf(row string) string {
	operation, id, _ := strings.Cut(row, " ")
	entry, _ := requirements.Lookup(id)
	return string(entry.VariantOf(operation))
}

// concerned are the rows that a fault could move. A bug that shows in one
// configuration is not to be seen in another.
func (b *Baseline) concerned(fault refserver.Fault) []string {
	rows := append([]string{own(fault)}, fault.Also...)
	for row, operations := range b.Calls {
		if slices.Contains(operations, fault.Operation) && (fault.Variant == "" || fault.Variant == variantOf(row)) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
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

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// Judge judges the reference homeserver without a fault.
func Judge(ctx context.Context, program string) (*Baseline, error) {
	dir, err := os.MkdirTemp("", "threepid-right-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	r, err := run(ctx, dir, program)
	if err != nil {
		return nil, err
	}
	if r.report == nil || r.report.Profile.Result != verdict.Conformant {
		return nil, fmt.Errorf("the reference homeserver without a fault is not conformant (exit %d):\n%s", r.exit, r.output)
	}
	evidence, err := report.ReadEvidence(filepath.Join(dir, results))
	if err != nil {
		return nil, err
	}
	asked := map[string]string{} // operationId by exchange
	for _, record := range evidence.Records {
		asked[record.ID] = record.Operation
	}
	b := &Baseline{Verdicts: map[string]verdict.Verdict{}, Calls: map[string][]string{}}
	for _, q := range r.report.Requirements {
		row := q.Operation + " " + q.ID
		b.Verdicts[row] = q.Verdict
		for _, spec := range q.Specs {
			for _, exchange := range spec.Exchanges {
				if operation := asked[exchange]; operation != "" && !slices.Contains(b.Calls[row], operation) {
					b.Calls[row] = append(b.Calls[row], operation)
				}
			}
		}
	}
	return b, nil
}

// A judged server is what one run left behind.
type judged struct {
	exit   int
	output string
	report *report.Report // nil when none was written
}

// run runs the program in a folder that is empty.
func run(ctx context.Context, dir, program string, args ...string) (judged, error) {
	cmd := exec.CommandContext(ctx, program, append([]string{"run"}, args...)...)
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	// Many runs share the processors, and none lasts: memory costs less than time.
	cmd.Env = append(os.Environ(), "GOGC=400")
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		return judged{}, fmt.Errorf("%s: %w", program, errors.Join(err, ctx.Err()))
	}
	j := judged{exit: cmd.ProcessState.ExitCode(), output: out.String()}
	text, err := os.ReadFile(filepath.Join(dir, results, report.JSONFile))
	if err != nil {
		return j, nil
	}
	j.report = new(report.Report)
	if err := json.Unmarshal(text, j.report); err != nil {
		return judged{}, fmt.Errorf("report.json cannot be read: %w", err)
	}
	return j, nil
}

// results is the folder that a run makes where it stands.
const results = "results"
