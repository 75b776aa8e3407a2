package progress

import (
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestALineSaysWhatRunsAndHowManyAreToGo(t *testing.T) {
	g := NewWithT(t)
	var out strings.Builder
	p, stop := Start(&out, 7, time.Hour)
	defer stop()
	begun := time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	line := func() string {
		out.Reset()
		p.print(begun.Add(12 * time.Second))
		return out.String()
	}
	g.Expect(line()).To(Equal("\n[0 of 7 specs done, 0 failed]\n"))
	p.End(true, true)
	g.Expect(line()).To(ContainSubstring("0 of 7"), "nothing had begun")
	p.Begin("add3PID add-003", begun)
	g.Expect(line()).To(Equal("\n[0 of 7 specs done, 0 failed; for 12s now: add3PID add-003]\n"))
	p.End(false, false)
	p.Begin("add3PID add-004", begun)
	p.End(true, false)
	g.Expect(line()).To(Equal("\n[2 of 7 specs done, 1 failed]\n"))
	p.Begin("add3PID add-005", begun)
	p.End(false, true)
	g.Expect(line()).To(Equal("\n[3 of 7 specs done, 1 failed, 1 blocked]\n"))
}

// lines passes on what is written.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default: // nobody reads any more
	}
	return len(b), nil
}

func TestLinesComeByThemselvesUntilStopped(t *testing.T) {
	g := NewWithT(t)
	out := make(lines, 1)
	_, stop := Start(out, 1, time.Millisecond)
	g.Eventually(out).Should(Receive(ContainSubstring("0 of 1")))
	stop()
	select {
	case <-out: // written before the stop
	default:
	}
	g.Consistently(out, "30ms").ShouldNot(Receive())
}
