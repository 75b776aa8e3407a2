package main

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	benchtext "golang.org/x/tools/benchmark/parse"
)

// hotPaths are the packages that every exchange goes through.
var hotPaths = []string{
	"threepid-conformance/harness/exchange",
	"threepid-conformance/harness/masking",
	"threepid-conformance/schemas",
}

// A benchmark is what one Go benchmark came to; the medians of its runs.
type benchmark struct {
	Name         string  `json:"name"` // without Benchmark
	Microseconds float64 `json:"microseconds"`
	Bytes        float64 `json:"bytes"`
	Allocations  float64 `json:"allocations"`
}

// Two benchmarks tell what one exchange costs beside the network and net/http.
const (
	wholeExchange = "Do"
	bareExchange  = "Bare"
)

// benchmarks runs the Go benchmarks of the hot paths and keeps their text for
// benchstat.
func (p plan) benchmarks(ctx context.Context, _ *runner, b *bench) error {
	args := append([]string{"test", "-run=^$", "-bench=.", "-benchmem", "-count=3", "-benchtime=0.3s"}, hotPaths...)
	out, err := exec.CommandContext(ctx, "go", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("the Go benchmarks do not run: %w\n%s", err, tail(out))
	}
	if b.Benchmarks, err = readBenchmarks(out); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(p.results, textFile), out, 0o644)
}

// processors is what Go appends to a benchmark's name.
var processors = regexp.MustCompile(`-\d+$`)

// readBenchmarks sums up what go test has printed, in that order.
func readBenchmarks(text []byte) ([]benchmark, error) {
	set, err := benchtext.ParseSet(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("what go test says of the benchmarks cannot be read: %w", err)
	}
	byOrder := func(x, y []*benchtext.Benchmark) int { return x[0].Ord - y[0].Ord }
	var list []benchmark
	for _, runs := range slices.SortedFunc(maps.Values(set), byOrder) {
		list = append(list, benchmark{
			Name:         strings.TrimPrefix(processors.ReplaceAllString(runs[0].Name, ""), "Benchmark"),
			Microseconds: spreadOf(runs, func(r *benchtext.Benchmark) float64 { return r.NsPerOp / 1000 }).Median,
			Bytes:        spreadOf(runs, func(r *benchtext.Benchmark) float64 { return float64(r.AllocedBytesPerOp) }).Median,
			Allocations:  spreadOf(runs, func(r *benchtext.Benchmark) float64 { return float64(r.AllocsPerOp) }).Median,
		})
	}
	return list, nil
}

// benchmarked finds a benchmark by its name.
func (b *bench) benchmarked(name string) (benchmark, bool) {
	for _, one := range b.Benchmarks {
		if one.Name == name {
			return one, true
		}
	}
	return benchmark{}, false
}
