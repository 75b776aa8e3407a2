package containers

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/moby/moby/client"
	. "github.com/onsi/gomega"
)

func TestALivingProcessIsNoOrphan(t *testing.T) {
	g := NewWithT(t)
	g.Expect(orphaned(ownerLabels())).To(BeFalse())
	g.Expect(orphaned(map[string]string{})).To(BeFalse(), "it is not ours")
}

func TestAnOrphan(t *testing.T) {
	g := NewWithT(t)
	child := exec.Command("sleep", "60")
	g.Expect(child.Start()).To(Succeed())
	labels := map[string]string{
		labelPID: strconv.Itoa(child.Process.Pid), labelStarted: startOf(child.Process.Pid), labelMachine: machine(),
	}
	g.Expect(orphaned(labels)).To(BeFalse())
	g.Expect(child.Process.Kill()).To(Succeed())
	_ = child.Wait() // it was killed
	g.Expect(orphaned(labels)).To(BeTrue())

	labels[labelMachine] = "another"
	g.Expect(orphaned(labels)).To(BeFalse(), "of a process elsewhere nothing is known")
}

func TestAProcessIDThatIsUsedAgain(t *testing.T) {
	if startOf(os.Getpid()) == "" {
		t.Skip("this system does not tell when a process started")
	}
	labels := ownerLabels()
	labels[labelStarted] = "1"
	NewWithT(t).Expect(orphaned(labels)).To(BeTrue())
}

func TestWhatTheUserSetStays(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(hostOverride, "docker.example")
	t.Setenv(ryukDisabled, "true")
	g.Expect(prepareEnvironment(t.Context())).To(BeEmpty())
	g.Expect(os.Getenv(hostOverride)).To(Equal("docker.example"))
}

func TestOtherWordsForTrueAreUnderstood(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(hostOverride, "docker.example")
	for _, word := range []string{"1", "TRUE", "t"} {
		t.Setenv(ryukDisabled, word)
		g.Expect(prepareEnvironment(t.Context())).To(ConsistOf(ContainSubstring("was read as true")))
		g.Expect(os.Getenv(ryukDisabled)).To(Equal("true"))
	}
	t.Setenv(ryukDisabled, "false")
	g.Expect(prepareEnvironment(t.Context())).To(BeEmpty(), "the user wants it")
}

func TestAnEngineThatIsPassedOver(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(dockerHost, "unix:///nowhere.sock")
	g.Expect(usedInstead("unix:///var/run/docker.sock")).To(ConsistOf(ContainSubstring("where no engine answers")))
	g.Expect(usedInstead("unix:///nowhere.sock")).To(BeEmpty())
}

func TestWhyThereIsNoDocker(t *testing.T) {
	g := NewWithT(t)
	t.Setenv(dockerHost, "")
	g.Expect(whyNot(errors.New("rootless Docker not found"))).To(And(MatchError(ErrNoDocker), MatchError(ContainSubstring("install Docker"))))
	g.Expect(whyNot(errors.New("dial unix: connect: permission denied"))).To(MatchError(ContainSubstring("group docker")))
	t.Setenv(dockerHost, "tcp://nowhere:1")
	g.Expect(whyNot(errors.New("no such host"))).To(MatchError(ContainSubstring("correct DOCKER_HOST")))
}

func TestLastLine(t *testing.T) {
	NewWithT(t).Expect(lastLine("one\ntwo: why\n\n")).To(Equal("two: why"))
}

// engine opens the machine's engine, or skips the test.
func engine(t *testing.T, run string) *Engine {
	t.Helper()
	e, err := Open(t.Context(), run)
	if errors.Is(err, ErrNoDocker) {
		t.Skipf("%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// containersOf counts what a run has in the engine.
func containersOf(t *testing.T, e *Engine) int {
	t.Helper()
	filter := make(client.Filters).Add("label", labelRun+"="+e.run)
	found, err := e.provider.Client().ContainerList(t.Context(), client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		t.Fatal(err)
	}
	networks, err := e.provider.Client().NetworkList(t.Context(), client.NetworkListOptions{Filters: filter})
	if err != nil {
		t.Fatal(err)
	}
	return len(found.Items) + len(networks.Items)
}

const testImage = "axllent/mailpit:v1.30.5"

func TestCloseLeavesNothing(t *testing.T) {
	e := engine(t, fmt.Sprintf("test-%d", os.Getpid()))
	if !e.Has(t.Context(), testImage) {
		t.Skipf("the image %s is not on this machine; .ci/images mailpit makes it", testImage)
	}
	g := NewWithT(t)
	g.Expect(e.Join(t.Context())).To(Succeed())
	running, err := e.Run(t.Context(), Spec{Image: testImage, Name: "mailpit", Scratch: []string{"/tmp"}, Publish: map[int]string{8025: ""}})
	g.Expect(err).NotTo(HaveOccurred())
	at, err := running.Address(t.Context(), 8025)
	g.Expect(err).NotTo(HaveOccurred())
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	g.Expect(running.WaitReady(ctx, "http://"+at+"/readyz")).To(Succeed())

	broken, err := e.Run(t.Context(), Spec{Image: testImage, Name: "broken", Publish: map[int]string{8025: ""}}) // has no /tmp
	g.Expect(err).NotTo(HaveOccurred())
	g.Eventually(func() error { return broken.ended(ctx) }, time.Minute).Should(MatchError(ContainSubstring("exit code 1")))

	cut, stop := context.WithCancel(t.Context())
	stop()
	_, err = e.Run(cut, Spec{Image: testImage, Name: "late"})
	g.Expect(err).To(MatchError(ContainSubstring("cut short")))

	g.Expect(containersOf(t, e)).To(Equal(4), "three containers and a network")
	g.Expect(e.Close(ctx)).To(Succeed())
	g.Expect(containersOf(t, e)).To(BeZero())
}

func TestAnImageThatIsNowhere(t *testing.T) {
	e := engine(t, "test")
	e.silence = time.Second
	silent, err := net.Listen("tcp", "127.0.0.1:0") // nobody answers there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { silent.Close() })
	for registry, says := range map[string]string{"nowhere.test": "cannot be pulled", silent.Addr().String(): "sent nothing for 1s"} {
		g := NewWithT(t)
		started := time.Now()
		err := e.Have(t.Context(), registry+"/nothing:1", "make it so")
		g.Expect(time.Since(started)).To(BeNumerically("<", patience), "nobody waits minutes for what cannot be")
		var missing *MissingImageError
		g.Expect(errors.As(err, &missing)).To(BeTrue())
		g.Expect(err).To(MatchError(And(ContainSubstring(says), HaveSuffix("; make it so"))))
	}
}
