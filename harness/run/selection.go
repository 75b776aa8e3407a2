package run

import (
	"fmt"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A selection is what a run was asked to judge.
type selection struct {
	specs    map[requirements.Row]int // all specs of the suite
	chosen   map[requirements.Row]int // those the filters leave
	need     deploy.Need              // what the chosen ones need
	filtered bool                     // whether any filter was given
}

// plan builds the tree of specs and applies the filters without running
// anything.
func plan(sc types.SuiteConfig, rc types.ReporterConfig) selection {
	sel := selection{
		specs:    map[requirements.Row]int{},
		chosen:   map[requirements.Row]int{},
		need:     deploy.Need{Variants: map[string]bool{}, Capabilities: map[string]bool{}},
		filtered: sc.LabelFilter != "" || len(sc.FocusStrings)+len(sc.SkipStrings)+len(sc.FocusFiles)+len(sc.SkipFiles) > 0,
	}
	for _, spec := range ginkgo.PreviewSpecs(suiteName, sc, rc).SpecReports {
		if !spec.LeafNodeType.Is(types.NodeTypeIt) {
			continue
		}
		s, err := subjectOf(spec.Labels())
		if err != nil {
			panic(err) // the tree would not have been built
		}
		sel.specs[s.Row]++
		if spec.State.Is(types.SpecStatePassed) { // a preview's word for "would run"
			sel.chosen[s.Row]++
			sel.need.Variants[s.Variant] = true
			for _, need := range s.Needs {
				sel.need.Capabilities[need] = true
			}
		}
	}
	return sel
}

// candidates are all rows of the catalogue as this run sees them. A row without
// a spec counts as selected when nothing was filtered, so that what the exchange
// layer finds about it counts.
func (r *Run) candidates() []verdict.Candidate {
	sel := r.selection
	var list []verdict.Candidate
	for _, e := range requirements.All() {
		for _, row := range e.Rows() {
			c := verdict.Candidate{Entry: e, Row: row, Specs: sel.specs[row]}
			c.Selected = sel.chosen[row] > 0 || c.Specs == 0 && !sel.filtered
			c.Excluded, _ = r.exclusion(row)
			if c.Excluded != "" {
				c.Selected = false
			}
			list = append(list, c)
		}
	}
	return list
}

// List returns the catalogue as a table: operations × requirements with level,
// enforcement and number of specs.
func List() string {
	sc, rc := ginkgo.GinkgoConfiguration()
	sc.LabelFilter = ""
	sel := plan(sc, rc)
	var b strings.Builder
	rows, covered := 0, 0
	for _, op := range requirements.Operations() {
		fmt.Fprintf(&b, "%s\n", op)
		for _, e := range requirements.All() {
			for _, row := range e.Rows() {
				if row.Operation != op {
					continue
				}
				rows++
				specs := strings.TrimSuffix("uncovered: "+e.Uncovered[op], ": ")
				if n := sel.specs[row]; n > 0 {
					covered++
					specs = fmt.Sprintf("%d spec", n)
					if n > 1 {
						specs += "s"
					}
				}
				fmt.Fprintf(&b, "  %-42s %-6s %-6s %s\n", e.ID, e.Level, e.Enforcement, specs)
			}
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "%d operations, %d requirements, %d rows: %d covered, %d uncovered\n",
		len(requirements.Operations()), len(requirements.All()), rows, covered, rows-covered)
	return b.String()
}
