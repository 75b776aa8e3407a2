package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs the program in this process and returns what it printed.
func start(t *testing.T, args ...string) string {
	t.Helper()
	reader, writer := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, args, writer, os.Stderr)
		writer.Close()
	}()
	t.Cleanup(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("it ended with %d", code)
		}
	})
	var printed strings.Builder
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		printed.WriteString(lines.Text() + "\n")
		if strings.HasPrefix(lines.Text(), "curl ") {
			go io.Copy(io.Discard, reader)
			return printed.String()
		}
	}
	t.Fatalf("it printed only:\n%s", printed.String())
	return ""
}

// line is the printed line that begins with a word.
func line(t *testing.T, printed, word string) string {
	t.Helper()
	for text := range strings.Lines(printed) {
		if strings.HasPrefix(text, word+" ") {
			return strings.TrimSpace(text)
		}
	}
	t.Fatalf("no line %q in:\n%s", word, printed)
	return ""
}

// shell runs commands as a person would who has pasted the export line.
func shell(t *testing.T, commands ...string) string {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-eu", "-c", strings.Join(commands, "\n"))
	command.Env = append(os.Environ(), "no_proxy=*")
	var problems bytes.Buffer
	command.Stderr = &problems
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s%s", err, output, problems.String())
	}
	return string(output)
}

// The session in the README, exactly as it stands there.
func TestTheSessionOfTheReadme(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(readme), "A test executes this block as it stands. -->\n```sh\n")
	session, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("the README has no session")
	}
	printed := start(t, "--folder", filepath.Join(t.TempDir(), "it's here"))
	if output := shell(t, line(t, printed, "curl")); !strings.Contains(output, `"v1.6"`) {
		t.Errorf("the printed curl line gets %s", output)
	}
	output := shell(t, line(t, printed, "export"), session)

	rest := output
	for _, step := range []string{
		`{"user_id":"@alice:hs.test"}`, `{"success":true}`, `"signatures"`, // account, submitToken, bind
		`{"mappings":{"alice@example.org email":"@alice:hs.test"}}`, `{}`, `{"mappings":{}}`, // lookup, unbind, lookup
		`"endpoint":"validate/email/requestToken"`, `"endpoint":"3pid/bind"`, `"endpoint":"3pid/unbind"`,
	} {
		_, after, found := strings.Cut(rest, step)
		if !found {
			t.Fatalf("%s does not follow in\n%s", step, output)
		}
		rest = after
	}
}

func TestFlags(t *testing.T) {
	printed := start(t, "--folder", t.TempDir(), "--host", "is.test", "--sms-tls", "--name", "second", "--terms",
		"--homeserver", "hs.test=http://127.0.0.1:8008", "--pin", "hs.test=ed25519:a=BOOXdz6UCbZdEoZ8QDt5f0amn6CS56C7eh7JMBDSuSY")
	for word, want := range map[string]string{"identity service": "https://is.test:", "SMS delegate": "https://is.test:", "control": "http://127.0.0.1:"} {
		if got := line(t, printed, word); !strings.Contains(got, want) {
			t.Errorf("%s", got)
		}
	}
	for name, args := range map[string][]string{
		"unknown flag": {"--nothing"}, "argument": {"serve"}, "homeserver": {"--homeserver", "hs.test"}, "pin": {"--pin", "hs.test=ed25519:a"},
	} {
		if code := run(t.Context(), args, io.Discard, io.Discard); code != 2 {
			t.Errorf("%s: exit code %d", name, code)
		}
	}
	var problems bytes.Buffer
	if code := run(t.Context(), []string{"--folder", "/dev/null/x"}, io.Discard, &problems); code != 1 || !strings.Contains(problems.String(), "did not start") {
		t.Errorf("exit code %d: %s", code, problems.String())
	}
	if code := run(t.Context(), []string{"--help"}, io.Discard, &problems); code != 0 || !strings.Contains(problems.String(), "-control-port") {
		t.Errorf("--help: exit code %d", code)
	}
}
