package selftest

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/pki"
)

// deployment is what is said to a homeserver and to preflight so that all is well.
type deployment struct {
	server    map[string]string // flags of the reference homeserver
	preflight map[string]string
}

// wellSet is a deployment in which preflight finds nothing amiss.
func wellSet(t *testing.T) deployment {
	t.Helper()
	smtp, sms, folder := freeAddress(t), freeAddress(t), t.TempDir()
	return deployment{
		server: map[string]string{"smtp": smtp, "sms-delegate": "http://" + sms, "identity-ca": makeCA(t, folder)},
		preflight: map[string]string{
			"mail-smtp-listen": smtp, "identity-server-ca-dir": folder,
			"identity-server-listen": freeAddress(t), "identity-server-sms-listen": sms,
		},
	}
}

// examine starts the homeserver and returns preflight's lines by what they are about.
func (d deployment) examine(t *testing.T) (exit int, lines map[string]string) {
	t.Helper()
	if d.preflight["url"] == "" {
		d.preflight["url"] = serve(t, flagsOf(d.server)...)
	}
	cmd := exec.Command(conformance, append([]string{"preflight"}, flagsOf(d.preflight)...)...)
	r := execute(t, cmd)
	lines = map[string]string{}
	for line := range strings.Lines(r.output) {
		if len(line) < 20 {
			t.Fatalf("no line of preflight: %q in\n%s", line, r.output)
		}
		about := strings.TrimSpace(line[6:18])
		lines[about] = strings.TrimSpace(line[:6]) + " " + strings.TrimSpace(line[18:])
	}
	return r.exit, lines
}

func flagsOf(values map[string]string) []string {
	var flags []string
	for name, value := range values {
		flags = append(flags, "--"+name+"="+value)
	}
	return flags
}

func TestPreflightFindsNothingAmiss(t *testing.T) {
	t.Parallel()
	exit, lines := wellSet(t).examine(t)
	if exit != 0 || len(lines) != 10 {
		t.Errorf("exit %d, %d lines", exit, len(lines))
	}
	for about, line := range lines {
		if !strings.HasPrefix(line, "ok ") {
			t.Errorf("%s: %s", about, line)
		}
	}
}

// Each thing that can be amiss is one line, with the setting that mends it for
// every homeserver that has one.
func TestPreflightSaysWhatToChange(t *testing.T) {
	t.Parallel()
	nobody := freeAddress(t)
	for _, c := range []struct {
		amiss string
		with  func(t *testing.T, d deployment)
		about string
		says  func(d deployment) []string
	}{
		{"wrong URL", func(t *testing.T, d deployment) { d.preflight["url"] = "http://" + nobody }, "set-up",
			func(deployment) []string {
				return []string{"the homeserver at http://" + nobody + " does not answer", "correct url"}
			}},
		{"not its base URL", func(t *testing.T, d deployment) { d.preflight["url"] = serve(t) + "/_matrix" }, "set-up",
			func(deployment) []string { return []string{"no homeserver's base URL", "correct url"} }},
		{"registration is closed", func(t *testing.T, d deployment) { d.server["registration-token"] = "let-me-in" }, "accounts",
			func(deployment) []string {
				return []string{"m.login.registration_token", "for Synapse: enable_registration", "for Dendrite: client_api.registration_disabled: false",
					"for tuwunel: allow_registration = true", "for continuwuity: allow_registration = true"}
			}},
		{"it sends no mail", func(t *testing.T, d deployment) { delete(d.server, "smtp") }, "mail",
			func(d deployment) []string {
				host, port, _ := strings.Cut(d.preflight["mail-smtp-listen"], ":")
				return []string{"400 M_THREEPID_MEDIUM_NOT_SUPPORTED", "for Synapse: email.smtp_host: " + host + ", email.smtp_port: " + port,
					"declare capabilities.mail=no", `for tuwunel: global.smtp.connection_uri = "smtp://` + d.preflight["mail-smtp-listen"] + `"`, "for continuwuity: global.smtp"}
			}},
		{"its mails go elsewhere", func(t *testing.T, d deployment) { d.server["smtp"] = nobody }, "mail",
			func(d deployment) []string {
				return []string{"the catcher takes mail at " + d.preflight["mail-smtp-listen"], "for Synapse: email.smtp_host"}
			}},
		{"public base URL", func(t *testing.T, d deployment) { d.server["public-base-url"] = "http://" + nobody }, "links",
			func(d deployment) []string {
				return []string{"links in mails lead to http://" + nobody + ", where no homeserver answers", "for Synapse: public_baseurl: " + d.preflight["url"] + "/",
					"for tuwunel: global.well_known.client", "for continuwuity: global.well_known.client"}
			}},
		{"CA is not trusted", func(t *testing.T, d deployment) { d.server["identity-ca"] = makeCA(t, t.TempDir()) }, "identity",
			func(d deployment) []string {
				return []string{"does not trust its certificate authority", fmt.Sprintf("for Synapse: SSL_CERT_FILE=%s/%s", d.preflight["identity-server-ca-dir"], pki.CAFile), "for Dendrite: SSL_CERT_FILE="}
			}},
		// A homeserver that blocks private addresses answers without a connection.
		{"private addresses are blocked", func(t *testing.T, d deployment) { d.server["control"] = "refuses" }, "identity",
			func(d deployment) []string {
				return []string{"no connection came to " + d.preflight["identity-server-listen"], "it blocks private addresses", "for Synapse: ip_range_blacklist: []", "for Dendrite: global.disable_federation: false"}
			}},
		{"no SMS delegate", func(t *testing.T, d deployment) { delete(d.server, "sms-delegate") }, "sms",
			func(d deployment) []string {
				return []string{"no SMS came to the delegate", "for Synapse: account_threepid_delegates.msisdn: http://" + d.preflight["identity-server-sms-listen"], "capabilities.sms=no"}
			}},
		{"rate limits", func(t *testing.T, d deployment) { d.server["variant"] = "rate-limited" }, "rate limits",
			func(deployment) []string {
				return []string{"was refused with 429", "for Synapse: rc_3pid_validation", "for Dendrite: client_api.rate_limiting.enabled: false", "for tuwunel: rate_limiting", "for continuwuity: none"}
			}},
		{"changes are disabled", func(t *testing.T, d deployment) { d.server["variant"] = "changes-disabled" }, "capabilities",
			func(deployment) []string {
				return []string{"m.3pid_changes is disabled", "for Synapse: enable_3pid_changes: true"}
			}},
	} {
		t.Run(c.amiss, func(t *testing.T) {
			t.Parallel()
			d := wellSet(t)
			c.with(t, d)
			exit, lines := d.examine(t)
			line := lines[c.about]
			if exit != 1 || !strings.HasPrefix(line, "fail ") {
				t.Fatalf("exit %d, %s: %s\nof %v", exit, c.about, line, lines)
			}
			for _, part := range c.says(d) {
				if !strings.Contains(line, part) {
					t.Errorf("want %q in\n%s", part, line)
				}
			}
		})
	}
}
