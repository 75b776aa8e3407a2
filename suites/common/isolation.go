package common

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Whose identifiers an access token stands for.
// client-server-api/#adding-account-administrative-contact-information
var _ = Describe("An access token", Must("auth-008-account-isolation"), func() {

	It("shows the identifiers of its own user", Operation("getAccount3PIDs"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			hers, his := sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, hers)
			bob.MustAdd(ctx, his)
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address))
			Expect(bob.Addresses(ctx)).To(ConsistOf(his.Address))
		})

	It("adds by POST /account/3pid/add to the identifiers of its own user", Operation("add3PID"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			hers, his := sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, hers)

			mixed := *hers
			mixed.ClientSecret = his.ClientSecret
			bob.Add(ctx, &mixed) // about her address, without her secret
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user asked for her address")
			bob.MustAdd(ctx, his)
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user added an address")
		})

	It("adds by POST /account/3pid to the identifiers of its own user", Operation("post3PIDs"),
		func(ctx SpecContext) {
			alice, hers := sessions.Email.Added(ctx)
			calls.Granted(ctx, "post3PIDs") // by somebody else
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user added an address")
		})

	It("takes away identifiers of its own user", Operation("delete3pidFromAccount"),
		func(ctx SpecContext) {
			alice, hers := sessions.Email.Added(ctx)
			bob, his := sessions.Email.Added(ctx)
			bob.Delete(ctx, hers)
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user asked to delete her address")
			bob.Delete(ctx, his)
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address), "after another user deleted an address")
		})

	It("binds addresses to its own user", Operation("bind3PID"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			server := identity.New(ctx, alice, bob)
			hers := server.MustBind(ctx, alice)
			his := server.Validate(ctx, bob)

			body := his.Binding()
			body["mxid"], body["user_id"] = alice.ID, alice.ID
			bob.Post(ctx, "/account/3pid/bind", body)
			Expect(server.Owner(ctx, his.Address)).To(BeElementOf(bob.ID, ""), "whom his address is bound to")
			Expect(server.Owner(ctx, hers.Address)).To(Equal(alice.ID), "whom hers is bound to")
		})

	It("unbinds addresses of its own user", Operation("unbind3pidFromAccount"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			server := identity.New(ctx, alice, bob)
			hers, his := server.MustBind(ctx, alice), server.MustBind(ctx, bob)

			bob.Post(ctx, "/account/3pid/unbind", hers.Removal())
			Expect(server.Owner(ctx, hers.Address)).To(Equal(alice.ID), "after another user asked to unbind her address")
			bob.Post(ctx, "/account/3pid/unbind", his.Removal())
			Expect(server.Owner(ctx, hers.Address)).To(Equal(alice.ID), "after another user unbound an address")
		})
})
