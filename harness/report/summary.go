package report

import (
	"fmt"
	"path/filepath"
	"strings"

	"threepid-conformance/harness/verdict"
)

// Summary is what a run prints at its end: target, how much was not tested,
// counts by level and verdict, what failed, and where the report is.
func (r *Report) Summary(dir string) string {
	var b strings.Builder
	rows, notTested := r.Tested()
	fmt.Fprintf(&b, "\ntarget      %s at %s (%s)", r.Subject(), r.Target.URL, r.Target.How)
	if len(r.Target.Variants) > 0 {
		fmt.Fprintf(&b, ", also as %s", strings.Join(r.Target.Variants, ", "))
	}
	fmt.Fprintf(&b, "\nnot tested  %d of %d rows\n\n", notTested, rows)
	fmt.Fprintf(&b, "%-8s", "")
	for _, v := range verdict.All {
		fmt.Fprintf(&b, "%15s", v)
	}
	for _, level := range r.Profile.levels() {
		fmt.Fprintf(&b, "\n%-8s", level.name)
		for _, v := range verdict.All {
			fmt.Fprintf(&b, "%15d", level.counts[v])
		}
	}
	b.WriteString("\n\n")
	for _, q := range r.Requirements {
		if q.Verdict != verdict.Fail && q.Verdict != verdict.Blocked {
			continue
		}
		note := ""
		if !q.Selected {
			note = " (not selected, does not count)"
		} else if q.Verdict == verdict.Fail && !q.Gates {
			note = " (does not count)"
		}
		fmt.Fprintf(&b, "%-8s %s %s%s\n         %s\n", q.Verdict, q.Operation, q.ID, note, clip(q.Reason, 240))
	}
	fmt.Fprintf(&b, "result      %s", r.Profile.Result)
	if len(r.Profile.Why) > 0 {
		fmt.Fprintf(&b, ": %s", strings.Join(r.Profile.Why, "; "))
	}
	fmt.Fprintf(&b, "\nreport      %s, and %s beside it\n", filepath.Join(dir, HTMLFile), MarkdownFile)
	return b.String()
}

func clip(text string, limit int) string {
	text = strings.Join(strings.Fields(text), " ")
	if r := []rune(text); len(r) > limit {
		return string(r[:limit]) + " …"
	}
	return text
}
