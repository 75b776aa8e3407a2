package matrix

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"threepid-conformance/fixtures/refserver"
	"threepid-conformance/harness/requirements"
)

// Files that Write leaves in a folder.
const (
	MarkdownFile = "faults.md"
	JSONFile     = "faults.json"
)

// Write leaves the matrix of faults and requirements in a folder, as Markdown
// and as JSON.
func Write(folder string, results []Result) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(results, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, JSONFile), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, MarkdownFile), []byte(markdown(results)), 0o644)
}

func markdown(results []Result) string {
	var b strings.Builder
	noticed := 0
	for _, r := range results {
		if r.Noticed() {
			noticed++
		}
	}
	fmt.Fprintf(&b, "# Faults\n\n%d of %d faults of the reference homeserver are noticed, each by the requirement it breaks.\n", noticed, len(results))
	for _, operation := range requirements.Operations() {
		var lines []string
		for _, r := range results {
			if r.Operation == operation {
				lines = append(lines, line(r))
			}
		}
		if len(lines) > 0 {
			slices.Sort(lines)
			fmt.Fprintf(&b, "\n## %s\n\n| requirement | fault | how a server gets there | verdict | also moved |\n|---|---|---|---|---|\n%s\n", operation, strings.Join(lines, "\n"))
		}
	}
	return b.String()
}

func line(r Result) string {
	said := string(r.Verdict)
	if !r.Noticed() {
		said = "**" + said + "**"
	}
	moved := ""
	if len(r.Moved) > 0 {
		moved = fmt.Sprintf("%d", len(r.Moved))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", r.Row, r.Name, r.Story, said, moved)
}

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
		if len(r.Moved) > 0 {
			also[r.Name] = append(also[r.Name], r.Moved...)
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
