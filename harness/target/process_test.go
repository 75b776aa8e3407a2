package target_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/target"
)

// enough is a time that nothing in these tests should take.
const enough = 20 * time.Second

// The test binary is also the program that the tests start: with this variable
// it does what its value says instead of running tests.
const (
	roleVariable   = "TARGET_TEST_ROLE"
	listenVariable = "TARGET_TEST_LISTEN"
)

func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "serve":
		serve(http.StatusOK)
	case "busy": // never ready
		serve(http.StatusServiceUnavailable)
	case "stubborn":
		signal.Ignore(syscall.SIGTERM)
		serve(http.StatusOK)
	case "polite": // ends by itself when asked, and says so
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGTERM)
		go func() {
			<-asked
			fmt.Println("goodbye")
			os.Exit(0)
		}()
		serve(http.StatusOK)
	case "fail":
		fmt.Println("to stdout")
		fmt.Fprintln(os.Stderr, "to stderr")
		os.Exit(3)
	case "parent": // starts a homeserver and waits to be killed
		child := helper("serve", os.Getenv(listenVariable))
		if _, err := target.StartProcess(child, os.Stdout); err != nil {
			panic(err)
		}
		select {}
	}
}

// serve says "listening" and answers every request, until it is killed.
func serve(status int) {
	listener, err := net.Listen("tcp", os.Getenv(listenVariable))
	if err != nil {
		panic(err)
	}
	fmt.Println("listening")
	panic(http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })))
}

func helper(role, listen string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"="+role, listenVariable+"="+listen)
	return cmd
}

// A log collects what a process prints; the process and a test both use it.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// start runs the helper in a role and kills it at the end of the test.
func start(t *testing.T, role string) (p *target.Process, url string, printed *log) {
	t.Helper()
	port, err := target.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	printed = &log{}
	p, err = target.StartProcess(helper(role, listen), printed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop(over()) })
	return p, "http://" + listen, printed
}

// over is a context that has ended.
func over() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func within(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func answers(url string) bool {
	client := http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get(url)
	if err == nil {
		_ = resp.Body.Close()
	}
	return err == nil
}

func TestAProcessIsReadyWhenItAnswersAndGoneWhenStopped(t *testing.T) {
	g := NewWithT(t)
	p, url, printed := start(t, "polite")
	g.Expect(p.WaitReady(within(t, enough), url)).To(Succeed())
	g.Expect(answers(url)).To(BeTrue())
	g.Expect(p.Stop(within(t, enough))).To(Succeed())
	g.Expect(answers(url)).To(BeFalse())
	g.Expect(printed.String()).To(ContainSubstring("goodbye"), "it was asked, not killed, and its log is complete")
	g.Expect(p.Stop(within(t, enough))).To(Succeed(), "a second time")
}

func TestStopKillsAProcessThatIgnoresTheRequest(t *testing.T) {
	g := NewWithT(t)
	p, url, _ := start(t, "stubborn")
	g.Expect(p.WaitReady(within(t, enough), url)).To(Succeed())
	started := time.Now()
	err := p.Stop(within(t, 50*time.Millisecond))
	g.Expect(err).To(MatchError(HaveSuffix("did not stop when asked and was killed")))
	g.Expect(time.Since(started)).To(BeNumerically("<", enough))
	g.Expect(answers(url)).To(BeFalse())
}

func TestAProcessThatEndsIsNotWaitedFor(t *testing.T) {
	g := NewWithT(t)
	p, url, printed := start(t, "fail")
	started := time.Now()
	err := p.WaitReady(within(t, enough), url)
	g.Expect(err).To(MatchError(And(ContainSubstring("ended before it answered at "+url), ContainSubstring("exit status 3"), HaveSuffix("its log says why"))))
	g.Expect(time.Since(started)).To(BeNumerically("<", enough))
	g.Expect(printed.String()).To(And(ContainSubstring("to stdout\n"), ContainSubstring("to stderr\n")))
	for range 100 {
		g.Expect(p.Stop(over())).To(Succeed(), "what has ended was not killed")
	}

	// Nor is another one at its address taken for it.
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(other.Close)
	g.Expect(p.WaitReady(within(t, enough), other.URL)).To(MatchError(ContainSubstring("ended before it answered")))
}

func TestWaitReadyAsksUntilTheAnswerIs200(t *testing.T) {
	g := NewWithT(t)
	p, _, _ := start(t, "serve")
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) < 4 {
			w.WriteHeader(http.StatusBadGateway)
		}
	}))
	t.Cleanup(server.Close)
	g.Expect(p.WaitReady(within(t, enough), server.URL)).To(Succeed())
	g.Expect(asked.Load()).To(BeEquivalentTo(4))
}

func TestWaitReadyEndsWithItsContext(t *testing.T) {
	p, busy, _ := start(t, "busy")
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	t.Cleanup(hanging.Close)
	for _, url := range []string{busy, hanging.URL} {
		g := NewWithT(t)
		started := time.Now()
		err := p.WaitReady(within(t, 300*time.Millisecond), url)
		g.Expect(err).To(MatchError(And(ContainSubstring("did not answer at "+url+" in time"), HaveSuffix("its log says why"))))
		g.Expect(time.Since(started)).To(BeNumerically("<", 900*time.Millisecond))
	}
}

func TestAProgramThatIsNotThere(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "synapse")
	p, err := target.StartProcess(exec.Command(path), io.Discard)
	g.Expect(p).To(BeNil())
	g.Expect(err).To(MatchError(And(HavePrefix(path+" cannot be started: "), ContainSubstring("no such file"))))
}

// The kernel kills a child when the thread that forked it ends.
func TestAProcessOutlivesTheThreadThatAskedForIt(t *testing.T) {
	g := NewWithT(t)
	port, err := target.FreePort()
	g.Expect(err).NotTo(HaveOccurred())
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	var p *target.Process
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // and not unlocked, so that the thread ends with the goroutine
		var err error
		p, err = target.StartProcess(helper("serve", listen), io.Discard)
		done <- err
	}()
	g.Expect(<-done).To(Succeed())
	t.Cleanup(func() { _ = p.Stop(over()) })
	g.Expect(p.WaitReady(within(t, enough), "http://"+listen)).To(Succeed())
	g.Expect(p.Stop(within(t, enough))).To(Succeed())
}

// A server behind a wrapper (a shell script, python -m, …) must go, too.
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

// A terminal sends its interrupt to the whole group of the suite, which has to
// stay in command of when its homeservers end.
func TestAProcessIsInAGroupOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	cmd := helper("serve", "127.0.0.1:0")
	p, err := target.StartProcess(cmd, io.Discard)
	g.Expect(err).NotTo(HaveOccurred())
	t.Cleanup(func() { _ = p.Stop(over()) })
	g.Expect(syscall.Getpgid(cmd.Process.Pid)).To(Equal(cmd.Process.Pid))
}
