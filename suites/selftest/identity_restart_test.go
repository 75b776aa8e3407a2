package selftest

import (
	"maps"
	"testing"

	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/pki"
)

// A homeserver that trusts the CA once keeps working while the identity servers
// come and go: each run starts new ones, at other ports. What is signed is
// verified, too, though nobody says the server's name.
func TestARunningHomeserverOutlivesTheIdentityServers(t *testing.T) {
	t.Parallel()
	smtp, folder := freeAddress(t), t.TempDir()
	flags := []string{
		"--url=" + serve(t, "--smtp="+smtp, "--identity-ca="+makeCA(t, folder)), "--mail-smtp-listen=" + smtp,
		"--capabilities-mail=yes", "--capabilities-identity-server=yes", "--label-filter=bind3PID || unbind3pidFromAccount",
	}
	trusted := append(flags, "--identity-server-ca-dir="+folder)
	first, second := conform(t, trusted...), conform(t, trusted...)
	for _, row := range []string{
		"bind3PID bind-002-calls-is-v2-bind", "bind3PID bind-005-success-200",
		"unbind3pidFromAccount isc-004-signature-verifies", "unbind3pidFromAccount rem-010-success-only-if-is-unbound",
	} {
		if v := first.verdicts(t)[row]; v != verdict.Pass {
			t.Errorf("%s is %s: %s", row, v, first.row(t, row).Reason)
		}
	}
	if !maps.Equal(first.verdicts(t), second.verdicts(t)) {
		t.Errorf("the runs differ:\n%s\n%s", first.output, second.output)
	}

	// It is the CA that makes them known, and nothing else.
	strangers := conform(t, append(flags, "--identity-server-ca-dir="+t.TempDir())...)
	if v := strangers.verdicts(t)["bind3PID bind-005-success-200"]; v != verdict.Fail {
		t.Errorf("with identity servers of another CA bind-005 is %s", v)
	}
}

// makeCA makes the CA that identity servers will have, and returns the file that
// a homeserver has to trust.
func makeCA(t *testing.T, folder string) string {
	t.Helper()
	authority, err := pki.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return authority.Path()
}
