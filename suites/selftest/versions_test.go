package selftest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A requirement counts from the version that brought it, and not a version
// earlier. The suite runs at every version where that changes, and at the one
// before; what applies there has to be judged, and pass.
func TestEveryVersionGateOpensInTime(t *testing.T) {
	t.Parallel()
	right := conformOnce(t).verdicts(t)
	for _, newest := range boundaries() {
		t.Run(fmt.Sprintf("v1.%d", newest), func(t *testing.T) {
			t.Parallel()
			var versions []string
			for minor := 1; minor <= newest; minor++ {
				versions = append(versions, fmt.Sprintf("v1.%d", minor))
			}
			r := conform(t, "--target-option=versions="+strings.Join(versions, " "))
			if r.exit != 0 {
				t.Errorf("exit %d, want 0\n%s", r.exit, r.output)
			}
			for name, got := range r.verdicts(t) {
				_, id, _ := strings.Cut(name, " ")
				entry, _ := requirements.Lookup(id)
				want := right[name]
				if applies, _ := entry.AppliesTo(versions); !applies && want != verdict.NotTested {
					want = verdict.NotSupported
				}
				if got != want {
					t.Errorf("%s is %s, want %s: %s", name, got, want, r.row(t, name).Reason)
				}
			}
		})
	}
}

// boundaries are the minor versions at which a requirement begins or ends, and
// those before.
func boundaries() []int {
	var minors []int
	for _, entry := range requirements.All() {
		for _, version := range []string{entry.Since, entry.Until} {
			var minor int
			if _, err := fmt.Sscanf(version, "v1.%d", &minor); err == nil {
				minors = append(minors, max(minor-1, 1), minor)
			}
		}
	}
	slices.Sort(minors)
	return slices.Compact(minors)
}
