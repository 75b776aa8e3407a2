package selftest

import (
	"os"
	"testing"
)

func TestDendriteFailsWhereItsListSaysSo(t *testing.T) {
	binary := os.Getenv("DENDRITE_BINARY")
	if binary == "" {
		t.Skip("DENDRITE_BINARY is not set; .ci/dendrite-build DIR builds DIR/dendrite")
	}
	failsAsListed(t, "dendrite", "binary="+binary)
}
