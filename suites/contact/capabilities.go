package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The capability m.3pid_changes. client-server-api/#m3pid_changes-capability
var _ = Describe("The capability m.3pid_changes", func() {

	shape := func(ctx SpecContext, alice *users.User) {
		GinkgoHelper()
		capabilities, response := alice.Capabilities(ctx)
		capability, listed := capabilities["m.3pid_changes"]
		if !listed {
			Decline("capability-absent", response)
		}
		Expect(capability).To(HaveKeyWithValue("enabled", BeAssignableToTypeOf(true)), "%s", response)
	}

	It("says with a boolean whether changes are enabled", Must("cap-001-shape"),
		func(ctx SpecContext) {
			shape(ctx, calls.Granted(ctx, "getAccount3PIDs").User) // it is about a list that can be read
		})

	It("says with a boolean that they are not", Must("cap-001-shape"), On(ChangesDisabled),
		func(ctx SpecContext) {
			shape(ctx, users.New(ctx))
		})

	DescribeTable("means what it says when it says no", Each(Must("cap-002-disabled-refuses-changes")),
		func(ctx SpecContext, operation string) {
			announced(ctx)
			call := calls.WellFormed(ctx, operation)
			switch {
			case operation == "delete3pidFromAccount": // nothing can be added here, so nothing is there to be deleted
				Expect(call.Send(ctx)).To(BeRefused())
				return
			case calls.New(ctx, "requestTokenTo3PIDEmail").Send(ctx).OK():
				call = calls.New(ctx, operation)
			default:
				// Mail for a change that cannot be made is refused, too, so there is no
				// session to ask with. Then only a refusal without any look at the request
				// shows that it is one of policy.
				if response := call.SendOnce(ctx); response.Errcode() != "M_FORBIDDEN" {
					NotTested("no address can be validated here, so the refusal may be about that:\n%s", response)
				}
			}
			Expect(call.Send(ctx)).To(BeRefused())
			Expect(call.Effects(ctx)).To(BeEmpty())
		})

	DescribeTable("is no reason to refuse when it says yes, or nothing", Each(Should("cap-003-enabled-means-available")),
		func(ctx SpecContext, operation string) {
			_, capabilities := users.New(ctx).Capabilities(ctx)
			if users.ChangesDisabled(capabilities) {
				response := calls.WellFormed(ctx, operation).Send(ctx)
				MayDecline("changes-disabled", response)
				Expect(response).NotTo(HaveErrcode("M_FORBIDDEN", "M_UNRECOGNIZED"))
				return
			}
			call := calls.New(ctx, operation)
			call.User.Capabilities(ctx) // as a client does before it offers the change
			response := call.Send(ctx)
			Expect(response).NotTo(HaveErrcode("M_FORBIDDEN", "M_UNRECOGNIZED"))
		})
})

// announced ends the spec unless the homeserver says that changes are disabled.
// The list may be read all the same.
func announced(ctx SpecContext) {
	GinkgoHelper()
	alice := users.New(ctx)
	if _, response := alice.Capabilities(ctx); !users.ChangesDisabled(response) {
		NotTested("the homeserver does not say that changes are disabled:\n%s", response)
	}
	list := alice.Get(ctx, "/account/3pid")
	Expect(list).NotTo(HaveErrcode("M_FORBIDDEN"), "the list may be read all the same")
	Granted(list)
}
