// Command bench measures the suite: its time against a raw replay of the requests
// it sent, the cost of one exchange, how that grows, start-up and memory. It writes
// bench.json and bench.txt, the Go benchmarks for benchstat, and prints a table.
//
// It asserts nothing about time. It exits with 1 when the runs do not come to the
// same verdicts, and with 2 when it was asked for what there is not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"threepid-conformance/harness"
)

// childVerb has this program be one measured run.
const childVerb = "child"

// The parts of a measurement, in the order in which they are made.
const (
	partEmbedded   = "embedded"
	partSynapse    = "synapse"
	partGrowth     = "growth"
	partAlone      = "alone"
	partProcesses  = "processes"
	partContainers = "containers"
	partBenchmarks = "benchmarks"
)

var parts = []string{partEmbedded, partSynapse, partGrowth, partAlone, partProcesses, partContainers, partBenchmarks}

func main() {
	if len(os.Args) > 1 && os.Args[1] == childVerb {
		os.Exit(child(os.Args[2:]))
	}
	p, err := parse(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(harness.ExitUsage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(measure(ctx, p))
}

// parse reads the command line. Its errors are one sentence; help is printed.
func parse(args []string, out io.Writer) (plan, error) {
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(io.Discard) // one sentence of our own instead of the usage text
	var p plan
	set.StringVar(&p.results, "results", "results", "folder for bench.json and bench.txt")
	set.IntVar(&p.pairs, "pairs", 3, "how many runs against Synapse, each with a replay; embedded three times as many")
	set.StringVar(&p.rootfs, "rootfs", "", "folder with an installed Synapse, made by .ci/synapse-rootfs")
	only := set.String("only", "", "what to measure, separated by commas: "+strings.Join(parts, ", ")+"; empty is all")
	times := set.String("times", "1,4,16", "how often each spec is in the tree while growth is measured")
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, "Usage: bench [flags]\n\n")
		set.SetOutput(out)
		set.PrintDefaults()
		return p, err
	case err != nil:
		return p, fmt.Errorf("%w; bench --help prints the flags", err)
	case set.NArg() > 0:
		return p, fmt.Errorf("bench takes flags only; got %q", set.Args())
	case p.pairs < 1:
		return p, fmt.Errorf("--pairs has to be at least 1; got %d", p.pairs)
	}
	if p.rootfs != "" {
		if info, err := os.Stat(filepath.Join(p.rootfs, "etc")); err != nil || !info.IsDir() {
			return p, fmt.Errorf("there is no Synapse in %s; .ci/synapse-rootfs makes one", p.rootfs)
		}
	}
	if p.times, err = numbers(*times); err != nil {
		return p, fmt.Errorf("--times takes numbers from 1 such as 1,4,16; got %q", *times)
	}
	p.parts, err = chosenParts(*only)
	return p, err
}

// chosenParts reads --only.
func chosenParts(list string) (map[string]bool, error) {
	names := parts
	if list != "" {
		names = strings.Split(list, ",")
	}
	chosen := map[string]bool{}
	for _, part := range names {
		if !slices.Contains(parts, part) {
			return nil, fmt.Errorf("--only has %q; there are %s", part, strings.Join(parts, ", "))
		}
		chosen[part] = true
	}
	return chosen, nil
}

// numbers reads a list of numbers from 1.
func numbers(list string) ([]int, error) {
	var ns []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number from 1", text)
		}
		ns = append(ns, n)
	}
	return ns, nil
}
