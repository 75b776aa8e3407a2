package selftest

import (
	"os"
	"path/filepath"
	"testing"

	"threepid-conformance/harness/verdict"
)

func TestSynapseFailsWhereItsListSaysSo(t *testing.T) {
	root := os.Getenv("SYNAPSE_ROOTFS")
	if root == "" {
		t.Skip("SYNAPSE_ROOTFS is not set; .ci/synapse-rootfs makes a root folder with Synapse in it")
	}
	failsAsListed(t, "synapse", "rootfs="+root)
}

// failsAsListed checks that the list of a target's known failures is exactly what
// the suite finds: nothing fails that is not listed, nothing is listed that does
// not fail, and nothing is blocked without an explanation.
func failsAsListed(t *testing.T, target, option string) {
	t.Helper()
	list, err := filepath.Abs("../../fixtures/targets/" + target + "/expected-failures.yaml")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := verdict.LoadExpectations(list)
	if err != nil {
		t.Fatal(err)
	}
	flags := []string{"--target=" + target, "--target-option=" + option, "--require=declared"}

	without := conform(t, flags...)
	if without.exit != 1 {
		t.Errorf("exit %d without the list, want 1\n%s", without.exit, without.output)
	}
	for name, v := range without.verdicts(t) {
		q := without.row(t, name)
		_, known := listed[rowOf(q.Operation, q.ID)]
		switch {
		case v == verdict.Blocked:
			t.Errorf("%s is blocked: %s", name, q.Reason)
		case v == verdict.Fail && !known:
			t.Errorf("%s fails and is not listed: %s", name, q.Reason)
		case v != verdict.Fail && known:
			t.Errorf("%s is listed and is %s: %s", name, v, q.Reason)
		}
	}
	if with := conform(t, append(flags, "--expectations="+list)...); with.exit != 0 {
		t.Errorf("exit %d with the list, want 0\n%s", with.exit, with.output)
	}
}
