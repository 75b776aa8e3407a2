package matrix

import (
	"fmt"
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

// spoilt counts what became of mutations in memory, by kind, and lists those
// that nothing can be said of.
func spoilt(outcomes []mutate.Outcome) string {
	type count struct{ all, noticed, lawful, never int }
	kinds := map[mutate.Kind]*count{}
	var order []mutate.Kind
	var lawful, never, unnoticed []string
	for _, o := range outcomes {
		c := kinds[o.Mutation.Kind]
		if c == nil {
			c = &count{}
			kinds[o.Mutation.Kind], order = c, append(order, o.Mutation.Kind)
		}
		c.all++
		switch {
		case o.Applied == 0:
			c.never++
			never = append(never, fmt.Sprintf("- `%s`", o.Mutation))
		case o.Equivalent != "":
			c.lawful++
			lawful = append(lawful, fmt.Sprintf("- `%s`: %s", o.Mutation, o.Equivalent))
		case o.Noticed():
			c.noticed++
		default:
			unnoticed = append(unnoticed, fmt.Sprintf("- `%s`", o.Mutation))
		}
	}
	slices.Sort(order)
	var b strings.Builder
	b.WriteString("\n## Recorded answers spoilt in memory\n\nEvery way in which the schemas forbid an answer, applied to recorded ones.\n\n| kind | mutations | noticed | lawful | never applied |\n|---|---|---|---|---|\n")
	for _, kind := range order {
		c := kinds[kind]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", kind, c.all, c.noticed, c.lawful, c.never)
	}
	for _, part := range []struct {
		title string
		lines []string
	}{
		{"**Not noticed:**", unnoticed},
		{"Lawful all the same:", lawful},
		{"Never applied, because no recorded answer has the place:", never},
	} {
		if len(part.lines) > 0 {
			fmt.Fprintf(&b, "\n%s\n\n%s\n", part.title, strings.Join(part.lines, "\n"))
		}
	}
	return b.String()
}
