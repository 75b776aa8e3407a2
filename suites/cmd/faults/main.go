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
		fail("--only is no regular expression: %v", err)
	case flag.NArg() > 0:
		fail("faults takes no arguments; got %q", flag.Args())
	case *parallel < 1:
		fail("--parallel has to be at least 1")
	}
	faults := slices.DeleteFunc(refserver.Faults(), func(f refserver.Fault) bool { return !pattern.MatchString(f.Name) })
	answers := slices.DeleteFunc(mutate.Faults(), func(f mutate.Fault) bool { return !pattern.MatchString(f.Mutation) })
	if len(faults)+len(answers) == 0 {
		fail("no fault's name matches %q", *only)
	}
	matrix.LongestFirst(*results, faults)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(prove(ctx, faults, answers, *parallel, *results, *record))
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

// prove judges the faults and returns the exit code.
func prove(ctx context.Context, faults []refserver.Fault, answers []mutate.Fault, parallel int, folder string, record bool) int {
	bin, err := os.MkdirTemp("", "threepid-faults-")
	if err != nil {
		fail("%v", err)
	}
	defer os.RemoveAll(bin)
	program := filepath.Join(bin, "conformance")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", program, "threepid-conformance/suites/cmd/conformance").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the suite does not build: %v\n%s", err, out)
		return 2
	}
	started := time.Now()
	right, err := matrix.Judge(ctx, program)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	proof, err := judgeAll(ctx, program, faults, answers, right, parallel)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := matrix.Write(folder, proof); err != nil {
		fmt.Fprintf(os.Stderr, "the matrix cannot be written: %v; choose another folder with --results\n", err)
		return 2
	}
	if record {
		if err := matrix.Record(".", proof.Faults); err != nil {
			fmt.Fprintf(os.Stderr, "%s cannot be written: %v\n", refserver.AlsoFile, err)
			return 2
		}
	}
	survivors := proof.Survivors()
	total := len(faults) + len(answers) + len(proof.Spoilt)
	fmt.Printf("\n%d of %d faults survive, %d of them run against and %d judged in memory, in %s; %s\n", len(survivors), total,
		len(faults)+len(answers), len(proof.Spoilt), time.Since(started).Round(time.Second), filepath.Join(folder, matrix.MarkdownFile))
	if len(survivors) > 0 {
		return 1
	}
	return 0
}

// judgeAll prints what is wrong as soon as it is known.
func judgeAll(ctx context.Context, program string, faults []refserver.Fault, answers []mutate.Fault, right *matrix.Baseline, parallel int) (matrix.Proof, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	spoilt, err := mutate.Judge()
	if err != nil {
		return matrix.Proof{}, err
	}
	proof := matrix.Proof{Faults: make([]matrix.Result, len(faults)), Answers: make([]matrix.Result, len(answers)), Spoilt: spoilt}
	judge := func(i int) (err error) {
		if i < len(faults) {
			if proof.Faults[i], err = right.Judge(ctx, program, faults[i]); err == nil {
				tell(proof.Faults[i])
			}
			return err
		}
		i -= len(faults)
		if proof.Answers[i], err = matrix.JudgeAnswers(ctx, program, answers[i]); err == nil {
			tell(proof.Answers[i])
		}
		return err
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				if err := judge(i); err != nil {
					cancel(err)
					return
				}
			}
		})
	}
feed:
	for i := range len(faults) + len(answers) {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	workers.Wait()
	return proof, context.Cause(ctx)
}

// tell prints a fault that was not noticed as it has to be, in one write.
func tell(r matrix.Result) {
	if r.Noticed() {
		return
	}
	text := fmt.Sprintf("%s: %s %s is %s, want fail %s\n", r.Name, r.Operation, r.Row, r.Verdict, r.Wrong)
	for _, beyond := range r.Beyond {
		text += "    " + beyond + "\n"
	}
	fmt.Print(text)
}
