package main

import (
	"fmt"
	"strings"
)

// table is what the README shows, in Markdown. Where the project has set itself a
// limit it stands beside the figure.
func (b *bench) table() string {
	var t strings.Builder
	fmt.Fprintf(&t, "Measured on %s.\n\n| | measured | limit |\n|---|---|---|\n", b.Machine)
	row := func(what, measured, limit string) { fmt.Fprintf(&t, "| %s | %s | %s |\n", what, measured, limit) }
	if e := b.Embedded; e != nil {
		row("whole suite, reference homeserver, one process", seconds(e.Seconds), "10 s")
		row("… of which requirements demand to wait", fmt.Sprintf("%.1f s in %d waits", e.WaitSeconds, len(e.Waits)), "")
		row("… until the first spec", seconds(e.StartUpSeconds), "")
		row("… suite against raw replay, without waits", ratio(e.Ratio), "")
		row("our own processor time for one exchange, everything included", fmt.Sprintf("%.0f µs (%.0f–%.0f)", e.OwnCPU.Median, e.OwnCPU.Min, e.OwnCPU.Max), "200 µs")
	}
	if s := b.Synapse; s != nil {
		row("whole suite, Synapse, one process", seconds(s.Seconds), "45 s")
		row("… until the first spec", seconds(s.StartUpSeconds), "")
		row("… suite against raw replay, without waits", ratio(s.Ratio), "1.25")
		row("… replayed answers with the same status", fmt.Sprintf("%d of %d", s.SameStatus, s.Requests), "")
	}
	growth := func(runs []grown, of, limited string) {
		for _, g := range runs {
			limit := ""
			if g.Times >= 16 {
				limit = limited
			}
			row(fmt.Sprintf("%d × the specs: processor time for one exchange, and peak memory, of %s", g.Times, of),
				fmt.Sprintf("%.0f µs; %.0f MB", g.CPUMicroseconds, g.PeakMB), limit)
		}
	}
	growth(b.Growth, "suite, homeserver and mailbox in one process", "10 % more")
	growth(b.Alone, "the suite alone", "10 % more; 150 MB")
	for _, p := range b.Processes {
		row(fmt.Sprintf("reference homeserver, %s", plural(p.Processes, "Ginkgo process", "es")), fmt.Sprintf("%.1f s", p.Seconds), "")
	}
	if c := b.Containers; c != nil {
		row("mail catcher and identity servers in containers, until the first spec", fmt.Sprintf("%.1f s", c.StartUpSeconds), "")
	}
	whole, measured := b.benchmarked(wholeExchange)
	if bare, too := b.benchmarked(bareExchange); measured && too {
		row("one exchange with a trivial server, and the same without recording, masking and checking",
			fmt.Sprintf("%.0f µs, %.0f allocations; %.0f µs, %.0f", whole.Microseconds, whole.Allocations, bare.Microseconds, bare.Allocations), "")
	}
	return t.String()
}

func seconds(s spread) string { return fmt.Sprintf("%.1f s (%.1f–%.1f)", s.Median, s.Min, s.Max) }

func ratio(s spread) string { return fmt.Sprintf("%.2f (%.2f–%.2f)", s.Median, s.Min, s.Max) }

// plural writes a number with its noun.
func plural(n int, one, ending string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s%s", n, one, ending)
}
