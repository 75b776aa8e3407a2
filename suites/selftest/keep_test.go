package selftest

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

const isLeftUp = "Everything is left up, as keep demands"

// After a failure, keep leaves everything where it says, until it is interrupted.
func TestKeepLeavesAllUpAfterAFailure(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			leftUp(t, begin(t, "--keep", oneRow, hardFault), signal)
		})
	}
}

func TestKeepDoesNotHoldUpASuccess(t *testing.T) {
	t.Parallel()
	if r := conform(t, "--keep", oneRow); r.exit != 0 || strings.Contains(r.output, isLeftUp) {
		t.Errorf("exit %d\n%s", r.exit, r.output)
	}
}

// leftUp checks that a run which failed left up what it says, and that a signal
// takes it down.
func leftUp(t *testing.T, b *background, signal os.Signal) {
	t.Helper()
	b.untilSaid(t, "mail relay")
	text := b.output()
	_, text, _ = strings.Cut(text, isLeftUp)
	urls := map[string]string{
		"homeserver": addressIn(t, text, "homeserver") + "/_matrix/client/versions",
		"mails":      addressIn(t, text, "mails") + "/api/v1/messages",
	}
	for what, url := range urls {
		if !answers(url) {
			t.Errorf("%s: nothing answers at %s\n%s", what, url, text)
		}
	}
	r := b.end(t, signal)
	if r.exit != 1 || r.row(t, hardRow).Verdict != "fail" {
		t.Errorf("exit %d\n%s", r.exit, r.output)
	}
	if strings.Count(r.output, "result ") != 1 {
		t.Errorf("the summary is not said once\n%s", r.output)
	}
	for what, url := range urls {
		if answers(url) {
			t.Errorf("%s still answers at %s", what, url)
		}
	}
}

func addressIn(t *testing.T, text, what string) string {
	t.Helper()
	found := regexp.MustCompile(`(?m)^  ` + what + ` +(\S+)$`).FindStringSubmatch(text)
	if found == nil {
		t.Fatalf("it does not say where %s is:\n%s", what, text)
	}
	return found[1]
}

func answers(url string) bool {
	answer, err := http.Get(url)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}
