package report

import (
	"cmp"
	"fmt"
	"strings"

	"threepid-conformance/harness/verdict"
)

// markdown is report.md: the first screen, fit for a CI job's summary.
func (r *Report) markdown() string {
	var b strings.Builder
	rows, notTested := r.Tested()
	fmt.Fprintf(&b, "**%d of %d rows were not tested.** ", notTested, rows)
	fmt.Fprintf(&b, "%s is **%s** with what was.\n\n", Cell(r.Subject()), r.Profile.Result)
	if !r.Complete {
		b.WriteString("The run was interrupted: rows that it did not reach are among those not tested.\n\n")
	}
	for _, why := range r.Profile.Why {
		fmt.Fprintf(&b, "- %s\n", Cell(why))
	}
	if len(r.Profile.Why) > 0 {
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "Matrix spec %s · suite %s · seed %d · %s\n", r.Suite.Spec, r.Suite.Version, r.Suite.Seed, r.Suite.Finished.UTC().Format("2006-01-02 15:04 MST"))

	countsTable(&b, "level", r.Profile.levels())
	if len(r.Chapters) > 1 {
		var chapters []namedCounts
		for _, c := range r.Chapters {
			chapters = append(chapters, namedCounts{fmt.Sprintf("%s: %s", c.Name, c.Result), c.Counts})
		}
		countsTable(&b, "chapter", chapters)
	}
	var operations []namedCounts
	for _, op := range r.Operations {
		operations = append(operations, namedCounts{fmt.Sprintf("`%s` %s", op.OperationID, op.Request), op.Counts})
	}
	countsTable(&b, "operation", operations)

	r.section(&b, "Failed", Requirement.failsAndCounts)
	r.section(&b, "Failed, but does not count", Requirement.failsWithoutCounting)
	r.section(&b, "Blocked", with(verdict.Blocked))
	r.again(&b)
	r.section(&b, "Known failures", with(verdict.ExpectedFail))
	r.section(&b, "Lawfully declined", with(verdict.NotSupported))
	r.notTested(&b)
	return b.String()
}

// Subject is what the homeserver is called: its version, else the target's name,
// else its URL.
func (r *Report) Subject() string {
	return cmp.Or(r.Target.Version, r.Target.Name, r.Target.URL)
}

// countsTable has a line for each name and a column for each verdict.
func countsTable(b *strings.Builder, of string, lines []namedCounts) {
	fmt.Fprintf(b, "\n| %s |", of)
	for _, v := range verdict.All {
		fmt.Fprintf(b, " %s |", v)
	}
	b.WriteString("\n|---|" + strings.Repeat("---:|", len(verdict.All)) + "\n")
	for _, line := range lines {
		fmt.Fprintf(b, "| %s |", line.name)
		for _, v := range verdict.All {
			fmt.Fprintf(b, " %d |", line.counts[v])
		}
		b.WriteString("\n")
	}
}

func (r *Report) section(b *strings.Builder, title string, in func(Requirement) bool) {
	rows := r.rows(in)
	if len(rows) == 0 {
		return
	}
	fmt.Fprintf(b, "\n### %s\n\n| operation | requirement | level | why |\n|---|---|---|---|\n", title)
	for _, q := range rows {
		fmt.Fprintf(b, "| %s | [%s](%s) | %s | %s |\n", q.Operation, q.ID, target.Replace(q.Link), q.Level, Cell(q.Reason))
	}
}

// again lists the commands that run again what counts against the run, folded
// so that a job's summary stays short.
func (r *Report) again(b *strings.Builder) {
	var commands []string
	for _, q := range r.rows(Requirement.counts) {
		if len(q.Specs) > 0 {
			commands = append(commands, q.Specs[0].Rerun)
		}
	}
	if len(commands) > 0 {
		fmt.Fprintf(b, "\n### Run again\n\n<details><summary>only what counts against the run</summary>\n\n```sh\n%s\n```\n\n</details>\n", strings.Join(commands, "\n"))
	}
}

// notTested groups the rows that were not tested by their reason.
func (r *Report) notTested(b *strings.Builder) {
	groups := GroupBy(r.rows(with(verdict.NotTested)), func(q Requirement) string { return q.Reason })
	if len(groups) > 0 {
		b.WriteString("\n### Not tested\n\n")
	}
	for _, group := range groups {
		fmt.Fprintf(b, "<details><summary>%d: %s</summary>\n\n", len(group.Items), Cell(group.Key))
		for _, requirement := range GroupBy(group.Items, func(q Requirement) string { return q.ID }) {
			var operations []string
			for _, q := range requirement.Items {
				operations = append(operations, q.Operation)
			}
			where := strings.Join(operations, ", ")
			if len(operations) == len(r.Operations) {
				where = "all operations"
			}
			fmt.Fprintf(b, "- %s: %s\n", requirement.Key, where)
		}
		b.WriteString("\n</details>\n\n")
	}
}

// target makes a URL fit into a link within a cell.
var target = strings.NewReplacer("|", "%7C", " ", "%20", "(", "%28", ")", "%29", "<", "%3C", ">", "%3E")

// Cell makes text fit into one cell of a table.
func Cell(text string) string {
	text = strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;").Replace(strings.Join(strings.Fields(text), " "))
	const limit = 400
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + " …"
	}
	return text
}
