package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// Accounts of guests. client-server-api/#guest-access
var _ = Describe("A guest", func() {

	DescribeTable("is refused, and nothing happens", Each(Must("acc-001-guest-refused")), func(ctx SpecContext, operation string) {
		guest, answer := fixtures.RegisterGuest(ctx)
		switch {
		case guest == nil && Declined("guests-not-enabled", answer):
			Decline("guests-not-enabled", answer)
		case guest == nil:
			NotTested("the homeserver registered no guest:\n%s", answer)
		}
		call := fixtures.Grantable(ctx, operation)
		asGuest := call.First(ctx, fixtures.WithToken(guest.Token))
		Expect(asGuest).To(And(HaveStatus(http.StatusForbidden, http.StatusUnauthorized), BeRefused()))
		Strictly(func(g Gomega) { g.Expect(asGuest).To(HaveErrcode("M_GUEST_ACCESS_FORBIDDEN")) })
		call.Grant(ctx) // so the guest has not used it up
	})
})

// Accounts that were closed. client-server-api/#post_matrixclientv3accountdeactivate
var _ = Describe("A deactivated account", func() {

	It("reads no list any more", Must("acc-004-deactivated"), Operation("getAccount3PIDs"),
		func(ctx SpecContext) {
			call := fixtures.Granted(ctx, "getAccount3PIDs")
			call.User.Deactivate(ctx, JSON{})
			Expect(call.First(ctx)).To(refuseToken("M_UNKNOWN_TOKEN"))
		})

	It("adds nothing, and nobody logs into it by its address", Must("acc-004-deactivated"), Operation("add3PID"),
		func(ctx SpecContext) {
			call := fixtures.Granted(ctx, "add3PID")
			alice := call.User
			alice.Deactivate(ctx, JSON{})
			Expect(call.First(ctx)).To(refuseToken("M_UNKNOWN_TOKEN"))
			Expect(fixtures.LogIn(ctx, fixtures.EmailIdentifier(call.Address), alice.Password)).NotTo(BeOK())
		})

	It("leaves its address to others when it was erased", Should("acc-006-erase-removes-contacts"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			bob := fixtures.NewUser(ctx)
			alice.Deactivate(ctx, JSON{"erase": true})
			expectFree(ctx, bob, address)
		})
})
