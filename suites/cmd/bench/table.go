package main

import (
	"fmt"
	"slices"
	"strings"
)

// table shows medians, and in brackets the smallest and the largest.
func table(all []*series) string {
	var t strings.Builder
	head, rule := "| |", "|---|"
	for _, s := range all {
		head += fmt.Sprintf(" %s |", strings.TrimSpace(s.Homeserver+" "+s.Program))
		rule += "---|"
	}
	fmt.Fprintf(&t, "%s\n%s\n", head, rule)
	for _, row := range []struct {
		what, unit string
		of         func(figure) float64
	}{
		{"whole run", "%.1f s", func(f figure) float64 { return f.Wall }},
		{"… until the first spec", "%.1f s", func(f figure) float64 { return f.StartUp }},
		{"… waits that requirements demand", "%.1f s", func(f figure) float64 { return f.Waits }},
		{"… requests under way beside them", "%.1f s", func(f figure) float64 { return f.UnderWay }},
		{"… the suite's own", "%.1f s", func(f figure) float64 { return f.Own }},
		{"requests", "%.0f", func(f figure) float64 { return f.Requests }},
		{"memory at its peak", "%.0f MB", func(f figure) float64 { return f.PeakMB }},
	} {
		fmt.Fprintf(&t, "| %s |", row.what)
		for _, s := range all {
			var values []float64
			for _, f := range s.Runs {
				values = append(values, row.of(f))
			}
			slices.Sort(values)
			number, unit, _ := strings.Cut(row.unit, " ")
			shown := fmt.Sprintf(number+" %s ("+number+"–"+number+")", values[len(values)/2], unit, values[0], values[len(values)-1])
			fmt.Fprintf(&t, " %s |", strings.Join(strings.Fields(shown), " "))
		}
		t.WriteString("\n")
	}
	return t.String()
}
