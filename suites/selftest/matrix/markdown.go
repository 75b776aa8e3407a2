package matrix

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/harness/requirements"
)

// markdown is the matrix for people.
func (p Proof) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Faults\n\n%d of %d faults of the reference homeserver are noticed, each by the requirement it breaks.\n", noticed(p.Faults), len(p.Faults))
	for _, operation := range requirements.Operations() {
		var lines []string
		for _, r := range p.Faults {
			if r.Operation == operation {
				lines = append(lines, line(r))
			}
		}
		if len(lines) > 0 {
			slices.Sort(lines)
			fmt.Fprintf(&b, "\n## %s\n\n| requirement | fault | how a server gets there | verdict | also moved |\n|---|---|---|---|---|\n%s\n", operation, strings.Join(lines, "\n"))
		}
	}
	if len(p.Answers) > 0 {
		fmt.Fprintf(&b, "\n## Answers spoilt by a proxy\n\n%d of %d are noticed by the requirement that forbids them.\n\n| operation | requirement | what is spoilt | verdict |\n|---|---|---|---|\n", noticed(p.Answers), len(p.Answers))
		for _, r := range p.Answers {
			what := strings.TrimPrefix(r.Name, r.Operation+":")
			fmt.Fprintf(&b, "| %s | %s | `%s` | %s |\n", r.Operation, r.Row, what, r.said())
		}
	}
	b.WriteString(spoilt(p.Spoilt))
	return b.String()
}

func noticed(results []Result) int {
	n := 0
	for _, r := range results {
		if r.Noticed() {
			n++
		}
	}
	return n
}

func line(r Result) string {
	moved := ""
	if len(r.Moved) > 0 {
		moved = fmt.Sprint(len(r.Moved))
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s |", r.Row, r.Name, r.Story, r.said(), moved)
}

// said is the verdict, in bold where it should be another.
func (r Result) said() string {
	if !r.Noticed() {
		return "**" + string(r.Verdict) + "**"
	}
	return string(r.Verdict)
}

// spoilt counts what became of mutations in memory, by kind, and lists those that
// were not noticed.
func spoilt(outcomes []mutate.Outcome) string {
	type count struct{ all, noticed, lawful int }
	kinds := map[mutate.Kind]*count{}
	var lawful, unnoticed []string
	for _, o := range outcomes {
		c := kinds[o.Mutation.Kind]
		if c == nil {
			c = &count{}
			kinds[o.Mutation.Kind] = c
		}
		c.all++
		switch {
		case o.Noticed():
			c.noticed++
		case o.Equivalent != "":
			c.lawful++
			lawful = append(lawful, fmt.Sprintf("- `%s`: %s", o.Mutation, o.Equivalent))
		default:
			unnoticed = append(unnoticed, fmt.Sprintf("- `%s`", o.Mutation))
		}
	}
	var b strings.Builder
	b.WriteString("\n## Answers spoilt in memory\n\nEvery way in which the schemas forbid an answer.\n\n| kind | mutations | noticed | lawful |\n|---|---|---|---|\n")
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", kind, kinds[kind].all, kinds[kind].noticed, kinds[kind].lawful)
	}
	if len(unnoticed) > 0 {
		fmt.Fprintf(&b, "\n**Not noticed:**\n\n%s\n", strings.Join(unnoticed, "\n"))
	}
	if len(lawful) > 0 {
		fmt.Fprintf(&b, "\nLawful all the same:\n\n%s\n", strings.Join(lawful, "\n"))
	}
	return b.String()
}
