package matrix

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/harness/requirements"
)

// Files that Write leaves in a folder.
const (
	MarkdownFile = "faults.md"
	JSONFile     = "faults.json"
)

// Proof is faults.json: everything that shows whether the suite notices what is
// wrong.
type Proof struct {
	Total      int          `json:"total"`
	Killed     int          `json:"killed"`
	Survivors  []string     `json:"survivors"`   // what was not noticed as it has to be
	NotApplied []string     `json:"not_applied"` // always empty: each mutation has an answer to be applied to
	Equivalent []Equivalent `json:"equivalent"`
	Faults     []Result     `json:"faults"` // those that were run against; the rest of Total was judged in memory

	inMemory []mutate.Outcome
}

// An Equivalent is a mutation that makes a lawful answer.
type Equivalent struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// NewProof sums up runs against bugs, and answers that were spoilt in memory.
func NewProof(runs []Result, inMemory []mutate.Outcome) Proof {
	p := Proof{
		Total: len(runs) + len(inMemory), Survivors: []string{}, NotApplied: []string{}, Equivalent: []Equivalent{},
		Faults: runs, inMemory: inMemory,
	}
	for _, r := range runs {
		if !r.Noticed() {
			p.Survivors = append(p.Survivors, r.Name)
		}
	}
	for _, o := range inMemory {
		switch {
		case o.Noticed():
		case o.Equivalent != "":
			p.Equivalent = append(p.Equivalent, Equivalent{o.Mutation.String(), o.Equivalent})
		default:
			p.Survivors = append(p.Survivors, o.Mutation.String())
		}
	}
	p.Killed = p.Total - len(p.Survivors) - len(p.Equivalent)
	return p
}

// Write leaves the matrix of bugs and requirements in a folder, as Markdown and as
// JSON.
func (p Proof) Write(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, JSONFile), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, MarkdownFile), []byte(p.markdown()), 0o644)
}

// markdown is the matrix for people.
func (p Proof) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Faults\n\nOf %d faults, %d survive. %d were run against; the others are answers that were spoilt in memory.\n",
		p.Total, len(p.Survivors), len(p.Faults))
	for _, operation := range requirements.Operations() {
		var lines []string
		for _, r := range p.Faults {
			if r.Operation == operation {
				lines = append(lines, r.line())
			}
		}
		if len(lines) > 0 {
			slices.Sort(lines)
			fmt.Fprintf(&b, "\n## %s\n\n| requirement | fault | how a server gets there | verdict | also moved |\n|---|---|---|---|---|\n%s\n", operation, strings.Join(lines, "\n"))
		}
	}
	b.WriteString("\n## Answers spoilt in memory\n\nEvery way in which the schemas forbid an answer.\n\n| kind | mutations | noticed |\n|---|---|---|\n")
	all, noticed := map[mutate.Kind]int{}, map[mutate.Kind]int{}
	for _, o := range p.inMemory {
		all[o.Mutation.Kind]++
		if o.Noticed() {
			noticed[o.Mutation.Kind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "| %s | %d | %d |\n", kind, all[kind], noticed[kind])
	}
	if len(p.Equivalent) > 0 {
		b.WriteString("\nLawful all the same:\n\n")
		for _, e := range p.Equivalent {
			fmt.Fprintf(&b, "- `%s`: %s\n", e.Name, e.Reason)
		}
	}
	return b.String()
}

// line has the verdict in bold where it should be another.
func (r Result) line() string {
	said, moved := string(r.Verdict), ""
	if !r.Noticed() {
		said = "**" + said + "**"
	}
	if len(r.Collateral) > 0 {
		moved = fmt.Sprint(len(r.Collateral))
	}
	return fmt.Sprintf("| %s | `%s` | %s | %s | %s |", r.Requirements[0], r.Name, r.Story, said, moved)
}
