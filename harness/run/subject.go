package run

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// RequirementLabel begins the label that names a spec's requirement, and
// touchesLabel those of further operations its story goes through.
const (
	RequirementLabel = "requirement:"
	touchesLabel     = "touches:"
)

// A Subject is what a spec's labels say it is about.
type Subject struct {
	Entry   requirements.Entry
	Row     requirements.Row
	Needs   []string
	Variant string
}

// subjectOf reads a spec's labels. What they leave out the catalogue says.
func subjectOf(labels []string) (Subject, error) {
	var ids, operations, variants, levels []string
	var s Subject
	for _, l := range labels {
		id, isRequirement := strings.CutPrefix(l, RequirementLabel)
		switch {
		case isRequirement:
			ids = append(ids, id)
		case slices.Contains(requirements.Operations(), l):
			operations = append(operations, l)
		case slices.Contains(requirements.Variants(), l):
			variants = append(variants, l)
		case slices.Contains(verdict.Levels, requirements.Level(l)):
			levels = append(levels, l)
		case slices.Contains(requirements.Capabilities(), l):
			s.Needs = append(s.Needs, l)
		}
	}
	if len(ids) != 1 {
		return s, fmt.Errorf("a spec has exactly one requirement; this one has %v", ids)
	}
	entry, ok := requirements.Lookup(ids[0])
	if !ok {
		return s, fmt.Errorf("the catalogue has no requirement %s", ids[0])
	}
	if len(operations) == 0 && len(entry.Operations) == 1 {
		operations = entry.Operations
	}
	if len(operations) != 1 {
		return s, fmt.Errorf("%s is about %v; say Operation(…) once, got %v", entry.ID, entry.Operations, operations)
	}
	s.Entry, s.Row = entry, requirements.Row{Operation: operations[0], Requirement: entry.ID}
	if !slices.Contains(entry.Rows(), s.Row) {
		return s, fmt.Errorf("%s is no requirement of %s; the catalogue has it for %v", entry.ID, s.Row.Operation, entry.Operations)
	}
	if len(levels) != 1 || levels[0] != string(entry.Level) {
		return s, fmt.Errorf("%s is a %s in the catalogue, not %v", entry.ID, entry.Level, levels)
	}
	s.Variant = string(entry.VariantOf(s.Row.Operation))
	switch {
	case len(variants) > 1:
		return s, fmt.Errorf("a spec runs on one variant; this one has %v", variants)
	case len(variants) == 1 && variants[0] != s.Variant && !slices.Contains(entry.AlsoOn, requirements.Variant(variants[0])):
		return s, fmt.Errorf("%s runs on variant %q in the catalogue, not %q", entry.ID, s.Variant, variants[0])
	case len(variants) == 1:
		s.Variant = variants[0]
	}
	for _, need := range entry.NeedsOf(s.Row.Operation) {
		if !slices.Contains(s.Needs, string(need)) {
			s.Needs = append(s.Needs, string(need))
		}
	}
	return s, nil
}

// labels are all that select a spec: its operation, its level, its requirement,
// what it needs, its variant and the operations that its story goes through.
func (s Subject) labels() ginkgo.Labels {
	labels := append(ginkgo.Labels{s.Row.Operation}, s.Needs...)
	if s.Variant != "" {
		labels = append(labels, s.Variant)
	}
	for _, operation := range s.Entry.Touches {
		labels = append(labels, touchesLabel+operation)
	}
	return labels
}

// Every spec is checked while the tree is built, so that a wrong label stops the
// run instead of hiding a requirement. It gets the labels that the catalogue adds,
// and the same limit of time as all.
var _ = ginkgo.AddTreeConstructionNodeArgsTransformer(func(kind types.NodeType, offset ginkgo.Offset, text string, args []any) (string, []any, []error) {
	if !kind.Is(types.NodeTypeIt) {
		return text, args, nil
	}
	labels := ginkgo.CurrentTreeConstructionNodeReport().Labels()
	for _, a := range args {
		if l, ok := a.(ginkgo.Labels); ok {
			labels = append(labels, l...)
		}
	}
	s, err := subjectOf(labels)
	if err != nil {
		return text, args, []error{fmt.Errorf("%s: %q: %w", types.NewCodeLocation(int(offset)), text, err)}
	}
	return text, append(args, s.labels(), ginkgo.SpecTimeout(specTimeout())), nil
})
