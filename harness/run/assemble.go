package run

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// assemble turns Ginkgo's report and the specs' notes into ours.
func (r *Run) assemble(of ginkgo.Report) (*report.Report, verdict.Result) {
	var outcomes []verdict.Outcome
	findings := append([]verdict.Finding{}, r.findings...)
	specs := map[requirements.Row][]report.Spec{}
	var complaints []string
	for _, reason := range of.SpecialSuiteFailureReasons {
		complaints = append(complaints, "Ginkgo: "+reason)
	}
	if dropped := r.servers.MailsDropped; dropped != nil && dropped() > 0 {
		complaints = append(complaints, fmt.Sprintf("the mail catcher was full and dropped %d mails, so a mail that is missing proves nothing", dropped()))
	}
	for _, spec := range of.SpecReports {
		if !spec.LeafNodeType.Is(types.NodeTypeIt) {
			if spec.State.Is(types.SpecStateFailureStates) {
				complaints = append(complaints, fmt.Sprintf("%s failed: %s", spec.LeafNodeType, firstLine(spec.Failure.Message)))
			}
			continue
		}
		n := noteOf(spec)
		findings = append(findings, n.Findings...)
		o, ran := outcomeOf(spec, n)
		if !ran {
			continue
		}
		outcomes = append(outcomes, o)
		for _, extra := range spec.AdditionalFailures {
			complaints = append(complaints, fmt.Sprintf("the clean-up of %q failed: %s", spec.FullText(), firstLine(extra.Failure.Message)))
		}
		specs[o.Row] = append(specs[o.Row], r.specOf(spec, n, o))
	}

	rows := verdict.Judge(r.candidates(), outcomes, findings, r.expectations, r.config.Strict)
	result := verdict.Conclude(rows, r.expectations, complaints)
	d := r.deployment
	hs := d.Main()
	out := &report.Report{
		Schema:   1,
		Complete: len(of.SpecialSuiteFailureReasons) == 0,
		Suite: report.Suite{
			Version: config.Version, Commit: commit(), Spec: r.specVersion, Seed: of.SuiteConfig.RandomSeed,
			Started: d.Started, Finished: time.Now().UTC(), Command: r.mask(r.invocation.Command),
			FirstSpec: at(r.firstSpec), Waits: r.waits,
		},
		Target: report.Target{
			URL: hs.URL, ServerName: hs.ServerName, Name: d.TargetName, Version: hs.Software,
			Advertised: hs.Versions, How: d.How, Variants: d.Variants(),
		},
		Hide: r.mask,
	}
	out.Rows(rows, result, specs, r.specVersion)
	return out, result
}

// noteOf returns what the spec left behind. In parallel runs the value has been
// through JSON, which a string survives.
func noteOf(spec types.SpecReport) note {
	var n note
	for _, entry := range spec.ReportEntries {
		if text, ok := entry.GetRawValue().(string); ok && entry.Name == noteName {
			if err := json.Unmarshal([]byte(text), &n); err != nil {
				panic(err) // leaveNote wrote it
			}
		}
	}
	return n
}

// outcomeOf reads Ginkgo's state. The second result is false for specs that the
// filters left out, or that an interrupted run did not reach.
func outcomeOf(spec types.SpecReport, n note) (verdict.Outcome, bool) {
	s, err := subjectOf(spec.Labels())
	if err != nil {
		panic(err) // the tree would not have been built
	}
	o := verdict.Outcome{Row: s.Row}
	switch {
	case spec.State.Is(types.SpecStatePassed):
		o.Verdict = verdict.Pass
	case spec.State.Is(types.SpecStatePending):
		o.Verdict, o.Reason = verdict.NotTested, "the spec is marked pending"
	case spec.State.Is(types.SpecStateSkipped):
		if n.Outcome == nil {
			return o, false
		}
		o = *n.Outcome
	case spec.State.Is(types.SpecStateFailed) && n.Outcome != nil:
		o = *n.Outcome
	case spec.State.Is(types.SpecStateInterrupted | types.SpecStateAborted):
		o.Verdict, o.Reason = verdict.NotTested, "the run was interrupted"
	default:
		// A panic or a time-out outranks what the spec said before.
		o.Verdict = verdict.Fail
		o.Reason = fmt.Sprintf("the spec %s: %s", spec.State, firstLine(spec.Failure.Message))
		if spec.Failure.ForwardedPanic != "" {
			o.Reason += ": " + firstLine(spec.Failure.ForwardedPanic)
		}
	}
	return o, true
}

func (r *Run) specOf(spec types.SpecReport, n note, o verdict.Outcome) report.Spec {
	where := spec.Failure.Location
	if where.FileName == "" {
		where = spec.LeafNodeLocation
	}
	return report.Spec{
		Title:     spec.FullText(),
		File:      shortPath(where.FileName),
		Line:      where.LineNumber,
		State:     spec.State.String(),
		Seconds:   spec.RunTime.Seconds(),
		Exchanges: append([]string{}, n.Exchanges...),
		Rerun:     r.rerun(o.Row),
		Message:   o.Reason,
		Waits:     n.Waits,
	}
}

// shortPath is a source file's path from the repository's root.
func shortPath(path string) string {
	path = filepath.ToSlash(path)
	for _, top := range []string{"suites/", "harness/", "fixtures/"} {
		if i := strings.LastIndex(path, "/"+top); i >= 0 {
			return path[i+1:]
		}
	}
	return path
}

// rerun is the command that runs the specs of one row again.
func (r *Run) rerun(row requirements.Row) string {
	filter := fmt.Sprintf("%s && %s%s", row.Operation, RequirementLabel, row.Requirement)
	return strings.Replace(r.invocation.Rerun, "%s", "'"+filter+"'", 1)
}

// commit is the revision the program was built from, "" when unknown.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, modified := "", false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			revision = s.Value
		case "vcs.modified":
			modified = s.Value == "true"
		}
	}
	if modified {
		revision += "+"
	}
	return revision
}
