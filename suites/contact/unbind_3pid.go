package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// POST /account/3pid/unbind — client-server-api/#post_matrixclientv3account3pidunbind
//
// It is about the identity server and nothing else: what is on the account
// stays there, and what is not need not be.
var _ = Describe("POST /account/3pid/unbind", func() {

	It("leaves the account's list as it is", Must("unb-001-kept-on-homeserver"),
		func(ctx SpecContext) {
			alice, session := addedAndBound(ctx)
			before := alice.ThreePIDs(ctx)

			// First the identity server does not know how to unbind, then it does.
			session.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind).Once())
			unsupported := alice.Post(ctx, "unbind3pidFromAccount", session.Removal())
			Expect(alice.ThreePIDs(ctx)).To(ConsistOf(before), "%s", unsupported)

			unbound := alice.Post(ctx, "unbind3pidFromAccount", session.Removal())
			Expect(alice.ThreePIDs(ctx)).To(ConsistOf(before), "%s", unbound)
			mustUnbind(unbound)
		})

	It("has the identity server remove the binding", Must("unb-002-removed-from-identity-server"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := identity.New(ctx, alice).MustBind(ctx, alice)

			response := Granted(alice.Post(ctx, "unbind3pidFromAccount", session.Removal()))
			if response.JSON["id_server_unbind_result"] != "success" {
				Blocked("unbind3pidFromAccount", "unb-003-bound-only-identifier", "the homeserver does not say that it has unbound:\n%s", response)
			}
			Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "the binding is still there\n%s", response)
		})

	It("unbinds what was never added", Must("unb-003-bound-only-identifier"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := identity.New(ctx, alice).MustBind(ctx, alice)

			response := alice.Post(ctx, "unbind3pidFromAccount", session.Removal())
			if len(session.Requests(ctx, control.Unbind)) > 0 {
				mustUnbind(response) // it was not refused for want of an entry in the list
			}
			Expect(response).To(BeGranted())
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})
})
