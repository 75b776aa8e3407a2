package target_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/target"
)

// T2: a server behind a wrapper (a shell script, python -m, …) must go, too.
func TestStopEndsWhatTheProcessStarted(t *testing.T) {
	g := NewWithT(t)
	output, write, err := os.Pipe()
	g.Expect(err).NotTo(HaveOccurred())
	inner := helper("serve", "127.0.0.1:0")
	cmd := exec.Command("sh", "-c", fmt.Sprintf("%q & wait", inner.Path))
	cmd.Env = inner.Env
	p, err := target.StartProcess(cmd, write)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(write.Close()).To(Succeed())
	g.Expect(output.SetReadDeadline(time.Now().Add(5 * time.Second))).To(Succeed())
	lines := bufio.NewReader(output)
	g.Expect(lines.ReadString('\n')).To(Equal("listening\n"))
	g.Expect(p.Stop(within(t, enough))).To(Succeed())
	_, err = io.ReadAll(lines)
	g.Expect(err).NotTo(HaveOccurred(), "the grandchild still runs")
}

// T3
func TestAProcessThatEndedWasNotKilled(t *testing.T) {
	p, url, _ := start(t, "fail")
	_ = p.WaitReady(within(t, enough), url)
	for range 100 {
		NewWithT(t).Expect(p.Stop(over())).To(Succeed())
	}
}

// T4
func TestWaitReadyDoesNotOutlastItsContext(t *testing.T) {
	p, _, _ := start(t, "serve")
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	started := time.Now()
	NewWithT(t).Expect(p.WaitReady(within(t, 100*time.Millisecond), hanging.URL)).NotTo(Succeed())
	NewWithT(t).Expect(time.Since(started)).To(BeNumerically("<", 700*time.Millisecond))
}
