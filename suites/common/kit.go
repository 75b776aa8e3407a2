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

// needSession ends the spec as not-supported where challenges name no session.
func needSession(ui *users.Interaction) {
	GinkgoHelper()
	if ui.ID() == "" {
		Decline("no-session", ui.Challenge)
	}
}
