package selftest

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Bad input ends within seconds, with one sentence that says what to do and no
// report: nothing ran.
func TestBadInputIsOneSentence(t *testing.T) {
	t.Parallel()
	notMatrix := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(notMatrix.Close)
	old := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"versions":["r0.6.1"]}`))
	}))
	t.Cleanup(old.Close)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { busy.Close() })

	cases := []struct {
		name string
		file string // conformance.yaml
		args []string
		exit int
		says string // what to do
	}{
		{"nothing listens at the URL", "", []string{"--url=http://" + freeAddress(t)}, 2, "start it, or correct url"},
		{"the URL is no homeserver", "", []string{"--url=" + notMatrix.URL}, 2, "correct url"},
		{"the homeserver is too old", "", []string{"--url=" + old.URL}, 2, "v1.1 or later"},
		{"the URL is none", "", []string{"--url=homeserver"}, 2, "such as http://"},
		{"a variant nobody knows", "", []string{"--url=" + notMatrix.URL, "--variant-url=sideways=http://h"}, 2, "the variants are"},
		{"malformed YAML", "url: [", nil, 2, "conformance.yaml"},
		{"a key nobody knows", "urll: http://h", nil, 2, "urll"},
		{"a value of the wrong type", "timeout_factor: soon", nil, 2, "soon"},
		{"a target nobody knows", "", []string{"--target=synapsis"}, 2, "the targets are"},
		{"an option the target does not have", "", []string{"--target-option=speed=9"}, 2, "its options are"},
		{"a fault nobody knows", "", []string{"--target-option=fault=none-such"}, 2, "none-such"},
		{"an empty selection", "", []string{"--label-filter=getAccount3PIDs && add3PID"}, 1, "conformance list"},
		{"a filter that cannot be read", "", []string{"--label-filter=a & b"}, 2, "&&"},
		{"an unwritable results folder", "", []string{"--results=/dev/null/results"}, 2, "--results"},
		{"an expectations file that is not there", "", []string{"--expectations=none.yaml"}, 2, "none.yaml"},
		{"positional leftovers", "", []string{"--strict", "add3PID"}, 2, "unexpected argument"},
		{"an unknown flag", "", []string{"--homeserver=http://h"}, 2, "--help"},
		{"a port in use", "", []string{"--mail-smtp-listen=" + busy.Addr().String()}, 2, "free the port"},
		{"a Mailpit that is not there", "", []string{"--mail-mailpit-url=http://" + freeAddress(t)}, 2, "Mailpit"},
		{"a capability that is required and not there", "", []string{"--capabilities-mail=no", "--require=mail"}, 2, "requires mail"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			started := time.Now()
			r := conformFrom(t, c.file, c.args...)
			if took := time.Since(started); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			if r.exit != c.exit {
				t.Errorf("exit %d, want %d", r.exit, c.exit)
			}
			sentence := strings.TrimSuffix(r.output, "\n")
			if strings.Contains(sentence, "\n") || strings.Contains(sentence, "goroutine") || !strings.Contains(sentence, c.says) {
				t.Errorf("want one line with %q, got:\n%s", c.says, r.output)
			}
			if r.report != nil {
				t.Error("a report was written")
			}
		})
	}
}

// Through make and the ginkgo CLI the exit code is only zero or not, and the
// sentence comes first.
func TestBadInputThroughOtherPrograms(t *testing.T) {
	t.Parallel()
	// With empty caches Go would say first what it downloads for the CLI.
	if out, err := exec.Command("go", "tool", "ginkgo", "version").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, command := range map[string][]string{
		"make":                  {"make", "--no-print-directory", "conformance", "ARGS=--url=homeserver"},
		"ginkgo":                {"go", "tool", "ginkgo", "./suites", "--", "--url=homeserver"},
		"test binary":           {compiled, "--url=homeserver"},
		"make without a target": {"make", "--no-print-directory", "qualify"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := inRepository(t, t.TempDir(), command[0], command[1:]...)
			if r.exit == 0 {
				t.Error("exit 0")
			}
			first, _, _ := strings.Cut(r.output, "\n")
			if !strings.Contains(first, "such as http://") && !strings.Contains(first, "Say which homeserver") {
				t.Errorf("the first line is not the sentence:\n%s", r.output)
			}
		})
	}
}

// Words that are no verb, and verbs with arguments they do not take.
func TestVerbs(t *testing.T) {
	t.Parallel()
	for args, exit := range map[string]int{
		"": 2, "help": 0, "--help": 0, "run --help": 0, "version": 0, "list": 0, "completion bash": 0,
		"walk": 2, "list all": 2, "version 2": 2, "completion csh": 2,
	} {
		out, err := exec.Command(conformance, strings.Fields(args)...).CombinedOutput()
		code := 0
		if e, ok := err.(*exec.ExitError); ok {
			code = e.ExitCode()
		}
		if code != exit || len(out) == 0 {
			t.Errorf("conformance %s: exit %d, want %d\n%s", args, code, exit, out)
		}
	}
}

// Help shows flags by groups, with environment variable and default, and a shell
// can ask for them.
func TestHelpAndCompletion(t *testing.T) {
	t.Parallel()
	help, err := exec.Command(conformance, "run", "--help").Output()
	for _, part := range []string{"\nIdentity servers\n", `--target="reference"`, "($CONFORMANCE_TARGET)", "--label-filter"} {
		if err != nil || !strings.Contains(string(help), part) {
			t.Errorf("run --help lacks %q (%v):\n%s", part, err, help)
		}
	}
	for typed, offered := range map[string]string{"conformance pre": "preflight", "conformance run --mail-d": "--mail-domain"} {
		cmd := exec.Command(conformance)
		cmd.Env = append(cmd.Environ(), "COMP_LINE="+typed)
		if out, err := cmd.Output(); err != nil || strings.TrimSpace(string(out)) != offered {
			t.Errorf("%q is completed to %q (%v)", typed, out, err)
		}
	}
}
