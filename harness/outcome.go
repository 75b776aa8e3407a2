package harness

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/control"
)

// running is what is known about the spec that runs now.
type running struct {
	subject subject
	outcome *verdict.Outcome // nil: Ginkgo's state says it
	waited  time.Duration

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
	WaitedMS  int64             `json:"waited_ms,omitempty"`
}

// leaveNote attaches the note. It is a string because Ginkgo's parallel mode
// sends other values through a lossy detour.
func leaveNote() {
	n := note{
		Outcome:   session.current.outcome,
		Findings:  session.recorder.Findings(),
		Exchanges: session.recorder.Seen(),
		WaitedMS:  session.current.waited.Milliseconds(),
	}
	text, err := json.Marshal(n)
	if err != nil {
		panic(err) // strings and numbers only
	}
	ginkgo.AddReportEntry(noteName, string(text), ginkgo.ReportEntryVisibilityNever)
}

// end records how the running spec ends and ends it as skipped, which is the
// only way for Ginkgo to stop a spec without failing the run. The verdict layer
// reads the note and decides what it means.
func end(o verdict.Outcome, skip int) {
	o.Row = session.current.subject.Row
	o.Reason = session.recorder.Mask(o.Reason)
	session.current.outcome = &o
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
		ginkgo.Fail(session.mask(message), skip)
		return
	}
	s := session.current.subject
	message = session.mask(message)
	if e, known := expectations.Match(s.Row, message); known {
		end(verdict.Outcome{Verdict: verdict.ExpectedFail, Reason: e.Reason + " (" + firstLine(message) + ")", Link: e.Link}, skip)
	}
	if !verdict.Gates(s.Entry, verdict.Hard, session.config.Strict) {
		end(verdict.Outcome{Verdict: verdict.Fail, Reason: message}, skip)
	}
	session.current.outcome = &verdict.Outcome{Row: s.Row, Verdict: verdict.Fail, Reason: message}
	ginkgo.Fail(explain(s, message, session.recorder.Last()), skip)
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
func explain(s subject, message string, last *exchange.Response) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s (%s)\n", s.Row.Operation, s.Row.Requirement, s.Entry.Level)
	fmt.Fprintf(&b, "%s\n%s\n\n%s\n", s.Entry.Statement, s.Entry.URL(specVersion), strings.TrimSpace(message))
	if last != nil && !strings.Contains(message, last.ID+" in exchanges.jsonl") {
		fmt.Fprintf(&b, "\nlast exchange:\n%s\n", last)
	}
	fmt.Fprintf(&b, "\nrun just this again: %s", rerun(s.Row))
	return b.String()
}

// Strictly checks the half of a requirement that counts only in strict runs: an
// exact status, an errcode. What fails in it is filed as a finding and the spec
// goes on. It does nothing where that half is of a version of the spec that the
// homeserver does not advertise.
func Strictly(check func(g gomega.Gomega)) {
	ginkgo.GinkgoHelper()
	s := session.current.subject
	if s.Entry.Strictly == nil {
		panic(s.Entry.ID + " has no second half in the catalogue")
	}
	if applies, _ := s.Entry.Strictly.AppliesTo(advertised()); !applies {
		return
	}
	type stop struct{}
	defer func() {
		if r := recover(); r != nil {
			if _, ours := r.(stop); !ours {
				panic(r)
			}
		}
	}()
	check(gomega.NewGomega(func(message string, _ ...int) {
		session.recorder.File(verdict.Finding{Row: s.Row, Half: verdict.Strict, Message: message})
		panic(stop{})
	}))
}

// Decline ends the spec as not-supported: the homeserver refused in a way that
// the catalogue calls lawful for this requirement, under this key. The answer
// is the evidence; nil where what is missing is the evidence.
func Decline(key string, answer *exchange.Response) {
	ginkgo.GinkgoHelper()
	s := session.current.subject
	d, ok := s.Entry.Decline(key)
	if !ok {
		panic(s.Entry.ID + " has no lawful refusal " + key + " in the catalogue")
	}
	o := verdict.Outcome{Verdict: verdict.NotSupported, Reason: d.Means}
	if answer != nil {
		o.Reason += " (answer " + strings.TrimSpace(fmt.Sprintf("%d %s", answer.Status, answer.Errcode())) + ")"
		o.Evidence = []string{answer.ID}
	}
	end(o, 1)
}

// Declined reports whether an answer is the lawful refusal of that key.
func Declined(key string, answer *exchange.Response) bool {
	d, ok := session.current.subject.Entry.Decline(key)
	if !ok {
		panic(session.current.subject.Entry.ID + " has no lawful refusal " + key + " in the catalogue")
	}
	return answer != nil && !answer.OK() &&
		(len(d.Status) == 0 || slices.Contains(d.Status, answer.Status)) &&
		(len(d.ErrCodes) == 0 || slices.Contains(d.ErrCodes, answer.Errcode()))
}

// NotTested ends the spec because we cannot do what it needs; the reason is one
// sentence for the report.
func NotTested(format string, args ...any) {
	ginkgo.GinkgoHelper()
	end(verdict.Outcome{Verdict: verdict.NotTested, Reason: fmt.Sprintf(format, args...)}, 1)
}

// Blocked ends the spec because its set-up was refused or broke. It names the
// row whose failure would explain that; without one in the report the run fails.
func Blocked(operation, requirement string, format string, args ...any) {
	ginkgo.GinkgoHelper()
	end(verdict.Outcome{
		Verdict: verdict.Blocked,
		Reason:  fmt.Sprintf(format, args...),
		Because: requirements.Row{Operation: operation, Requirement: requirement},
	}, 1)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}
