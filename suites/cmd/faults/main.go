// Command faults proves that the suite notices bugs: it runs it against every
// fault of the reference homeserver and against answers that a proxy spoils, and
// writes the matrix of faults and requirements. It exits with 1 when a fault goes
// unnoticed or moves a row that it does not declare.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"syscall"
	"time"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/suites/selftest/matrix"
)

func main() {
	parallel := flag.Int("parallel", 10, "how many runs at a time; most of a run is waiting")
	only := flag.String("only", "", "regular expression for the faults' names; empty is all")
	results := flag.String("results", "results", "folder for faults.md and faults.json")
	record := flag.Bool("record", false, "write what moved into "+refserver.AlsoFile+"; run it at the top of the repository")
	flag.Parse()
	pattern, err := regexp.Compile(*only)
	switch {
	case err != nil:
		fail(fmt.Errorf("--only is no regular expression: %w", err))
	case flag.NArg() > 0:
		fail(fmt.Errorf("faults takes no arguments; got %q", flag.Args()))
	case *parallel < 1:
		fail(fmt.Errorf("--parallel has to be at least 1"))
	}
	bugs := slices.DeleteFunc(matrix.Bugs(), func(b matrix.Bug) bool { return !pattern.MatchString(b.Name) })
	if len(bugs) == 0 {
		fail(fmt.Errorf("no fault's name matches %q", *only))
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	started := time.Now()
	proof, err := prove(ctx, bugs, *parallel)
	if err != nil {
		fail(err)
	}
	if err := proof.Write(*results); err != nil {
		fail(fmt.Errorf("the matrix cannot be written: %w; choose another folder with --results", err))
	}
	if *record {
		if err := matrix.Record(".", proof.Faults); err != nil {
			fail(fmt.Errorf("%s cannot be written: %w", refserver.AlsoFile, err))
		}
	}
	fmt.Printf("\n%d of %d faults survive, %d of them run against, the others judged in memory, in %s; %s\n", len(proof.Survivors), proof.Total,
		len(bugs), time.Since(started).Round(time.Second), filepath.Join(*results, matrix.MarkdownFile))
	if len(proof.Survivors) > 0 {
		os.Exit(1)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

// prove judges the bugs, several at a time, and prints what is wrong as soon as it
// is known.
func prove(ctx context.Context, bugs []matrix.Bug, parallel int) (matrix.Proof, error) {
	inMemory, err := mutate.Judge()
	if err != nil {
		return matrix.Proof{}, err
	}
	bin, err := os.MkdirTemp("", "threepid-faults-")
	if err != nil {
		return matrix.Proof{}, err
	}
	defer os.RemoveAll(bin)
	program := filepath.Join(bin, "conformance")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "threepid-conformance/suites/cmd/conformance").CombinedOutput(); err != nil {
		return matrix.Proof{}, fmt.Errorf("the suite does not build: %w\n%s", err, out)
	}
	baseline, err := matrix.NewBaseline(ctx, program)
	if err != nil {
		return matrix.Proof{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	runs := make([]matrix.Result, len(bugs))
	slots := make(chan struct{}, parallel)
	var judging sync.WaitGroup
	for i, bug := range bugs {
		slots <- struct{}{}
		judging.Go(func() {
			defer func() { <-slots }()
			if ctx.Err() != nil {
				return
			}
			r, err := baseline.Judge(ctx, bug)
			if err != nil {
				cancel(err)
				return
			}
			runs[i] = r
			tell(r)
		})
	}
	judging.Wait()
	return matrix.NewProof(runs, inMemory), context.Cause(ctx)
}

// tell prints a bug that was not noticed as it has to be, in one write.
func tell(r matrix.Result) {
	if r.Noticed() {
		return
	}
	text := fmt.Sprintf("%s: %s %s is %s, want fail %s\n", r.Name, r.Operation, r.Requirements[0], r.Verdict, r.Wrong)
	for _, beyond := range r.Beyond {
		text += "    " + beyond + "\n"
	}
	fmt.Print(text)
}
