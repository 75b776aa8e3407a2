package common

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The flows that a challenge offers and the stages they consist of.
// client-server-api/#user-interactive-authentication-api
var _ = Describe("The stages of User-Interactive Authentication", func() {

	DescribeTable("include m.login.dummy only where a flow offers it", Each(Must("uia-006-dummy-stage")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui := call.Begin(ctx)
			response := ui.Pass(ctx, users.StageDummy)
			if ui.OffersAlone(users.StageDummy) {
				expectEnough(ctx, call, response)
				return
			}
			expectNotEnough(ctx, call, response)
		})

	DescribeTable("are complete with m.login.dummy where a flow is nothing else", Each(Must("uia-006-dummy-stage")), On(DummyUIA),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui := call.Begin(ctx)
			if !ui.OffersAlone(users.StageDummy) {
				NotTested("the variant %s has no flow of %s alone", DummyUIA, users.StageDummy)
			}
			expectEnough(ctx, call, ui.Pass(ctx, users.StageDummy))
		})

	for _, stage := range []struct {
		title string
		kind  any
	}{
		{"are not passed by a type that nobody knows", "org.example.unknown"},
		{"are not passed by a type for registering an account", users.StageTerms},
		{"are not passed by a type that is a number, no string", 7},
	} {
		DescribeTable(stage.title, Each(Must("uia-012-unknown-stage-type")),
			func(ctx SpecContext, operation string) {
				call := calls.New(ctx, operation)
				ui := call.Begin(ctx)
				if name, _ := stage.kind.(string); ui.Offers(name) {
					NotTested("the homeserver offers %s", name)
				}
				response := ui.Submit(ctx, JSON{"type": stage.kind})
				Expect(response).To(Or(BeChallenge(), BeRefused()))
				expectNotEnough(ctx, call, response)
			})
	}

	everyFlow := func(ctx SpecContext, operation string) {
		first := calls.New(ctx, operation).Begin(ctx)
		if len(first.Drivable()) < 2 {
			Decline("single-flow", first.Challenge)
		}
		for _, flow := range first.Drivable() {
			call := calls.New(ctx, operation)
			expectEnough(ctx, call, call.Begin(ctx).Follow(ctx, flow))
		}
	}
	DescribeTable("may be those of any flow that is offered", Each(Must("uia-022-any-offered-flow-works")), everyFlow)
	DescribeTable("may be those of any longer flow that is offered", Each(Must("uia-022-any-offered-flow-works")), On(TwoStageUIA), everyFlow)
})

var _ = Describe("Several stages of User-Interactive Authentication", func() {

	DescribeTable("are listed as completed when they are", Each(Must("uia-008-completed-list")),
		func(ctx SpecContext, operation string) {
			ui, flow := beginWithStages(ctx, calls.New(ctx, operation))
			if failed, possible := ui.Fail(ctx, flow[0]); possible {
				Expect(users.Completed(failed)).NotTo(ContainElement(flow[0]), "a failed stage is not completed\n%s", failed)
			}
			ui, flow = beginWithStages(ctx, calls.New(ctx, operation)) // a failure may have been the end of it
			passed := ui.Pass(ctx, flow[0])
			Expect(passed).To(BeChallenge())
			Expect(users.Completed(passed)).To(ConsistOf(flow[0]), "%s", passed)
		})

	DescribeTable("are passed in their order only", Each(Must("uia-009-stages-in-order")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui, flow := beginWithStages(ctx, call)
			for _, other := range ui.Flows() {
				if slices.Index(other, flow[1]) == 0 {
					NotTested("the homeserver offers %v and %v, so that either stage may come first", flow, other)
				}
			}
			Expect(ui.Pass(ctx, flow[1])).To(BeChallenge())
			Expect(ui.Pass(ctx, flow[0])).To(BeChallenge())
			expectEnough(ctx, call, ui.Follow(ctx, flow))
		})

	DescribeTable("stay completed", Each(Must("uia-010-completed-stage-not-retryable")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			ui, flow := beginWithStages(ctx, call)
			ui.Pass(ctx, flow[0])
			again, possible := ui.Fail(ctx, flow[0])
			if !possible {
				again = ui.Pass(ctx, flow[0])
			}
			Expect(again).To(BeChallenge())
			Expect(users.Completed(again)).To(ContainElement(flow[0]), "%s", again)
			expectEnough(ctx, call, ui.Follow(ctx, flow[1:]))
		})
})
