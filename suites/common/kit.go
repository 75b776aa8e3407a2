// Package common holds the rules that every operation obeys, as tables over the
// operations of all chapters: JSON and errors, CORS, access tokens, rate limits,
// User-Interactive Authentication, and the canonical form of identifiers. A file
// per theme.
package common

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// expectEnough asserts that the stages which a call has gone through were enough for
// it. Whether such calls are granted at all is another matter, and ends the spec as
// blocked.
func expectEnough(ctx SpecContext, call *calls.Call, response *exchange.Response) {
	GinkgoHelper()
	if !response.OK() && !response.IsChallenge() {
		call.MustSend(ctx) // in the way that all specs take
	}
	Expect(response).To(BeGranted())
}

// expectNotEnough asserts that a call has come to nothing by what it has gone through,
// and comes to something by what the homeserver offers.
func expectNotEnough(ctx SpecContext, call *calls.Call, response *exchange.Response) {
	GinkgoHelper()
	Expect(response).NotTo(BeGranted())
	Expect(call.Effects(ctx)).To(BeEmpty(), "after\n%s", response)
	call.MustSend(ctx)
}

// beginWithStages begins a call that takes several stages, and returns a flow that
// can be gone through. It prefers one that begins with the password, which can be
// wrong.
func beginWithStages(ctx SpecContext, call *calls.Call) (*users.Interaction, []string) {
	GinkgoHelper()
	ui := call.Begin(ctx)
	long := slices.DeleteFunc(ui.Drivable(), func(flow []string) bool { return len(flow) < 2 })
	if len(long) == 0 {
		NotTested("the variant %s has no flow of several stages that the suite can go through: %v", TwoStageUIA, ui.Flows())
	}
	for _, flow := range long {
		if flow[0] == users.StagePassword {
			return ui, flow
		}
	}
	return ui, long[0]
}

// beginSession begins a call. It ends the spec as not-supported where the challenge
// names no session.
func beginSession(ctx SpecContext, call *calls.Call) (ui *users.Interaction, id string) {
	GinkgoHelper()
	ui = call.Begin(ctx)
	if ui.ID() == "" {
		Decline("no-session", ui.Challenge)
	}
	return ui, ui.ID()
}
