package common

import (
	"crypto/rand"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The session that holds the requests of one User-Interactive Authentication
// together. A homeserver may do without; then there is none that could be lost
// or taken for another. client-server-api/#user-interactive-api-in-the-rest-api
var _ = Describe("The session of a User-Interactive Authentication", func() {

	DescribeTable("is the same in every challenge", Each(Must("uia-004-session-echo")),
		func(ctx SpecContext, operation string) {
			ui, id := beginSession(ctx, calls.New(ctx, operation))
			again := ui.Submit(ctx, JSON{})
			if !again.IsChallenge() && ui.Offers(users.StagePassword) {
				again, _ = ui.Fail(ctx, users.StagePassword)
			}
			if !again.IsChallenge() {
				Blocked(operation, "uia-011-session-only-auth", "no second challenge was to be had:\n%s", again)
			}
			Expect(again.JSON).To(HaveKeyWithValue("session", id), "%s", again)
		})

	DescribeTable("is the same after a wrong password", Each(Must("uia-004-session-echo")),
		func(ctx SpecContext, operation string) {
			ui, id := beginSession(ctx, calls.New(ctx, operation))
			wrong, possible := ui.Fail(ctx, users.StagePassword)
			if possible && wrong.IsChallenge() { // else uia-007 has something to say
				Expect(wrong.JSON).To(HaveKeyWithValue("session", id), "%s", wrong)
			}
		})

	DescribeTable("is the same between stages", Each(Must("uia-004-session-echo")), On(TwoStageUIA),
		func(ctx SpecContext, operation string) {
			ui, flow := beginWithStages(ctx, calls.New(ctx, operation))
			if ui.ID() == "" {
				Decline("no-session", ui.Challenge)
			}
			next := ui.Pass(ctx, flow[0])
			if !next.IsChallenge() {
				Blocked(operation, "uia-008-completed-list", "there was no second challenge:\n%s", next)
			}
			Expect(next.JSON).To(HaveKeyWithValue("session", ui.ID()), "%s", next)
		})

	DescribeTable("can be sent alone, to ask how far the authentication is", Each(Must("uia-011-session-only-auth")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui, id := beginSession(ctx, call)
			response := ui.Submit(ctx, JSON{"session": id})
			Expect(response).To(BeChallenge())
			Expect(response.JSON).To(HaveKeyWithValue("session", id), "%s", response)
			expectNotEnough(ctx, call, response)
		})

	for _, session := range []struct {
		title   string
		unknown func(id string) string
	}{
		{"has to be one that the homeserver opened", func(string) string { return rand.Text() }},
		{"is another one with one character changed", sessions.OtherThan},
	} {
		DescribeTable(session.title, Each(Must("uia-013-unknown-session")),
			func(ctx SpecContext, operation string) {
				call := calls.New(ctx, operation)
				ui := call.Begin(ctx)
				response := ui.Submit(ctx, JSON{"session": session.unknown(ui.ID())})
				Expect(response).To(Or(BeChallenge(), BeRefused()))
				expectNotEnough(ctx, call, response)
			})
	}
})
