package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

func TestSpreadIsMedianAndExtremes(t *testing.T) {
	g := NewWithT(t)
	s := newSpread([]float64{3, 1, 2.00049})
	g.Expect(s).To(Equal(spread{Median: 2, Min: 1, Max: 3, Values: []float64{3, 1, 2}}))
	g.Expect(newSpread([]float64{1, 2}).Median).To(Equal(1.5))
	g.Expect(newSpread([]float64{7}).Median).To(Equal(7.0))
}

// Each run is compared with its own replay, and waits are taken from both.
func TestPairsCompareEachRunWithItsReplay(t *testing.T) {
	g := NewWithT(t)
	one := func(suite, suiteCPU, replayed, replayCPU float64) ran {
		r := ran{exchanges: 1000}
		r.Suite = cost{Seconds: suite, CPUSeconds: suiteCPU}
		r.Waits = []wait{{Reason: "a", Seconds: 1}, {Reason: "b", Seconds: 1}}
		r.Replay = &played{cost: cost{Seconds: replayed, CPUSeconds: replayCPU}, WaitSeconds: 1, Requests: 3000, SameStatus: 2999}
		return r
	}
	p := newPaired([]ran{one(5, 1, 3, 0.8), one(8, 1.2, 3, 0.9), one(4, 1, 3, 0.9)})
	g.Expect(p.Ratio.Values).To(Equal([]float64{1.5, 3, 1}))
	g.Expect(p.Ratio.Median).To(Equal(1.5))
	g.Expect(p.RatioWithWaits.Max).To(Equal(2.667))
	g.Expect(p.OwnCPU.Values).To(Equal([]float64{200, 300, 100}))
	g.Expect(p.OwnCPUPerRequest.Values).To(Equal([]float64{66.667, 100, 33.333}))
	g.Expect(p.OwnWall.Min).To(Equal(0.0))
	g.Expect(p.WaitSeconds).To(Equal(2.0))
	g.Expect(p.SameStatus).To(Equal(2999))
}

func TestRunsHaveToComeToTheSameVerdicts(t *testing.T) {
	g := NewWithT(t)
	of := func(v verdict.Verdict) *report.Report {
		return &report.Report{Requirements: []report.Requirement{{Operation: "add3PID", ID: "add-001", Verdict: v}}}
	}
	r := &runner{first: map[string]map[string]verdict.Verdict{}}
	g.Expect(r.compare("Synapse", of(verdict.ExpectedFail))).To(Succeed())
	g.Expect(r.compare("the reference homeserver", of(verdict.Pass))).To(Succeed())
	g.Expect(r.compare("the reference homeserver", of(verdict.Pass))).To(Succeed())
	g.Expect(r.compare("the reference homeserver", of(verdict.Blocked))).To(MatchError(errDiffers))
}

// What other parties saw, and preflight, are no exchanges of the suite.
func TestExchangesAreRequestsOfSpecsToTheHomeserver(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), report.ExchangesFile)
	g.Expect(os.WriteFile(path, []byte(`{"id":"preflight-1","spec":"preflight"}
{"id":"p1-1","spec":"add3PID add-001: adds"}
{"id":"p1-2","party":"mail","spec":"add3PID add-001: adds"}
{"id":"p1-3","spec":"add3PID add-001: adds"}
`), 0o600)).To(Succeed())
	g.Expect(exchanges(path)).To(Equal(2))
}

func TestBenchmarksAreReadAsGoPrintsThem(t *testing.T) {
	g := NewWithT(t)
	list, err := readBenchmarks([]byte(`goos: linux
pkg: threepid-conformance/harness/exchange
BenchmarkDo-2     	    2502	    147718 ns/op	   34101 B/op	     816 allocs/op
BenchmarkDo-2     	    2502	    100000 ns/op	   34103 B/op	     818 allocs/op
BenchmarkDo-2     	    2502	    110000 ns/op	   34102 B/op	     817 allocs/op
BenchmarkRecord/secrets=0-2         	   12594	     29593 ns/op	    8217 B/op	      87 allocs/op
PASS
`))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list).To(Equal([]benchmark{
		{Name: "Do", Microseconds: 110, Bytes: 34102, Allocations: 817},
		{Name: "Record/secrets=0", Microseconds: 29.593, Bytes: 8217, Allocations: 87},
	}))
	b := bench{Benchmarks: list}
	_, ok := b.benchmarked("Record/secrets=0")
	g.Expect(ok).To(BeTrue())
	_, ok = b.benchmarked(bareExchange)
	g.Expect(ok).To(BeFalse())
}

func TestFlagsTakeWhatThereIs(t *testing.T) {
	g := NewWithT(t)
	p, err := parse([]string{"--pairs=2", "--only=growth,embedded", "--times=1,16"}, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.pairs).To(Equal(2))
	g.Expect(p.parts).To(Equal(map[string]bool{partGrowth: true, partEmbedded: true}))
	g.Expect(p.times).To(Equal([]int{1, 16}))
	p, err = parse(nil, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(p.parts).To(HaveLen(len(parts)))

	var help bytes.Buffer
	_, err = parse([]string{"--help"}, &help)
	g.Expect(err).To(MatchError(flag.ErrHelp))
	g.Expect(help.String()).To(ContainSubstring("-pairs"))
}

func TestBadInputIsOneSentence(t *testing.T) {
	for _, bad := range []string{
		"--pairs=0", "--pairs=many", "--only=memory", "--only=growth,", "--times=", "--times=0", "--times=1,",
		"--rootfs=/nonexistent", "--bogus", "extra",
	} {
		t.Run(bad, func(t *testing.T) {
			g := NewWithT(t)
			_, err := parse([]string{bad}, io.Discard)
			g.Expect(err).To(HaveOccurred())
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"))
		})
	}
}

// Growth is measured on a tree that has every spec as often as it says.
func TestTheTreeHasEverySpecSeveralTimes(t *testing.T) {
	g := NewWithT(t)
	once := specs(t)
	harness.LookInside(harness.Instruments{Times: 3})
	defer harness.LookInside(harness.Instruments{})
	thrice := specs(t)
	g.Expect(len(once)).To(BeNumerically(">", 400))
	for row, n := range once {
		g.Expect(thrice[row]).To(Equal(3*n), row)
	}
}

// specs counts the specs of each row of the list.
func specs(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	operation := ""
	for _, m := range regexp.MustCompile(`(?m)^(\w+)$|^  (\S+) .* (\d+) specs?$`).FindAllStringSubmatch(harness.List(), -1) {
		if m[1] != "" {
			operation = m[1]
			continue
		}
		n, err := strconv.Atoi(m[3])
		if err != nil {
			t.Fatal(err)
		}
		counts[operation+" "+m[2]] = n
	}
	return counts
}
