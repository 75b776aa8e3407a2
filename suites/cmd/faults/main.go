// Command faults proves that the suite notices bugs: it runs it against every
// fault of the reference homeserver and writes the matrix of faults and
// requirements. It exits with 1 when a fault goes unnoticed or moves a row that
// it does not declare.
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

	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/suites/selftest/matrix"
)

func main() {
	parallel := flag.Int("parallel", 16, "how many runs at a time; most of a run is waiting")
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
	if len(faults) == 0 {
		fail("no fault's name matches %q", *only)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(prove(ctx, faults, *parallel, *results, *record))
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

// prove judges the faults and returns the exit code.
func prove(ctx context.Context, faults []refserver.Fault, parallel int, folder string, record bool) int {
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
	all, err := judgeAll(ctx, program, faults, right, parallel)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if err := matrix.Write(folder, all); err != nil {
		fmt.Fprintf(os.Stderr, "the matrix cannot be written: %v; choose another folder with --results\n", err)
		return 2
	}
	if record {
		if err := matrix.Record(".", all); err != nil {
			fmt.Fprintf(os.Stderr, "%s cannot be written: %v\n", refserver.AlsoFile, err)
			return 2
		}
	}
	noticed := 0
	for _, r := range all {
		if r.Noticed() {
			noticed++
		}
	}
	fmt.Printf("\n%d of %d faults noticed in %s; %s\n", noticed, len(all), time.Since(started).Round(time.Second), filepath.Join(folder, matrix.MarkdownFile))
	if noticed < len(all) {
		return 1
	}
	return 0
}

// judgeAll prints what is wrong as soon as it is known.
func judgeAll(ctx context.Context, program string, faults []refserver.Fault, right *matrix.Baseline, parallel int) ([]matrix.Result, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	all := make([]matrix.Result, len(faults))
	next := make(chan int)
	var print sync.Mutex
	var workers sync.WaitGroup
	for range parallel {
		workers.Go(func() {
			for i := range next {
				r, err := right.Judge(ctx, program, faults[i])
				if err != nil {
					cancel(err)
					return
				}
				all[i] = r
				if r.Noticed() {
					continue
				}
				print.Lock()
				fmt.Printf("%s: %s %s is %s, want fail %s\n", r.Name, r.Operation, r.Row, r.Verdict, r.Wrong)
				for _, beyond := range r.Beyond {
					fmt.Println("   ", beyond)
				}
				print.Unlock()
			}
		})
	}
feed:
	for i := range faults {
		select {
		case next <- i:
		case <-ctx.Done():
			break feed
		}
	}
	close(next)
	workers.Wait()
	return all, context.Cause(ctx)
}
