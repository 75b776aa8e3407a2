package harness

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/run"
	"threepid-conformance/harness/verdict"
)

// Strictly checks the half of a requirement that counts only in strict runs: an
// exact status, an errcode. What fails in it is filed as a finding and the spec
// goes on. It does nothing where that half is of a version of the spec that the
// homeserver does not advertise.
func Strictly(check func(g gomega.Gomega)) {
	ginkgo.GinkgoHelper()
	s := run.Current()
	if s.Entry.Strictly == nil {
		panic(s.Entry.ID + " has no second half in the catalogue")
	}
	if applies, _ := s.Entry.Strictly.AppliesTo(run.Advertised()); !applies {
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
		run.File(verdict.Finding{Row: s.Row, Strictly: true, Message: message})
		panic(stop{})
	}))
}

// Decline ends the spec as not-supported: the homeserver refused in a way that
// the catalogue calls lawful for this requirement, under this key. The answer
// is the evidence; nil where what is missing is the evidence.
func Decline(key string, answer *exchange.Response) {
	ginkgo.GinkgoHelper()
	s := run.Current()
	d, ok := s.Entry.Decline(key)
	if !ok {
		panic(s.Entry.ID + " has no lawful refusal " + key + " in the catalogue")
	}
	o := verdict.Outcome{Verdict: verdict.NotSupported, Reason: d.Means}
	if answer != nil {
		o.Reason += " (answer " + strings.TrimSpace(fmt.Sprintf("%d %s", answer.Status, answer.Errcode())) + ")"
		o.Evidence = []string{answer.ID}
	}
	run.End(o, 1)
}

// Declined reports whether an answer is the lawful refusal of that key.
func Declined(key string, answer *exchange.Response) bool {
	d, ok := run.Current().Entry.Decline(key)
	if !ok {
		panic(run.Current().Entry.ID + " has no lawful refusal " + key + " in the catalogue")
	}
	return answer != nil && !answer.OK() &&
		(len(d.Status) == 0 || slices.Contains(d.Status, answer.Status)) &&
		(len(d.ErrCodes) == 0 || slices.Contains(d.ErrCodes, answer.Errcode()))
}

// MayDecline ends the spec as not-supported when a response is the lawful refusal
// of this key.
func MayDecline(key string, response *exchange.Response) {
	ginkgo.GinkgoHelper()
	if Declined(key, response) {
		Decline(key, response)
	}
}

// NotTested ends the spec because we cannot do what it needs; the reason is one
// sentence for the report.
func NotTested(format string, args ...any) {
	ginkgo.GinkgoHelper()
	run.End(verdict.Outcome{Verdict: verdict.NotTested, Reason: fmt.Sprintf(format, args...)}, 1)
}

// Blocked ends the spec because its set-up was refused or broke. It names the
// row whose failure would explain that; without one in the report the run fails.
func Blocked(operation, requirement string, format string, args ...any) {
	ginkgo.GinkgoHelper()
	run.End(verdict.Outcome{
		Verdict: verdict.Blocked,
		Reason:  fmt.Sprintf(format, args...),
		Because: requirements.Row{Operation: operation, Requirement: requirement},
	}, 1)
}

// Granted ends the spec as blocked unless a response grants its request, in any 2xx
// form, and returns the response. It is for steps on the way: what exactly a success
// looks like is for the operation's own row, which explains why this one stopped.
func Granted(response *exchange.Response) *exchange.Response {
	ginkgo.GinkgoHelper()
	if !response.OK() {
		success, _, _ := requirements.BrokenBy(requirements.Defect{Observed: requirements.WrongSuccess, Operation: response.Operation})
		Blocked(response.Operation, success.ID, "a request on the way was not granted:\n%s", response)
	}
	return response
}

// Authorized ends the spec as blocked where a response refuses for want of
// authentication, whatever else its request is about, and returns the response.
func Authorized(response *exchange.Response) *exchange.Response {
	ginkgo.GinkgoHelper()
	if response.Status == http.StatusUnauthorized {
		return Granted(response)
	}
	return response
}

// Advertises reports whether the homeserver in use advertises this version of the
// spec or a later one.
func Advertises(version string) bool { return run.Advertises(version) }

// Pause waits because a requirement can only be seen after a while. The reason is
// printed with the spec; no other wait of a fixed length is allowed.
func Pause(ctx context.Context, d time.Duration, reason string) {
	ginkgo.GinkgoHelper()
	run.Pause(ctx, d, reason)
}
