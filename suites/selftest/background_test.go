package selftest

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"threepid-conformance/harness/report"
)

// A background is a run of the suite that goes on while the test looks at it.
type background struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended

	mu  sync.Mutex
	out bytes.Buffer
}

// begin starts a run in an empty folder. It is killed with the test.
func begin(t *testing.T, args ...string) *background {
	t.Helper()
	b := &background{cmd: exec.Command(conformance, append([]string{"run"}, args...)...), done: make(chan struct{})}
	b.cmd.Dir = t.TempDir()
	b.cmd.Stdout, b.cmd.Stderr = b, b
	if err := b.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(b.done)
		_ = b.cmd.Wait() // its exit code is looked at
	}()
	t.Cleanup(func() {
		_ = b.cmd.Process.Kill()
		<-b.done
	})
	return b
}

// Write keeps what the run prints.
func (b *background) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.Write(text)
}

func (b *background) output() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.out.String()
}

// until waits for something to be so, while the run goes on.
func (b *background) until(t *testing.T, what string, so func() bool) {
	t.Helper()
	late := time.After(2 * time.Minute)
	for !so() {
		select {
		case <-b.done:
			if so() {
				return
			}
			t.Fatalf("it ended (exit %d) before %s:\n%s", b.cmd.ProcessState.ExitCode(), what, b.output())
		case <-late:
			t.Fatalf("not in time: %s:\n%s", what, b.output())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (b *background) ended() bool {
	select {
	case <-b.done:
		return true
	default:
		return false
	}
}

// untilExchanged waits until exchanges.jsonl holds a text.
func (b *background) untilExchanged(t *testing.T, part string) {
	t.Helper()
	b.until(t, "its evidence held "+part, func() bool {
		text, err := os.ReadFile(filepath.Join(b.cmd.Dir, "results", report.ExchangesFile))
		return err == nil && strings.Contains(string(text), part)
	})
}

func (b *background) untilSaid(t *testing.T, text string) {
	t.Helper()
	b.until(t, "it said "+text, func() bool { return strings.Contains(b.output(), text) })
}

// end sends a signal and waits. It returns the run as far as it came.
func (b *background) end(t *testing.T, signal os.Signal) run {
	t.Helper()
	if err := b.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	return b.wait(t)
}

func (b *background) wait(t *testing.T) run {
	t.Helper()
	select {
	case <-b.done:
	case <-time.After(2 * time.Minute):
		t.Fatalf("it does not end:\n%s", b.output())
	}
	r := run{exit: b.cmd.ProcessState.ExitCode(), output: b.output(), results: filepath.Join(b.cmd.Dir, "results")}
	r.report = readReport(t, r.results)
	return r
}
