// Command bench measures the suite: its time against a raw replay of the requests
// it sent, the cost of one exchange, how that grows, start-up and memory. It writes
// bench.json and bench.txt, the Go benchmarks for benchstat, and prints a table.
//
// It asserts nothing about time. It exits with 1 when the runs do not come to the
// same verdicts, and with 2 when it was asked for what there is not.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// childVerb has this program be one measured run.
const childVerb = "child"

// The parts of a measurement, in the order in which they are made.
const (
	partEmbedded   = "embedded"
	partSynapse    = "synapse"
	partGrowth     = "growth"
	partProcesses  = "processes"
	partContainers = "containers"
	partBenchmarks = "benchmarks"
)

var parts = []string{partEmbedded, partSynapse, partGrowth, partProcesses, partContainers, partBenchmarks}

func main() {
	if len(os.Args) > 1 && os.Args[1] == childVerb {
		os.Exit(child(os.Args[2:]))
	}
	results := flag.String("results", "results", "folder for bench.json and bench.txt")
	pairs := flag.Int("pairs", 3, "how many runs, each with a replay")
	rootfs := flag.String("rootfs", "", "folder with an installed Synapse, made by .ci/synapse-rootfs")
	only := flag.String("only", "", "what to measure, separated by commas: "+strings.Join(parts, ", ")+"; empty is all")
	times := flag.String("times", "1,4,16", "how often each spec is in the tree while growth is measured")
	flag.Parse()

	plan := plan{results: *results, pairs: *pairs, rootfs: *rootfs}
	var err error
	switch {
	case flag.NArg() > 0:
		fail("bench takes no arguments; got %q", flag.Args())
	case *pairs < 1:
		fail("--pairs has to be at least 1; got %d", *pairs)
	}
	if plan.parts, err = chosenParts(*only); err != nil {
		fail("%v", err)
	}
	if plan.times, err = numbers(*times); err != nil {
		fail("--times takes numbers from 1 such as 1,4,16; got %q", *times)
	}
	if *rootfs != "" {
		if info, err := os.Stat(filepath.Join(*rootfs, "etc")); err != nil || !info.IsDir() {
			fail("there is no Synapse in %s; .ci/synapse-rootfs makes one", *rootfs)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(measure(ctx, plan))
}

func fail(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
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
