package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// guardSpecs has every spec announced before it runs, stopped if it cannot be
// judged here, and its note left for the report afterwards. It is called right
// before RunSpecs: a node that stands beside the containers when PreviewSpecs is
// called is lost to the run that follows.
func guardSpecs() {
	ginkgo.BeforeEach(func() {
		spec := ginkgo.CurrentSpecReport()
		s, err := subjectOf(spec.Labels())
		if err != nil {
			panic(err) // the tree would not have been built
		}
		current.spec = running{subject: s, running: true}
		if current.firstSpec.IsZero() {
			current.firstSpec = time.Now()
		}
		name := s.Row.Operation + " " + s.Row.Requirement + ": " + spec.FullText()
		current.recorder.Begin(name)
		if current.progress != nil {
			current.progress.Begin(name, time.Now())
		}
		ginkgo.DeferCleanup(conclude) // the last of all
		if o, stop := gate(s); stop {
			End(o, 1)
		}
	})
}

// conclude takes down what the report needs to know of a spec that is over. It is one
// node for several things because Ginkgo keeps two events of each node of each spec.
func conclude(ctx context.Context) error {
	defer func() {
		leaveNote()
		current.spec.running = false
		if current.progress != nil {
			o := current.spec.outcome
			current.progress.End(ginkgo.CurrentSpecReport().Failed(), o != nil && o.Verdict == verdict.Blocked)
		}
	}()
	err := closeScopes(ctx)
	witnessMails(ctx)
	return err
}

// gate decides whether a spec can be judged on this deployment.
func gate(s Subject) (verdict.Outcome, bool) {
	notTested := func(format string, args ...any) (verdict.Outcome, bool) {
		return verdict.Outcome{Verdict: verdict.NotTested, Reason: fmt.Sprintf(format, args...)}, true
	}
	if reason, excluded := current.exclusion(s.Row); excluded {
		return notTested("excluded: %s", reason)
	}
	main := current.deployment.Main()
	if slices.Contains(main.NotRouted, s.Row.Operation) {
		o, stop := notTested("not routed: the homeserver does not know this operation")
		if routed := unroutedRow(s.Row.Operation); s.Row != routed {
			o.Because = routed
		}
		return o, stop
	}
	hs, ok := current.deployment.Homeservers[s.Variant]
	if !ok {
		return notTested("no such variant: %s offers no configuration %q", current.deployment.Subject(), s.Variant)
	}
	for _, need := range s.Needs {
		if c := current.deployment.Capabilities[need]; !c.Usable() {
			return notTested("%s: %s", need, c.Why)
		}
	}
	if ok, why := s.Entry.AppliesTo(hs.Versions); !ok {
		return verdict.Outcome{Verdict: verdict.NotSupported, Reason: why}, true
	}
	return verdict.Outcome{}, false
}

// unroutedRow is the one row that says an operation is not known.
func unroutedRow(operation string) requirements.Row {
	entry, _, _ := requirements.BrokenBy(requirements.Defect{Observed: requirements.NotRouted, Operation: operation})
	return requirements.Row{Operation: operation, Requirement: entry.ID}
}

// unrouted is what preflight has seen of operations that are not known.
// It needs no more than the path, so neither a missing capability nor a missing
// spec may leave that row out.
func unrouted(missing map[string]*exchange.Response) []verdict.Finding {
	var findings []verdict.Finding
	for _, operation := range slices.Sorted(maps.Keys(missing)) {
		findings = append(findings, verdict.Finding{
			Row:      unroutedRow(operation),
			Message:  fmt.Sprintf("the homeserver does not know the operation:\n%s", missing[operation]),
			Exchange: missing[operation].ID,
		})
	}
	return findings
}

// exclusion returns the reason given for leaving a row out.
func (r *Run) exclusion(row requirements.Row) (string, bool) {
	for _, key := range []string{row.Operation + "/" + row.Requirement, row.Requirement} {
		if reason, ok := r.config.Exclude[key]; ok {
			return reason, true
		}
	}
	return "", false
}
