package run

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/control"
)

// running is what is known about the spec that runs now.
type running struct {
	subject Subject
	running bool             // false between specs
	outcome *verdict.Outcome // nil: Ginkgo's state says it
	waits   []report.Wait
	cited   []string // exchanges of other specs that this one judges

	addresses []string         // whose mails are evidence
	recounted []string         // of these, whose mails are counted at the end of the run
	scopes    []*control.Scope // open until the spec ends
}

// noteName is the name of the report entry that carries a spec's note from the
// process that ran it to process 1.
const noteName = "conformance"

// A note is what a spec leaves behind for the report.
type note struct {
	Outcome   *verdict.Outcome  `json:"outcome,omitempty"`
	Findings  []verdict.Finding `json:"findings,omitempty"`
	Exchanges []string          `json:"exchanges,omitempty"`
	Waits     []report.Wait     `json:"waits,omitempty"`
}

// leaveNote attaches the note. It is a string because Ginkgo's parallel mode
// sends other values through a lossy detour.
func leaveNote() {
	n := note{
		Outcome:   current.spec.outcome,
		Findings:  current.recorder.Findings(),
		Exchanges: append(current.recorder.Seen(), current.spec.cited...),
		Waits:     current.spec.waits,
	}
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // strings and numbers only
	}
	ginkgo.AddReportEntry(noteName, string(text), ginkgo.ReportEntryVisibilityNever)
}

// End records how the running spec ends and ends it as skipped, which is the
// only way for Ginkgo to stop a spec without failing the run. The verdict layer
// reads the note and decides what it means.
func End(o verdict.Outcome, skip int) {
	o.Row = current.spec.subject.Row
	o.Reason = current.recorder.Mask(o.Reason)
	current.spec.outcome = &o
	ginkgo.Skip(fmt.Sprintf("%s: %s", o.Verdict, o.Reason), skip+1)
}

// fail is the Gomega fail handler. Inside a spec it decides what a failure
// means; in set-up and clean-up nodes a failure stays Ginkgo's, because ending
// those as skipped would hide it.
func fail(message string, callerSkip ...int) {
	skip := 1
	if len(callerSkip) > 0 {
		skip += callerSkip[0]
	}
	if !inSpec() {
		ginkgo.Fail(current.mask(message), skip)
		return
	}
	s := current.spec.subject
	message = current.mask(message)
	if e, known := current.expectations.Match(s.Row, message); known {
		End(verdict.Outcome{Verdict: verdict.ExpectedFail, Reason: e.Reason + " (" + firstLine(message) + ")", Link: e.Link}, skip)
	}
	if !verdict.Gates(s.Entry.Enforcement, current.config.Strict) {
		End(verdict.Outcome{Verdict: verdict.Fail, Reason: message}, skip)
	}
	current.spec.outcome = &verdict.Outcome{Row: s.Row, Verdict: verdict.Fail, Reason: message}
	ginkgo.Fail(explain(s, message, current.recorder.Last()), skip)
}

// inSpec reports whether the node that runs now is an It.
func inSpec() bool {
	events := ginkgo.CurrentSpecReport().SpecEvents
	for _, e := range slices.Backward(events) {
		if e.SpecEventType == types.SpecEventNodeStart {
			return e.NodeType.Is(types.NodeTypeIt)
		}
	}
	return false
}

// explain is what a failing spec prints.
func explain(s Subject, message string, last *exchange.Response) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s)\n", s.Row.Operation, s.Row.Requirement, s.Entry.Level)
	fmt.Fprintf(&b, "%s\n%s\n\n%s\n", s.Entry.Statement, s.Entry.URL(current.specVersion), strings.TrimSpace(message))
	if last != nil && !strings.Contains(message, last.ID+" in exchanges.jsonl") {
		fmt.Fprintf(&b, "\nlast exchange:\n%s\n", last)
	}
	fmt.Fprintf(&b, "\nrun just this again: %s", current.rerun(s.Row))
	return b.String()
}

// Current is what the running spec is about.
func Current() Subject { return current.spec.subject }

// Cite makes a response that another spec has provoked part of the running spec's
// evidence. Where several rows judge one costly event, each of them cites it.
func Cite(response *exchange.Response) {
	if id := response.ID; id != "" && !slices.Contains(current.spec.cited, id) && !slices.Contains(current.recorder.Seen(), id) {
		current.spec.cited = append(current.spec.cited, id)
	}
}

// waited notes a wait that is over, of the running spec or, between specs, of the run.
func waited(reason string, started time.Time) {
	w := report.Wait{Reason: reason, Started: at(started), Millis: float64(time.Since(started).Microseconds()) / 1000}
	if current.spec.running {
		current.spec.waits = append(current.spec.waits, w)
	} else {
		current.waits = append(current.waits, w)
	}
}

// File files a finding of the running spec, about its latest exchange.
func File(f verdict.Finding) { current.recorder.File(f) }

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
