// Package progress says from time to time what a run is doing, in plain lines
// that a terminal and a CI's log show alike. Ginkgo prints failures as they
// happen; between them it prints a dot for each spec, and nothing while one runs.
package progress

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// Every is the time between two lines. Short runs print none.
const Every = 10 * time.Second

// Progress counts the specs of one process. Its methods may be called from
// several goroutines.
type Progress struct {
	out   io.Writer
	total int

	mu                    sync.Mutex
	done, failed, blocked int
	current               string // "" between specs
	since                 time.Time
}

// Start returns the progress of a run of that many specs and has a line written
// to out every so often, until stop is called.
func Start(out io.Writer, total int, every time.Duration) (p *Progress, stop func()) {
	p = &Progress{out: out, total: total}
	ticker := time.NewTicker(every)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case now := <-ticker.C:
				p.print(now)
			case <-end:
				return
			}
		}
	}()
	return p, func() {
		ticker.Stop()
		close(end)
		<-ended
	}
}

// Begin notes that a spec begins.
func (p *Progress) Begin(spec string, at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.since = spec, at
}

// End notes that the spec that began has ended. It does nothing when none has.
func (p *Progress) End(failed, blocked bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.current == "" {
		return
	}
	p.current = ""
	p.done++
	if failed {
		p.failed++
	}
	if blocked {
		p.blocked++
	}
}

// print writes a line of its own, whatever stands on the one before.
func (p *Progress) print(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	line := fmt.Sprintf("%d of %d specs done, %d failed", p.done, p.total, p.failed)
	if p.blocked > 0 {
		line += fmt.Sprintf(", %d blocked", p.blocked)
	}
	if p.current != "" {
		line += fmt.Sprintf("; for %s now: %s", now.Sub(p.since).Round(time.Second), p.current)
	}
	fmt.Fprintf(p.out, "\n[%s]\n", line)
}
