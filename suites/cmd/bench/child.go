package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness"
	"threepid-conformance/harness/config"
	_ "threepid-conformance/suites"
	"threepid-conformance/suites/cmd/bench/replay"
)

// long is how long a request lasts at least to be listed.
const long = 500 * time.Millisecond

// A measurement is what a measured run tells its parent.
type measurement struct {
	FirstSpec time.Time `json:"first_spec"` // when it began
	Suite     cost      `json:"suite"`      // from then on to the written report
	PeakMB    float64   `json:"peak_mb"`
	Waits     []wait    `json:"waits"`
	Held      []held    `json:"held"` // requests that took long
	Replay    *played   `json:"replay"`
}

// A cost is the time that something took.
type cost struct {
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"` // of this process
}

// A wait is one that a requirement or the homeserver demanded.
type wait struct {
	Spec    string  `json:"spec,omitempty"`
	Reason  string  `json:"reason"`
	Seconds float64 `json:"seconds"`
}

// A held request is one that took long.
type held struct {
	Spec    string  `json:"spec"`
	Request string  `json:"request"`
	Seconds float64 `json:"seconds"`
}

// A played tape is how a replay went.
type played struct {
	cost
	WaitSeconds float64        `json:"wait_seconds"` // of Seconds: the same waits as in the run
	Requests    int            `json:"requests"`
	SameStatus  int            `json:"same_status"`
	Repeated    int            `json:"repeated"` // until a mail or the like had come
	Limited     int            `json:"limited"`  // after a wait: they came too soon for a rate limit
	Differ      map[string]int `json:"differ,omitempty"`
}

// failed remembers nothing: the exit code of a run says it.
type failed struct{}

func (failed) Fail() {}

// child runs the suite once in this process, replays it when asked to, and writes
// what that took.
func child(args []string) int {
	set := flag.NewFlagSet("bench "+childVerb, flag.ExitOnError)
	flags := config.AddFlags(set)
	times := set.Int("times", 1, "how often each spec is in the tree")
	replays := set.Bool("replay", false, "replay the run afterwards")
	file := set.String("measured", "", "file for what was measured")
	if err := set.Parse(args); err != nil {
		return harness.ExitUsage // not reached: the flag set exits
	}
	c, err := flags.Load()
	if err != nil {
		fmt.Println(err)
		return harness.ExitUsage
	}

	p := probe{tape: &replay.Tape{Spec: harness.SpecName}, measurement: measurement{Waits: []wait{}, Held: []held{}}}
	p.install(*times, *replays)
	sc, rc := ginkgo.GinkgoConfiguration()
	sc.FailOnEmpty, rc.Succinct, rc.NoColor = true, true, true
	code := harness.Run(failed{}, c, sc, rc, harness.Door{Command: "bench", Rerun: "conformance run --label-filter=%s", Out: os.Stdout})
	if code == harness.ExitOK && *replays {
		if err := harness.StartAgain(context.Background(), os.Stdout, p.replay); err != nil {
			fmt.Println(err)
			return harness.ExitUsage
		}
	}
	text, err := json.Marshal(p.measurement)
	if err == nil {
		err = os.WriteFile(*file, text, 0o600)
	}
	if err != nil {
		fmt.Println(err)
		return harness.ExitUsage
	}
	return code
}

// A probe measures the run of this process.
type probe struct {
	measurement
	tape  *replay.Tape
	was   harness.Deployment
	begun stamp

	mu sync.Mutex // of the waits
}

func (p *probe) install(times int, tapes bool) {
	i := harness.Instruments{
		Times:     times,
		Ready:     func(d harness.Deployment) { p.was = d },
		FirstSpec: func() { p.FirstSpec, p.begun = time.Now(), now() },
		Over: func() {
			p.Suite, p.PeakMB = p.begun.cost(), peakMB()
			for _, h := range p.tape.Longer(long) {
				p.Held = append(p.Held, held{h.Spec, h.Request, h.Lasted.Seconds()})
			}
		},
		Waited: func(w harness.Wait) {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.Waits = append(p.Waits, wait{w.Spec, w.Reason, w.Lasted.Seconds()})
			if tapes {
				p.tape.Waited(w.Began, w.Lasted)
			}
		},
	}
	if tapes {
		i.Wrap = p.tape.Wrap
	}
	harness.LookInside(i)
}

// replay sends the requests of the run to what was started afresh.
func (p *probe) replay(is harness.Deployment) error {
	script := replay.NewScript(p.tape, p.was, is)
	runtime.GC() // the garbage of the run is no cost of the replay
	begun := now()
	r := script.Play(context.Background())
	p.Replay = &played{
		cost: begun.cost(), WaitSeconds: r.Waits.Seconds(),
		Requests: r.Requests, SameStatus: r.Same, Repeated: r.Repeated, Limited: r.Limited, Differ: r.Differ,
	}
	return nil
}
