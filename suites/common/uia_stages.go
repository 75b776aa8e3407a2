package common

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The flows of POST /account/3pid/add and the stages they consist of.
// client-server-api/#user-interactive-authentication-api
var _ = Describe("The stages of POST /account/3pid/add", func() {

	It("include the dummy only where a flow offers it", Must("uia-006-dummy-stage"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, session)
			response := ui.Pass(ctx, users.StageDummy)
			if ui.OffersAlone(users.StageDummy) {
				expectEnough(ctx, alice, session, response)
				return
			}
			Expect(response).NotTo(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by what is offered
		})

	It("are complete with the dummy where a flow is nothing else", Must("uia-006-dummy-stage"), On(DummyUIA),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, session)
			if !ui.OffersAlone(users.StageDummy) {
				NotTested("the variant %s has no flow of %s alone", DummyUIA, users.StageDummy)
			}
			expectEnough(ctx, alice, session, ui.Pass(ctx, users.StageDummy))
		})

	DescribeTable("are not passed by types that no flow offers", Must("uia-012-unknown-stage-type"),
		func(ctx SpecContext, kind any) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, session)
			if name, _ := kind.(string); ui.Offers(name) {
				NotTested("the homeserver offers %s", name)
			}
			Expect(ui.Submit(ctx, JSON{"type": kind})).To(Or(BeChallenge(), BeRefused()))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by what is offered
		},
		Entry("that nobody knows", "org.example.unknown"),
		Entry("that are for registering an account", users.StageTerms),
		Entry("that are no string", 7),
	)

	It("leave other errors as they are", Must("uia-018-non-auth-failure-standard-error"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.MustRequest(ctx)
			response := alice.Add(ctx, session)
			if response.OK() {
				Blocked("add3PID", "add-005-session-must-be-validated", "a session that was not validated is no error here:\n%s", response)
			}
			Expect(response).NotTo(BeChallenge())
			Expect(response.IsStandardError()).To(BeTrue(), "%s", response)

			session.Validate(ctx)
			alice.MustAdd(ctx, session) // the same authentication is granted
		})

	everyFlow := func(ctx SpecContext) {
		alice := users.New(ctx)
		first := alice.BeginAdd(ctx, sessions.Email.Validate(ctx))
		if len(first.Drivable()) < 2 {
			Decline("single-flow", first.Challenge)
		}
		for _, flow := range first.Drivable() {
			session := sessions.Email.Validate(ctx)
			expectEnough(ctx, alice, session, alice.BeginAdd(ctx, session).Follow(ctx, flow))
		}
	}
	It("may be those of any flow", Must("uia-022-any-offered-flow-works"), everyFlow)
	It("may be those of any longer flow", Must("uia-022-any-offered-flow-works"), On(TwoStageUIA), everyFlow)
})

var _ = Describe("Several stages of POST /account/3pid/add", func() {

	It("are listed as completed when they are", Must("uia-008-completed-list"),
		func(ctx SpecContext) {
			_, ui, flow := beginWithStages(ctx, users.New(ctx))
			if failed, possible := ui.Fail(ctx, flow[0]); possible {
				Expect(users.Completed(failed)).NotTo(ContainElement(flow[0]), "a failed stage is not completed\n%s", failed)
			}
			_, ui, flow = beginWithStages(ctx, users.New(ctx)) // a failure may have been the end of it
			passed := ui.Pass(ctx, flow[0])
			Expect(passed).To(BeChallenge())
			Expect(users.Completed(passed)).To(ConsistOf(flow[0]), "%s", passed)
		})

	It("lead on in their order only", Must("uia-009-stages-in-order"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session, ui, flow := beginWithStages(ctx, alice)
			for _, other := range ui.Flows() {
				if slices.Index(other, flow[1]) == 0 {
					NotTested("the homeserver offers %v and %v, so that either stage may come first", flow, other)
				}
			}
			Expect(ui.Pass(ctx, flow[1])).To(BeChallenge())
			Expect(ui.Pass(ctx, flow[0])).To(BeChallenge())
			expectEnough(ctx, alice, session, ui.Follow(ctx, flow))
		})

	It("stay completed", Must("uia-010-completed-stage-not-retryable"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session, ui, flow := beginWithStages(ctx, alice)
			ui.Pass(ctx, flow[0])
			again, possible := ui.Fail(ctx, flow[0])
			if !possible {
				again = ui.Pass(ctx, flow[0])
			}
			Expect(again).To(BeChallenge())
			Expect(users.Completed(again)).To(ContainElement(flow[0]), "%s", again)
			expectEnough(ctx, alice, session, ui.Follow(ctx, flow[1:]))
		})
})
