package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// expectations are what Synapse is known to do otherwise.
const expectations = "fixtures/targets/synapse/expected-failures.yaml"

// errDiffers is wrapped where a run came to other verdicts than the first.
var errDiffers = errors.New("the verdicts differ")

// A runner starts measured runs, each a process of its own.
type runner struct {
	program string
	scratch string
	first   map[string]map[string]verdict.Verdict // of the first run against a target, by row
}

// A ran is what came of a measured run.
type ran struct {
	measurement
	seconds   float64 // of the process
	startUp   float64 // until the first spec
	cpu       float64 // of the process and those it started
	exchanges int
}

// suite runs the suite in a fresh process. target names what its verdicts are
// compared with.
func (r *runner) suite(ctx context.Context, target string, args ...string) (ran, error) {
	measured := filepath.Join(r.scratch, "measured.json")
	return r.run(ctx, target, measured, r.program, append([]string{childVerb, "--measured=" + measured}, args...)...)
}

// run executes a program that runs the suite, and reads what it leaves behind.
func (r *runner) run(ctx context.Context, target, measured, program string, args ...string) (ran, error) {
	results := filepath.Join(r.scratch, "results")
	if err := os.RemoveAll(results); err != nil {
		return ran{}, err
	}
	var output bytes.Buffer
	cmd := exec.CommandContext(ctx, program, append(args, "--results="+results)...)
	cmd.Stdout, cmd.Stderr = &output, &output
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return ran{}, fmt.Errorf("a run did not succeed (%w):\n%s", err, tail(output.Bytes()))
	}
	is := ran{seconds: time.Since(began).Seconds(), cpu: (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()}
	if measured != "" {
		text, err := os.ReadFile(measured)
		if err == nil {
			err = json.Unmarshal(text, &is.measurement)
		}
		if err != nil {
			return ran{}, fmt.Errorf("a run did not say what it measured: %w", err)
		}
		is.startUp = is.FirstSpec.Sub(began).Seconds()
		if is.Replay != nil { // which is no part of the run
			is.seconds = is.startUp + is.Suite.Seconds
		}
	}
	written, err := report.Load(results)
	if err != nil {
		return ran{}, err
	}
	if is.exchanges, err = exchanges(filepath.Join(results, report.ExchangesFile)); err != nil {
		return ran{}, err
	}
	return is, r.compare(target, written)
}

// compare keeps the verdicts of the first run against a target and sees that the
// others come to the same.
func (r *runner) compare(target string, written *report.Report) error {
	verdicts := map[string]verdict.Verdict{}
	for _, row := range written.Requirements {
		verdicts[row.Operation+" "+row.ID] = row.Verdict
	}
	first, known := r.first[target]
	if !known {
		r.first[target] = verdicts
		return nil
	}
	for row, v := range verdicts {
		if first[row] != v {
			return fmt.Errorf("%w: %s was %s in the first run against %s, and %s in another", errDiffers, row, first[row], target, v)
		}
	}
	return nil
}

// exchanges counts the requests to the homeserver in exchanges.jsonl.
func exchanges(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer file.Close()
	n := 0
	for in := json.NewDecoder(bufio.NewReader(file)); in.More(); {
		var record struct{ Party, Spec string }
		if err := in.Decode(&record); err != nil {
			return 0, fmt.Errorf("%s cannot be read: %w", path, err)
		}
		if record.Party == "" && record.Spec != "preflight" {
			n++
		}
	}
	return n, nil
}

// tail is the end of what a program printed.
func tail(output []byte) []byte {
	const most = 4 << 10
	return bytes.TrimSpace(output[max(0, len(output)-most):])
}
