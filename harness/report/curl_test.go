package report

import (
	"os/exec"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
)

// sent is what a shell hands to curl when it is given the command, with these
// variables set.
func sent(t *testing.T, command string, variables map[string]string) []string {
	t.Helper()
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("no shell is installed, so the command cannot be read by one")
	}
	cmd := exec.Command(sh, "-c", `curl() { for word; do printf '%s\0' "$word"; done; }; `+command)
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v:\n%s", err, command)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
}

func TestARequestIsACommandForAShell(t *testing.T) {
	g := NewWithT(t)
	command := curl(exchange.Record{Request: exchange.Message{
		Method: "POST", URL: "http://127.0.0.1:8008/_matrix/client/v3/account/3pid/add?access_token=<access_token 1>&kind=it's",
		Headers: map[string][]string{
			"Accept-Encoding": {"identity"}, "Authorization": {"Bearer <access_token 1>"}, "Content-Type": {"application/json"}, "X-Odd": {"$(date) `date` \\ 'x'"},
		},
		Body: `{"client_secret":"<client_secret 2.4>","auth":{"password":"<configured secret 3>"},"note":"it's $5\n"}`,
	}}, "http://127.0.0.1:8008")
	g.Expect(sent(t, command, map[string]string{
		"HOMESERVER": "https://other.example", "ACCESS_TOKEN_1": "syt'x", "CLIENT_SECRET_2_4": "s e", "CONFIGURED_SECRET_3": "p$w",
	})).To(Equal([]string{
		"-i", "-X", "POST", "https://other.example/_matrix/client/v3/account/3pid/add?access_token=syt'x&kind=it's",
		"-H", "Authorization: Bearer syt'x", "-H", "Content-Type: application/json", "-H", "X-Odd: $(date) `date` \\ 'x'",
		"--data-raw", `{"client_secret":"s e","auth":{"password":"p$w"},"note":"it's $5\n"}`,
	}))
	g.Expect(command).NotTo(ContainSubstring("<access_token"))
}

func TestTheBaseURLIsAVariableOnlyWhereItIsTheTargets(t *testing.T) {
	g := NewWithT(t)
	for url, want := range map[string]string{
		"http://127.0.0.1:8008/_matrix":  `curl -i "$HOMESERVER"/_matrix`,
		"http://127.0.0.1:8008":          `curl -i "$HOMESERVER"`,
		"http://127.0.0.1:80089/_matrix": `curl -i http://127.0.0.1:80089/_matrix`,
		"http://127.0.0.1:9000/a?b=c&d":  `curl -i 'http://127.0.0.1:9000/a?b=c&d'`,
	} {
		g.Expect(curl(exchange.Record{Request: exchange.Message{Method: "GET", URL: url}}, "http://127.0.0.1:8008")).To(Equal(want))
	}
}

func TestABodyThatWasCutSaysSo(t *testing.T) {
	g := NewWithT(t)
	command := curl(exchange.Record{Request: exchange.Message{Method: "POST", URL: "http://h/", Body: "xx", Truncated: true}}, "")
	g.Expect(command).To(HaveSuffix("\n# the body goes on; this is its beginning"))
	g.Expect(sent(t, command, nil)).To(HaveLen(6))
}
