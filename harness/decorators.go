package harness

import (
	"fmt"
	"slices"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// JSON is a request body.
type JSON map[string]any

// What a spec may need of the deployment; see [Needs].
const (
	Mail           = string(requirements.Mail)
	SMS            = string(requirements.SMS)
	IdentityServer = string(requirements.IdentityServer)
)

// Configurations of the homeserver other than its ordinary one; see [On].
const (
	RateLimited        = string(requirements.RateLimited)
	NoMail             = string(requirements.NoMail)
	NoSMS              = string(requirements.NoSMS)
	ChangesDisabled    = string(requirements.ChangesDisabled)
	TwoStageUIA        = string(requirements.TwoStageUIA)
	DummyUIA           = string(requirements.DummyUIA)
	EmailSubmitURL     = string(requirements.EmailSubmitURL)
	DeniedAddresses    = string(requirements.DeniedAddresses)
	ShortTokenLifetime = string(requirements.ShortTokenLifetime)
	Admin              = string(requirements.Admin)
	ApplicationService = string(requirements.ApplicationService)
	ResourceLimited    = string(requirements.ResourceLimited)
)

// variantNames are the names that On takes.
var variantNames = []string{
	RateLimited, NoMail, NoSMS, ChangesDisabled, TwoStageUIA, DummyUIA,
	EmailSubmitURL, DeniedAddresses, ShortTokenLifetime,
	Admin, ApplicationService, ResourceLimited,
}

// requirementLabel begins the label that names a spec's requirement, and
// touchesLabel those of further operations its story goes through.
const (
	requirementLabel = "requirement:"
	touchesLabel     = "touches:"
)

// Operation says which of the eight operations a spec judges.
func Operation(operationID string) ginkgo.Labels { return ginkgo.Labels{operationID} }

// Needs says what a spec needs of the deployment: Mail, SMS, IdentityServer.
func Needs(capabilities ...string) ginkgo.Labels { return capabilities }

// On says which configuration of the homeserver a spec runs against.
func On(variant string) ginkgo.Labels { return ginkgo.Labels{variant} }

// Must, Should and May name the requirement a spec judges, by its id in the
// catalogue. The level has to be the catalogue's.
func Must(id string) ginkgo.Labels   { return requirement(requirements.Must, id) }
func Should(id string) ginkgo.Labels { return requirement(requirements.Should, id) }
func May(id string) ginkgo.Labels    { return requirement(requirements.May, id) }

func requirement(level requirements.Level, id string) ginkgo.Labels {
	labels := ginkgo.Labels{string(level), requirementLabel + id}
	if e, ok := requirements.Lookup(id); ok {
		for _, op := range e.Touches {
			labels = append(labels, touchesLabel+op)
		}
	}
	return labels
}

// A subject is what a spec's labels say it is about.
type subject struct {
	Entry   requirements.Entry
	Row     requirements.Row
	Needs   []string
	Variant string
}

// subjectOf reads a spec's labels.
func subjectOf(labels []string) (subject, error) {
	var ids, operations, variants, levels []string
	var s subject
	for _, l := range labels {
		id, isRequirement := strings.CutPrefix(l, requirementLabel)
		switch {
		case isRequirement:
			ids = append(ids, id)
		case slices.Contains(requirements.Operations(), l):
			operations = append(operations, l)
		case slices.Contains(variantNames, l):
			variants = append(variants, l)
		case slices.Contains(verdict.Levels, requirements.Level(l)):
			levels = append(levels, l)
		case l == Mail || l == SMS || l == IdentityServer:
			s.Needs = append(s.Needs, l)
		}
	}
	if len(ids) != 1 || len(operations) != 1 || len(variants) > 1 {
		return s, fmt.Errorf("a spec has exactly one requirement, one operation and at most one variant; this one has %v, %v and %v", ids, operations, variants)
	}
	entry, ok := requirements.Lookup(ids[0])
	if !ok {
		return s, fmt.Errorf("the catalogue has no requirement %s", ids[0])
	}
	s.Entry, s.Row = entry, requirements.Row{Operation: operations[0], Requirement: entry.ID}
	if len(variants) == 1 {
		s.Variant = variants[0]
	}
	switch {
	case !slices.Contains(entry.Rows(), s.Row):
		return s, fmt.Errorf("%s is no requirement of %s; the catalogue has it for %v", entry.ID, s.Row.Operation, entry.Operations)
	case len(levels) != 1 || levels[0] != string(entry.Level):
		return s, fmt.Errorf("%s is a %s in the catalogue, not %v", entry.ID, entry.Level, levels)
	case s.Variant != string(entry.VariantOf(s.Row.Operation)) && !slices.Contains(entry.AlsoOn, requirements.Variant(s.Variant)):
		return s, fmt.Errorf("%s runs on variant %q in the catalogue, not %q", entry.ID, entry.VariantOf(s.Row.Operation), s.Variant)
	}
	for _, need := range entry.NeedsOf(s.Row.Operation) {
		if !slices.Contains(s.Needs, string(need)) {
			return s, fmt.Errorf("%s needs %s in the catalogue; say Needs(…)", entry.ID, need)
		}
	}
	return s, nil
}

// Every spec is checked while the tree is built, so that a wrong label stops the
// run instead of hiding a requirement, and gets the same limit of time.
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
	if _, err := subjectOf(labels); err != nil {
		return text, args, []error{fmt.Errorf("%s: %q: %w", types.NewCodeLocation(int(offset)), text, err)}
	}
	return text, append(args, ginkgo.SpecTimeout(specTimeout())), nil
})
