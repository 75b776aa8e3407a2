package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// What deactivating an account does to what it has bound, which is one of the
// things that binds are recorded for.
// client-server-api/#post_matrixclientv3accountdeactivate
var _ = Describe("Deactivating an account", func() {

	It("unbinds what it has bound", Must("acc-005-deactivate-unbinds"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			alice.NeedThrowAway()
			server := identity.New(ctx, alice)
			needsTracking(ctx, alice, server)
			one, another := server.MustBind(ctx, alice), server.MustBind(ctx, alice)
			expectUnboundByDeactivation(ctx, alice, one, another)
		})

	It("unbinds at every identity server", Must("acc-005-deactivate-unbinds"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			alice.NeedThrowAway()
			server, other := identity.New(ctx, alice), identity.Other(ctx, alice)
			needsTracking(ctx, alice, server)
			here, there := server.MustBind(ctx, alice), other.MustBind(ctx, alice)
			expectUnboundByDeactivation(ctx, alice, here, there)
		})

	It("has nothing to unbind where nothing was bound", Must("acc-005-deactivate-unbinds"),
		func(ctx SpecContext) {
			response := users.New(ctx).Deactivate(ctx, JSON{})
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})
})

// needsTracking ends the spec as not-supported on a homeserver that does not
// record where identifiers are bound, as one more identifier shows.
func needsTracking(ctx SpecContext, u *users.User, server *identity.Server) {
	GinkgoHelper()
	session := server.MustBind(ctx, u)
	response := u.Post(ctx, "unbind3pidFromAccount", session.Identifier())
	if response.OK() && len(session.Requests(ctx, control.Unbind)) == 0 && response.Text("id_server_unbind_result") == "no-support" {
		Decline("bind-not-tracked", response)
	}
}

// expectUnboundByDeactivation deactivates an account and asserts that all that
// it has bound is gone.
func expectUnboundByDeactivation(ctx SpecContext, u *users.User, sessions ...*identity.Session) {
	GinkgoHelper()
	response := u.Deactivate(ctx, JSON{})
	for _, session := range sessions {
		var signed []string // addresses that were to be unbound
		for _, request := range session.Requests(ctx, control.Unbind) {
			if request.Credentials.Kind == control.XMatrix {
				signed = append(signed, request.Keys.Address)
			}
		}
		Expect(signed).To(ContainElement(session.Address), "the identity server was not asked to unbind\n%s", response)
		Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "the binding outlives the account\n%s", response)
	}
	Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
}
