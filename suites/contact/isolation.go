package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// Whose identifiers an access token stands for.
// client-server-api/#adding-account-administrative-contact-information
var _ = Describe("An access token", Must("auth-008-account-isolation"), func() {

	It("shows the identifiers of its own user", Operation("getAccount3PIDs"), func(ctx SpecContext) {
		alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
		hers, his := fixtures.ValidateEmail(ctx), fixtures.ValidateEmail(ctx)
		alice.Own(ctx, hers)
		bob.Own(ctx, his)
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address))
		Expect(bob.Addresses(ctx)).To(ConsistOf(his.Address))
	})

	It("adds to the identifiers of its own user", Operation("add3PID"), func(ctx SpecContext) {
		alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
		hers, his := fixtures.ValidateEmail(ctx), fixtures.ValidateEmail(ctx)
		alice.Own(ctx, hers)

		bob.TryAdd(ctx, hers.SID, his.ClientSecret) // about her address, without her secret
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user asked for her address")
		bob.Own(ctx, his)
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user added an address")
	})

	It("adds to them by the old operation, too", Operation("post3PIDs"), func(ctx SpecContext) {
		alice, hers := fixtures.WithEmail(ctx)
		fixtures.Granted(ctx, "post3PIDs") // by somebody else
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers), "after another user added an address")
	})

	It("takes away identifiers of its own user", Operation("delete3pidFromAccount"), func(ctx SpecContext) {
		alice, hers := fixtures.WithEmail(ctx)
		bob, his := fixtures.WithEmail(ctx)
		bob.Post(ctx, "/account/3pid/delete", JSON{"medium": "email", "address": hers})
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers), "after another user asked to delete her address")
		bob.Post(ctx, "/account/3pid/delete", JSON{"medium": "email", "address": his})
		Expect(alice.Addresses(ctx)).To(ConsistOf(hers), "after another user deleted an address")
	})

	It("binds addresses to its own user", Operation("bind3PID"), func(ctx SpecContext) {
		alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
		identity := fixtures.AtIdentityServer(ctx, alice, bob)
		hers := identity.BindEmail(ctx, alice)
		his := identity.Validated(ctx, bob, control.Email, fixtures.FreshEmail())

		body := his.Binding()
		body["mxid"], body["user_id"] = alice.ID, alice.ID
		bob.Post(ctx, bind, body)
		Expect(identity.Owner(ctx, his.Address)).To(BeElementOf(bob.ID, ""), "whom his address is bound to")
		Expect(identity.Owner(ctx, hers.Address)).To(Equal(alice.ID), "whom hers is bound to")
	})

	It("unbinds addresses of its own user", Operation("unbind3pidFromAccount"), func(ctx SpecContext) {
		alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
		identity := fixtures.AtIdentityServer(ctx, alice, bob)
		hers, his := identity.BindEmail(ctx, alice), identity.BindEmail(ctx, bob)

		bob.Post(ctx, "/account/3pid/unbind", JSON{"medium": "email", "address": hers.Address, "id_server": identity.Name})
		Expect(identity.Owner(ctx, hers.Address)).To(Equal(alice.ID), "after another user asked to unbind her address")
		bob.Post(ctx, "/account/3pid/unbind", JSON{"medium": "email", "address": his.Address, "id_server": identity.Name})
		Expect(identity.Owner(ctx, hers.Address)).To(Equal(alice.ID), "after another user unbound an address")
	})
})
