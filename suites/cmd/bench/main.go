// Command bench says what a run costs. It runs the suite against the reference
// homeserver and, where there is one, against Synapse, a few times each, and reads
// the costs from what the runs left behind. It writes bench.json and, from the Go
// benchmarks, bench.txt, and prints a table.
//
// It asserts nothing about time. It exits with 1 when a run fails.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// A series is several runs of one program against one homeserver.
type series struct {
	Homeserver string   `json:"homeserver"`
	Program    string   `json:"program,omitempty"` // empty is this source
	Runs       []figure `json:"runs"`
	Waits      []wait   `json:"waits"` // of the last run

	path string // of the program
	args []string
}

func main() {
	runs := flag.Int("runs", 3, "how many runs against each homeserver")
	rootfs := flag.String("rootfs", "", "folder with an installed Synapse, made by .ci/synapse-rootfs")
	against := flag.String("against", "", "another build of the suite, whose runs are made in turn with this one's")
	results := flag.String("results", "results", "folder for bench.json and bench.txt")
	flag.Parse()
	if flag.NArg() > 0 || *runs < 1 {
		fmt.Fprintln(os.Stderr, "bench takes flags only, and at least one run; --help prints them")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, *runs, *rootfs, *against, *results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func bench(ctx context.Context, runs int, rootfs, against, results string) error {
	dir, err := os.MkdirTemp("", "threepid-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.MkdirAll(results, 0o755); err != nil {
		return err
	}
	ours := filepath.Join(dir, "conformance")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", ours, "./suites/cmd/conformance").CombinedOutput(); err != nil {
		return fmt.Errorf("the suite does not build: %w\n%s", err, out)
	}
	homeservers := []series{{Homeserver: "reference"}}
	if rootfs != "" {
		homeservers = append(homeservers, series{Homeserver: "synapse", args: []string{
			"--target=synapse", "--target-option=rootfs=" + rootfs, "--expectations=fixtures/targets/synapse/expected-failures.yaml",
		}})
	}
	var all []*series
	for _, s := range homeservers {
		all = append(all, &series{Homeserver: s.Homeserver, path: ours, args: s.args})
		if against != "" {
			all = append(all, &series{Homeserver: s.Homeserver, Program: against, path: against, args: s.args})
		}
	}
	for range runs {
		for _, s := range all {
			if err := s.run(ctx, filepath.Join(dir, "results")); err != nil {
				return err
			}
		}
	}
	text, err := json.MarshalIndent(map[string]any{
		"machine": fmt.Sprintf("%d cores, %s/%s, %s", runtime.NumCPU(), runtime.GOOS, runtime.GOARCH, runtime.Version()),
		"series":  all,
	}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(results, "bench.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	fmt.Print(table(all))
	return benchmarks(ctx, filepath.Join(results, "bench.txt"))
}

// run runs the suite once more. The results folder is made anew by each run.
func (s *series) run(ctx context.Context, results string) error {
	cmd := exec.CommandContext(ctx, s.path, append([]string{"run", "--results=" + results}, s.args...)...)
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	peak := 0.0
	for running := true; running; {
		select {
		case err := <-ended:
			if err != nil {
				return fmt.Errorf("%s: %w\n%s", cmd, err, out.String())
			}
			running = false
		case <-time.After(50 * time.Millisecond):
			peak = max(peak, peakMB(cmd.Process.Pid))
		}
	}
	f, waits, err := read(results, began)
	if err != nil {
		return err
	}
	f.PeakMB = peak
	s.Runs, s.Waits = append(s.Runs, f), waits
	return nil
}

// peakMB is the most memory that a process has held so far. What the kernel tells
// of one that has ended includes its children, and Synapse is one.
func peakMB(pid int) float64 {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // only Linux has it
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	var kb float64
	_, _ = fmt.Sscan(rest, &kb) // 0 where there is none
	return kb / 1024
}

// benchmarks runs the Go benchmarks and keeps what they print, for benchstat.
func benchmarks(ctx context.Context, file string) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=.", "-benchmem", "-count=3", "./harness/exchange")
	cmd.Stdout, cmd.Stderr = io.MultiWriter(f, os.Stdout), os.Stderr
	return cmd.Run()
}
