package compare

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/page"
)

// A part is one list of changes as it is shown: those of the same kind together,
// under a title where there is more than one kind.
type part struct {
	Title  string
	Groups []report.Group[Change]
	Rows   int
}

// parts are the lists that hold something, in the order of what to look at first.
func (c Comparison) parts() []part {
	one := func(Change) string { return "" }
	introduced := func(c Change) string {
		if c.Introduced == "" {
			return "not in the catalogue of this version"
		}
		return "introduced in " + c.Introduced
	}
	transition := func(c Change) string { return state(c.Old) + " → " + state(c.New) }
	var all []part
	for _, def := range []struct {
		title   string
		changes []Change
		by      func(Change) string
	}{
		{"Newly failing", c.NewlyFailing, one},
		{"Newly passing", c.NewlyPassing, one},
		{"Changed", c.Changed, transition},
		{"Added", c.Added, introduced},
		{"Removed", c.Removed, introduced},
	} {
		if len(def.changes) > 0 {
			all = append(all, part{def.title, report.GroupBy(def.changes, def.by), len(def.changes)})
		}
	}
	return all
}

// state is how texts call what a report says of a row.
func state(s *State) string {
	if s == nil {
		return "–"
	}
	return s.Mark().Word
}

// Verdict is the comparison in one sentence.
func (c Comparison) Verdict() string {
	switch {
	case c.Nothing():
		return "Nothing changed."
	case c.Regressions == 0:
		return "No regression."
	case c.Regressions == 1:
		return "1 regression."
	}
	return fmt.Sprintf("%d regressions.", c.Regressions)
}

// Notes are what a reader has to know before the lists.
func (c Comparison) Notes() []string {
	var notes []string
	if !c.Old.Complete {
		notes = append(notes, "The old run did not come to its end, so what it did not reach may look changed.")
	}
	if !c.New.Complete {
		notes = append(notes, "The new run did not come to its end, so what it did not reach may look changed.")
	}
	if c.Old.Target != c.New.Target {
		notes = append(notes, "The two reports are about different homeservers or versions.")
	}
	if c.Old.Suite != c.New.Suite {
		notes = append(notes, "The two reports are by different versions of the suite.")
	}
	return notes
}

// Markdown writes the comparison for a terminal, a job summary or a comment.
func (c Comparison) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s** %d rows are as they were.\n\n", c.Verdict(), c.Unchanged)
	b.WriteString("| | homeserver | result | suite | spec | finished |\n|---|---|---|---|---|---|\n")
	for _, side := range []struct {
		name string
		Side
	}{{"old", c.Old}, {"new", c.New}} {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", side.name, report.Cell(side.Target), side.Result, report.Cell(side.Suite), side.Spec, side.Finished)
	}
	for _, note := range c.Notes() {
		fmt.Fprintf(&b, "\n%s\n", note)
	}
	for _, p := range c.parts() {
		fmt.Fprintf(&b, "\n### %s (%d)\n", p.Title, p.Rows)
		for _, g := range p.Groups {
			if g.Key != "" {
				fmt.Fprintf(&b, "\n%s: %d\n", g.Key, len(g.Items))
			}
			b.WriteString("\n| operation | requirement | level | was | is | why |\n|---|---|---|---|---|---|\n")
			for _, change := range g.Items {
				fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", change.Operation, change.ID, change.Level,
					state(change.Old), change.is(), report.Cell(change.Why()))
			}
		}
	}
	return b.String()
}

func (c Change) is() string {
	if c.Regression {
		return "**" + state(c.New) + "**"
	}
	return state(c.New)
}

// Why is the reason that the newer report gives, or what the older one said.
func (c Change) Why() string {
	switch {
	case c.New != nil && c.New.Reason != "":
		return c.New.Reason
	case c.Old != nil && c.Old.Reason != "":
		return "before: " + c.Old.Reason
	}
	return ""
}

// JSON writes the comparison for programs.
func (c Comparison) JSON() ([]byte, error) { return report.Indented(c) }

//go:embed compare.html.tmpl
var pageText string

var pageTemplate = page.Template("compare.html", pageText)

// Mark is how a page shows what a report says of a row; nil when it has no such row.
func (s *State) Mark() page.Mark {
	if s == nil {
		return page.Absent
	}
	return page.MarkOf(s.Verdict, s.Gates)
}

// HTML writes the comparison as one self-contained page.
func (c Comparison) HTML() ([]byte, error) {
	var text bytes.Buffer
	err := pageTemplate.Execute(&text, struct {
		page.Head
		Comparison
		Parts []part
	}{page.NewHead(fmt.Sprintf("%s %s to %s", c.Verdict(), c.Old.Target, c.New.Target)), c, c.parts()})
	return text.Bytes(), err
}
