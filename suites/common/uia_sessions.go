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
			ui := calls.New(ctx, operation).Begin(ctx)
			needSession(ui)
			again := ui.Submit(ctx, JSON{})
			if !again.IsChallenge() && ui.Offers(users.StagePassword) {
				again, _ = ui.Fail(ctx, users.StagePassword)
			}
			if !again.IsChallenge() {
				Blocked(operation, "uia-011-session-only-auth", "no second challenge was to be had:\n%s", again)
			}
			Expect(again.Text("session")).To(Equal(ui.ID()), "%s", again)
		})

	DescribeTable("is the same after a wrong password", Each(Must("uia-004-session-echo")),
		func(ctx SpecContext, operation string) {
			ui := calls.New(ctx, operation).Begin(ctx)
			needSession(ui)
			if !ui.Offers(users.StagePassword) {
				NotTested("the homeserver offers no %s", users.StagePassword)
			}
			if wrong, _ := ui.Fail(ctx, users.StagePassword); wrong.IsChallenge() { // else uia-007 has something to say
				Expect(wrong.Text("session")).To(Equal(ui.ID()), "%s", wrong)
			}
		})

	DescribeTable("is the same between stages", Each(Must("uia-004-session-echo")), On(TwoStageUIA),
		func(ctx SpecContext, operation string) {
			ui, flow := beginWithStages(ctx, calls.New(ctx, operation))
			needSession(ui)
			next := ui.Pass(ctx, flow[0])
			if !next.IsChallenge() {
				Blocked(operation, "uia-008-completed-list", "there was no second challenge:\n%s", next)
			}
			Expect(next.Text("session")).To(Equal(ui.ID()), "%s", next)
		})

	DescribeTable("can be sent alone, to ask how far the authentication is", Each(Must("uia-011-session-only-auth")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui := call.Begin(ctx)
			needSession(ui)
			response := ui.Submit(ctx, JSON{"session": ui.ID()})
			Expect(response).To(BeChallenge())
			Expect(response.Text("session")).To(Equal(ui.ID()), "%s", response)
			call.MustSend(ctx) // with its stages
		})

	DescribeTable("has to be one that the homeserver opened", Each(Must("uia-013-unknown-session")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui := call.Begin(ctx)
			for _, unknown := range []string{rand.Text(), sessions.OtherThan(ui.ID())} {
				Expect(ui.Submit(ctx, JSON{"session": unknown})).To(Or(BeChallenge(), BeRefused()))
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
			call.MustSend(ctx) // by one that it opened
		})
})
