package matrix

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"threepid-conformance/fixtures/refserver"
)

// Record writes what moved with each fault into also.yaml below the root of the
// repository. Faults that were not run keep their rows, and so do those whose
// rows moved at another time: what depends on timing is not to come and go.
func Record(root string, results []Result) error {
	also := map[string][]string{}
	for _, fault := range refserver.Faults() {
		if len(fault.Also) > 0 {
			also[fault.Name] = slices.Clone(fault.Also)
		}
	}
	for _, r := range results {
		if len(r.Collateral) > 0 {
			also[r.Name] = append(also[r.Name], r.Collateral...)
		}
	}
	file := filepath.Join(root, refserver.AlsoFile)
	old, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var b strings.Builder
	for l := range strings.Lines(string(old)) {
		if !strings.HasPrefix(l, "#") {
			break
		}
		b.WriteString(l)
	}
	for _, name := range slices.Sorted(maps.Keys(also)) {
		fmt.Fprintf(&b, "%s:\n", name)
		for _, row := range slices.Compact(slices.Sorted(slices.Values(also[name]))) {
			fmt.Fprintf(&b, "  - %s\n", row)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
