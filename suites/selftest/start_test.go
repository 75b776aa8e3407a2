package selftest

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

// However the suite is started, it comes to the same verdicts.
func TestHoweverItIsStartedTheVerdictsAreTheSame(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T) run{
		"the program, by URL": func(t *testing.T) run { return conform(t, serveByURL(t)...) },
		"a test binary in an empty folder": func(t *testing.T) run {
			return execute(t, exec.Command(compiled))
		},
		"the ginkgo CLI, parallel and shuffled": func(t *testing.T) run {
			return ginkgo(t, "-procs=2", "--randomize-all")
		},
		"go test": func(t *testing.T) run {
			results := filepath.Join(t.TempDir(), "results")
			return inRepository(t, results, "go", "test", "-count=1", "threepid-conformance/suites", "-args", "--results="+results)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			if r.exit != 0 {
				t.Errorf("exit %d\n%s", r.exit, r.output)
			}
			want, got := conformOnce(t).verdicts(t), r.verdicts(t)
			for row := range want {
				if got[row] != want[row] {
					t.Errorf("%s is %s, and %s through the program: %s", row, got[row], want[row], r.row(t, row).Reason)
				}
			}
		})
	}
}

// A label filter selects an operation, and what it leaves out is not tested.
func TestLabelFilterSelectsAnOperation(t *testing.T) {
	t.Parallel()
	const operation = "getAccount3PIDs"
	want := conformOnce(t).verdicts(t)
	for name, r := range map[string]run{
		"program":    conform(t, "--label-filter="+operation),
		"ginkgo CLI": ginkgo(t, "--label-filter="+operation),
	} {
		if r.exit != 0 {
			t.Errorf("%s: exit %d\n%s", name, r.exit, r.output)
		}
		got := r.verdicts(t)
		maps.DeleteFunc(got, func(row string, v verdict.Verdict) bool {
			if strings.HasPrefix(row, operation+" ") {
				return v == want[row]
			}
			return v == verdict.NotTested
		})
		if len(got) > 0 {
			t.Errorf("%s: unexpected verdicts: %v", name, got)
		}
	}
}

// ginkgo runs the suite through the pinned ginkgo CLI.
func ginkgo(t *testing.T, args ...string) run {
	t.Helper()
	results := filepath.Join(t.TempDir(), "results")
	args = append([]string{"tool", "ginkgo"}, args...)
	return inRepository(t, results, "go", append(args, "./suites", "--", "--results="+results)...)
}

// inRepository runs a command from the repository's root.
func inRepository(t *testing.T, results, name string, args ...string) run {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = filepath.Join("..", "..")
	r := execute(t, cmd)
	r.results = results
	r.report = readReport(t, results)
	return r
}

// serveByURL starts the reference homeserver in all its configurations as
// programs of their own, and returns the flags that lead there.
func serveByURL(t *testing.T) []string {
	t.Helper()
	smtp, folder := freeAddress(t), t.TempDir()
	const admin, service = "token-of-the-administrator", "token-of-the-service"
	flags := []string{
		"--mail-smtp-listen=" + smtp, "--capabilities-mail=yes", "--capabilities-sms=yes", "--capabilities-identity-server=yes",
		"--users-admin-token=" + admin, "--users-application-service-token=" + service,
	}
	var identity control.Info
	for name, flag := range map[string]string{"identity": "--identity-server-control-url=", "other": "--identity-server-other-control-url="} {
		server, err := mockidserver.Start(t.Context(), mockidserver.Config{Name: name, Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = server.Close() })
		flags = append(flags, flag+server.ControlURL())
		if name == "identity" {
			identity = server.Info()
		}
	}
	for _, variant := range append([]string{""}, refserver.Variants()...) {
		url := serve(t, "--smtp="+smtp, "--variant="+variant, "--server-name=reference.test",
			"--admin-token="+admin, "--service-token="+service,
			"--identity-ca="+identity.CAFile, "--sms-delegate="+identity.SMSURL)
		if variant == "" {
			flags = append(flags, "--url="+url)
		} else {
			flags = append(flags, "--variant-url="+variant+"="+url)
		}
	}
	return flags
}

// serve starts the reference homeserver and returns its URL.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command(reference, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // says that it was killed
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the reference homeserver printed no URL: %v", err)
	}
	return strings.TrimSpace(line)
}

// lastPort is where the search for the next free port goes on. The ports are
// below those that the kernel gives to outgoing connections, so that nothing
// takes one between this check and its use.
var lastPort atomic.Int32

func init() { lastPort.Store(20000 + int32(os.Getpid()%100)*100) }

// freeAddress is an address that nothing listens at.
func freeAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		address := fmt.Sprintf("127.0.0.1:%d", lastPort.Add(1))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return ""
}
