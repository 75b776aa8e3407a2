package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Accounts of guests. client-server-api/#guest-access
var _ = Describe("A guest", func() {

	DescribeTable("is refused, and nothing happens", Each(Must("acc-001-guest-refused")),
		func(ctx SpecContext, operation string) {
			guest, response := users.RegisterGuest(ctx)
			switch {
			case guest == nil && Declined("guests-not-enabled", response):
				Decline("guests-not-enabled", response)
			case guest == nil:
				NotTested("the homeserver registered no guest:\n%s", response)
			}
			call := calls.NextToGranted(ctx, operation)
			asGuest := call.WithToken(ctx, guest.Token)
			Expect(asGuest).To(And(HaveStatus(http.StatusForbidden, http.StatusUnauthorized), BeRefused()))
			Strictly(func(g Gomega) { g.Expect(asGuest).To(HaveErrcode("M_GUEST_ACCESS_FORBIDDEN")) })
			call.MustSend(ctx) // so the guest has not used it up
		})
})

// Accounts that were closed. client-server-api/#post_matrixclientv3accountdeactivate
var _ = Describe("A deactivated account", func() {

	It("reads no list any more", Must("acc-004-deactivated"), Operation("getAccount3PIDs"),
		func(ctx SpecContext) {
			call := calls.Granted(ctx, "getAccount3PIDs")
			call.User.Deactivate(ctx, JSON{})
			Expect(call.SendOnce(ctx)).To(BeTokenError("M_UNKNOWN_TOKEN"))
		})

	It("adds nothing, and nobody logs into it by its address", Must("acc-004-deactivated"), Operation("add3PID"),
		func(ctx SpecContext) {
			call := calls.Granted(ctx, "add3PID")
			alice := call.User
			alice.Deactivate(ctx, JSON{})
			Expect(call.SendOnce(ctx)).To(BeTokenError("M_UNKNOWN_TOKEN"))
			Expect(alice.LogInBy(ctx, call.Address)).NotTo(BeGranted())
		})

	It("leaves its address to others when it was erased", Should("acc-006-erase-removes-contacts"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			bob := users.New(ctx)
			alice.Deactivate(ctx, JSON{"erase": true})
			expectFree(ctx, bob, email.Recipient)
		})
})
