package selftest

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"

	_ "threepid-conformance/fixtures/targets/synapse"
	"threepid-conformance/harness/target"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/pki"
)

// A homeserver that trusts the CA once keeps working while the identity servers
// come and go: each run starts new ones, at other ports. What is signed is
// verified, too, though nobody says the server's name.
func TestARunningHomeserverOutlivesTheIdentityServers(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(t *testing.T, smtp, ca string) (url string){
		"refserver": func(t *testing.T, smtp, ca string) string {
			return serve(t, "--smtp="+smtp, "--identity-ca="+ca)
		},
		"synapse": startSynapse,
	} {
		t.Run(name, func(t *testing.T) {
			smtp, folder := freeAddress(t), t.TempDir()
			url := start(t, smtp, makeCA(t, folder))
			flags := []string{
				"--url=" + url, "--mail-smtp-listen=" + smtp, "--capabilities-mail=yes", "--capabilities-identity-server=yes",
				"--label-filter=bind3PID || unbind3pidFromAccount",
			}
			trusted := append(flags, "--identity-server-ca-dir="+folder)

			first := conform(t, trusted...)
			second := conform(t, trusted...)
			for _, row := range []string{
				"bind3PID bind-002-calls-is-v2-bind", "bind3PID bind-005-success-200",
				"unbind3pidFromAccount isc-004-signature-verifies", "unbind3pidFromAccount rem-010-success-only-if-is-unbound",
			} {
				for when, r := range map[string]run{"first": first, "second": second} {
					if v := r.verdicts(t)[row]; v != verdict.Pass {
						t.Errorf("%s run: %s is %s: %s", when, row, v, r.row(t, row).Reason)
					}
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
		})
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

// startSynapse starts Synapse as the target does, but outside of any run.
func startSynapse(t *testing.T, smtp, ca string) string {
	t.Helper()
	root := os.Getenv("SYNAPSE_ROOTFS")
	if root == "" {
		t.Skip("SYNAPSE_ROOTFS is not set; .ci/synapse-rootfs makes a root folder with Synapse in it")
	}
	synapse, err := target.Lookup("synapse")
	if err != nil {
		t.Fatal(err)
	}
	options, err := target.FillOptions(synapse, map[string]string{"rootfs": root})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	log, err := os.Create(filepath.Join(dir, "synapse.log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	hs, err := synapse.Start(ctx, target.Launch{Options: options, SMTP: smtp, IdentityCA: ca, Dir: dir, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := hs.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return hs.URL
}
