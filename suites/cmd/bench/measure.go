package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"threepid-conformance/harness"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/verdict"
)

// referenceImage is made by .ci/images.
const referenceImage = "threepid-conformance/refserver:" + config.Version

// A plan is what to measure.
type plan struct {
	results string
	pairs   int
	rootfs  string
	parts   map[string]bool
	times   []int
}

// measure makes the measurements and returns the exit code.
func measure(ctx context.Context, p plan) int {
	b, err := p.take(ctx)
	if b != nil {
		if written := b.write(p.results); err == nil {
			err = written
		}
		fmt.Print("\n" + b.table())
	}
	switch {
	case errors.Is(err, errDiffers), ctx.Err() == nil && err != nil && b != nil:
		fmt.Fprintln(os.Stderr, err)
		return harness.ExitFail
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		return harness.ExitUsage
	}
	return harness.ExitOK
}

// take makes the measurements. Of one that was interrupted it returns what there
// is.
func (p plan) take(ctx context.Context) (*bench, error) {
	program, err := os.Executable()
	if err == nil {
		err = os.MkdirAll(p.results, 0o755)
	}
	if err != nil {
		return nil, err
	}
	scratch, err := os.MkdirTemp("", "threepid-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	r := &runner{program: program, scratch: scratch, first: map[string]map[string]verdict.Verdict{}}
	b := &bench{Machine: thisMachine(), Measured: time.Now().UTC().Truncate(time.Second), Commit: harness.VersionLine(), Missing: []string{}}
	for _, part := range []struct {
		name string
		make func(context.Context, *runner, *bench) error
		lack func() string // why it cannot be measured here, "" when it can
	}{
		{partEmbedded, p.embedded, nil},
		{partSynapse, p.synapse, p.lackSynapse},
		{partGrowth, p.growth, nil},
		{partAlone, p.alone, lackDocker},
		{partProcesses, p.processes, nil},
		{partContainers, p.containers, lackDocker},
		{partBenchmarks, p.benchmarks, nil},
	} {
		why := ""
		switch {
		case !p.parts[part.name]:
			why = "it was not asked for"
		case part.lack != nil:
			why = part.lack()
		}
		if why != "" {
			b.miss(part.name, why)
			continue
		}
		fmt.Printf("measuring %s …\n", part.name)
		if err := part.make(ctx, r, b); err != nil {
			return b, err
		}
	}
	return b, nil
}

// miss says why something was not measured.
func (b *bench) miss(part, why string) {
	b.Missing = append(b.Missing, part+": "+why)
	fmt.Printf("not measured: %s, because %s\n", part, why)
}

func (p plan) lackSynapse() string {
	if p.rootfs == "" {
		return "no installed Synapse was named; say ROOTFS=folder, or --rootfs"
	}
	return ""
}

func lackDocker() string {
	if err := exec.Command("docker", "version").Run(); err != nil {
		return "Docker does not answer"
	}
	return ""
}

// embedded has three times as many pairs: they are short, and what the suite itself
// takes is a small difference of two figures that vary.
func (p plan) embedded(ctx context.Context, r *runner, b *bench) error {
	var err error
	if b.Embedded, err = p.pair(ctx, r, 3*p.pairs, "the reference homeserver"); err == nil {
		b.EmbeddedSeconds, b.ExchangeMicroseconds = &b.Embedded.Seconds.Median, &b.Embedded.OwnCPU.Median
	}
	return err
}

func (p plan) synapse(ctx context.Context, r *runner, b *bench) error {
	var err error
	if b.Synapse, err = p.pair(ctx, r, p.pairs, "Synapse", "--target=synapse", "--target-option=rootfs="+p.rootfs, "--expectations="+expectations); err == nil {
		b.SynapseSeconds, b.SynapseReplayRatio = &b.Synapse.Seconds.Median, &b.Synapse.Ratio.Median
	}
	return err
}

// pair runs the suite several times, each time with a replay.
func (p plan) pair(ctx context.Context, r *runner, pairs int, target string, args ...string) (*paired, error) {
	var runs []ran
	for range pairs {
		one, err := r.suite(ctx, target, append([]string{"--replay"}, args...)...)
		if err != nil {
			return nil, err
		}
		runs = append(runs, one)
	}
	return newPaired(runs), nil
}

func newPaired(runs []ran) *paired {
	first, worst := runs[0], runs[0] // worst is the replay that differed most from its run
	for _, r := range runs {
		if r.Replay.Requests-r.Replay.SameStatus > worst.Replay.Requests-worst.Replay.SameStatus {
			worst = r
		}
	}
	perExchange := func(own, replayed float64, r ran) float64 { return 1e6 * (own - replayed) / float64(r.exchanges) }
	return &paired{
		Seconds:          spreadOf(runs, func(r ran) float64 { return r.seconds }),
		StartUpSeconds:   spreadOf(runs, func(r ran) float64 { return r.startUp }),
		SuiteSeconds:     spreadOf(runs, func(r ran) float64 { return r.Suite.Seconds }),
		SuiteCPUSeconds:  spreadOf(runs, func(r ran) float64 { return r.Suite.CPUSeconds }),
		ReplaySeconds:    spreadOf(runs, func(r ran) float64 { return r.Replay.Seconds }),
		ReplayCPUSeconds: spreadOf(runs, func(r ran) float64 { return r.Replay.CPUSeconds }),
		Ratio: spreadOf(runs, func(r ran) float64 {
			return (r.Suite.Seconds - waited(r.Waits)) / (r.Replay.Seconds - r.Replay.WaitSeconds)
		}),
		RatioWithWaits: spreadOf(runs, func(r ran) float64 { return r.Suite.Seconds / r.Replay.Seconds }),
		OwnCPU:         spreadOf(runs, func(r ran) float64 { return perExchange(r.Suite.CPUSeconds, r.Replay.CPUSeconds, r) }),
		OwnWall: spreadOf(runs, func(r ran) float64 {
			return perExchange(r.Suite.Seconds-waited(r.Waits), r.Replay.Seconds-r.Replay.WaitSeconds, r)
		}),
		OwnCPUPerRequest: spreadOf(runs, func(r ran) float64 {
			return 1e6 * (r.Suite.CPUSeconds - r.Replay.CPUSeconds) / float64(r.Replay.Requests)
		}),
		PeakMB:      spreadOf(runs, func(r ran) float64 { return r.PeakMB }),
		Exchanges:   first.exchanges,
		Requests:    worst.Replay.Requests,
		SameStatus:  worst.Replay.SameStatus,
		Repeated:    worst.Replay.Repeated,
		Limited:     worst.Replay.Limited,
		Differ:      worst.Replay.Differ,
		WaitSeconds: round(waited(first.Waits), 3),
		Waits:       first.Waits,
		Held:        first.Held,
	}
}

// waited is how long demanded waits lasted in all.
func waited(waits []wait) float64 {
	total := 0.0
	for _, w := range waits {
		total += w.Seconds
	}
	return total
}

func (p plan) growth(ctx context.Context, r *runner, b *bench) error {
	for _, times := range p.times {
		one, err := p.grow(ctx, r, times)
		if err != nil {
			return err
		}
		b.Growth = append(b.Growth, one)
	}
	return nil
}

// alone has homeserver, mail catcher and identity servers in containers, so that
// the process is the suite and nothing else.
func (p plan) alone(ctx context.Context, r *runner, b *bench) error {
	for _, times := range []int{p.times[0], p.times[len(p.times)-1]} {
		one, err := p.grow(ctx, r, times, "--sidecars=containers", "--target-option=image="+referenceImage)
		if err != nil {
			return err
		}
		b.Alone = append(b.Alone, one)
		b.PeakMemoryMB = &b.Alone[len(b.Alone)-1].PeakMB
	}
	return nil
}

// grow runs the suite with every spec so often in the tree.
func (p plan) grow(ctx context.Context, r *runner, times int, args ...string) (grown, error) {
	one, err := r.suite(ctx, "the reference homeserver", append(args, fmt.Sprintf("--times=%d", times))...)
	if err != nil {
		return grown{}, err
	}
	return grown{
		Times: times, Exchanges: one.exchanges,
		SuiteSeconds: round(one.Suite.Seconds, 3), WaitSeconds: round(waited(one.Waits), 3),
		CPUMicroseconds: round(1e6*one.Suite.CPUSeconds/float64(one.exchanges), 1), PeakMB: round(one.PeakMB, 1),
	}, nil
}

// processes has the ginkgo CLI run the suite in 1, 2 and 4 processes.
func (p plan) processes(ctx context.Context, r *runner, b *bench) error {
	compiled := filepath.Join(r.scratch, "suites.test")
	if out, err := exec.CommandContext(ctx, "go", "test", "-c", "-o", compiled, "threepid-conformance/suites").CombinedOutput(); err != nil {
		return fmt.Errorf("the suite does not build: %w\n%s", err, tail(out))
	}
	cli := filepath.Join(r.scratch, "ginkgo")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", cli, "github.com/onsi/ginkgo/v2/ginkgo").CombinedOutput(); err != nil {
		return fmt.Errorf("the ginkgo CLI does not build: %w\n%s", err, tail(out))
	}
	for _, n := range []int{1, 2, 4} {
		one, err := r.run(ctx, "the reference homeserver", "", cli, fmt.Sprintf("-procs=%d", n), compiled, "--")
		if err != nil {
			return err
		}
		b.Processes = append(b.Processes, parallel{Processes: n, Seconds: round(one.seconds, 3), CPUSeconds: round(one.cpu, 3)})
	}
	return nil
}

func (p plan) containers(ctx context.Context, r *runner, b *bench) error {
	one, err := r.suite(ctx, "the reference homeserver", "--sidecars=containers")
	if err == nil {
		b.Containers = &contained{Seconds: round(one.seconds, 3), StartUpSeconds: round(one.startUp, 3)}
	}
	return err
}
