package selftest

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"threepid-conformance/harness/config"
)

// beside has the homeserver run in Docker, its sidecars beside it.
func beside(args ...string) []string {
	return append([]string{"--sidecars=containers", "--target-option=image=" + referenceName}, args...)
}

// However a run ends, it leaves nothing in Docker.
func TestContainersAreGoneHoweverARunEnds(t *testing.T) {
	needsImages(t)
	during := func(signal os.Signal) func(*testing.T, *background) run {
		return func(t *testing.T, b *background) run {
			b.untilSaid(t, " specs ")
			return b.end(t, signal)
		}
	}
	before := func(signal os.Signal) func(*testing.T, *background) run {
		return func(t *testing.T, b *background) run { return b.end(t, signal) }
	}
	left := func(t *testing.T, b *background) run { return b.wait(t) }
	for _, c := range []struct {
		name string
		args []string
		end  func(*testing.T, *background) run
		exit int
		says string
	}{
		{"success", []string{oneRow}, left, 0, "SUCCESS"},
		{"failure", []string{oneRow, hardFault}, left, 1, "FAIL"},
		{"failed start", []string{"--target-option=image=" + config.Default().Images.IdentityServer, oneRow}, left, 2, "ended with exit code 2"},
		{"SIGINT during the start", nil, before(os.Interrupt), 2, "interrupted before its first spec"},
		{"SIGTERM during the start", nil, before(syscall.SIGTERM), 2, "interrupted before its first spec"},
		{"SIGINT in the middle", nil, during(os.Interrupt), 1, "Interrupted by User"},
		{"SIGTERM in the middle", nil, during(syscall.SIGTERM), 1, "Interrupted by User"},
		{"SIGINT while all is kept up", []string{"--keep", oneRow, hardFault}, func(t *testing.T, b *background) run {
			b.untilSaid(t, "mail relay")
			return b.end(t, os.Interrupt)
		}, 1, isLeftUp},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel() // so they show, too, that runs on one machine do not meet
			b := begin(t, beside(c.args...)...)
			b.until(t, "something was in Docker", func() bool { return len(ofProcess(t, b.cmd.Process.Pid)) > 1 })
			r := c.end(t, b)
			if r.exit != c.exit || !strings.Contains(r.output, c.says) {
				t.Errorf("exit %d, want %d and %q\n%s", r.exit, c.exit, c.says, r.output)
			}
			if stays := ofProcess(t, b.cmd.Process.Pid); len(stays) > 0 {
				t.Errorf("left behind: %v\n%s", stays, r.output)
			}
		})
	}
}

// What a killed run left, the next one removes; what a run has that goes on, it
// leaves alone.
func TestContainersOfAKilledRunAreSwept(t *testing.T) {
	needsImages(t)
	killed, goesOn := begin(t, beside()...), begin(t, beside("--keep", oneRow, hardFault)...)
	killed.untilSaid(t, " specs ")
	goesOn.untilSaid(t, "mail relay")
	killed.end(t, syscall.SIGKILL)
	if len(ofProcess(t, killed.cmd.Process.Pid)) == 0 {
		t.Fatal("a killed run left nothing that could be swept")
	}
	next := conform(t, beside(oneRow)...)
	if next.exit != 0 || !strings.Contains(next.output, "containers and networks that a killed run had left were removed") {
		t.Errorf("exit %d\n%s", next.exit, next.output)
	}
	if stays := ofProcess(t, killed.cmd.Process.Pid); len(stays) > 0 {
		t.Errorf("not swept: %v", stays)
	}
	leftUp(t, goesOn, os.Interrupt)
}

// ofProcess lists the containers and networks that a run's process made.
func ofProcess(t *testing.T, pid int) []string {
	t.Helper()
	filter := fmt.Sprintf("--filter=label=threepid-conformance.pid=%d", pid)
	var all []string
	for _, args := range [][]string{
		{"ps", "--all", filter, "--format={{.Image}} {{.Status}}"},
		{"network", "ls", filter, "--format={{.Name}}"},
	} {
		out, err := exec.Command("docker", args...).Output()
		if err != nil {
			t.Fatalf("docker %s: %v", args[0], err)
		}
		all = append(all, strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' })...)
	}
	return all
}
