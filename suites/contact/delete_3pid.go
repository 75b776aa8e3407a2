package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// POST /account/3pid/delete — client-server-api/#post_matrixclientv3account3piddelete
var _ = Describe("POST /account/3pid/delete", func() {

	It("removes the identifier from the list", Must("del-001-removed-from-list"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			Expect(alice.Delete(ctx, email)).To(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(email.Address))
		})

	It("removes no other identifier from the list", Must("del-003-only-the-named-identifier"),
		func(ctx SpecContext) {
			alice, kept := sessions.Email.Added(ctx)
			second := sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, second)
			if list := alice.Addresses(ctx); len(list) < 2 {
				NotTested("the homeserver keeps one address per account: %v", list)
			}
			alice.Delete(ctx, sessions.Email.Fresh(ctx)) // nobody's
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept.Address, second.Address))

			alice.MustDelete(ctx, second)
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept.Address))
		})

	It("removes nothing of other users", Must("del-004-other-users-identifier"),
		func(ctx SpecContext) {
			alice, hers := sessions.Email.Added(ctx)
			bob, his := sessions.Email.Added(ctx)
			bob.Delete(ctx, hers) // refused, or without effect
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address))

			bob.MustDelete(ctx, his)
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address))
		})

	It("removes an identifier that was never bound from the list", Must("del-002-local-delete-independent-of-is"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			response := alice.Delete(ctx, email)
			if !response.OK() {
				Blocked("delete3pidFromAccount", "rem-004-unknown-id-server-no-support", "the identifier could not be deleted:\n%s", response)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(email.Address), "%s", response)
		})

	It("removes an identifier that cannot be unbound from the list", Must("del-002-local-delete-independent-of-is"), Needs(IdentityServer),
		func(ctx SpecContext) {
			alice, session := addedAndBound(ctx)
			session.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind))
			response := alice.Post(ctx, "delete3pidFromAccount", session.Removal())
			if !response.OK() {
				Blocked("delete3pidFromAccount", "rem-011-unsupported-is-no-support", "the identifier could not be deleted:\n%s", response)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "%s", response)
		})

	It("grants or refuses to remove an identifier that is on no account", May("del-005-unknown-identifier"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			response := alice.Delete(ctx, sessions.Email.Fresh(ctx))
			mustNotHaveUnbound(alice.Delete(ctx, email)) // one of her own
			if !response.OK() {
				Expect(response).To(BeRefused())
			}
			Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})
})

// What a deleted address is good for: everything for whoever adds it next, and
// nothing for whoever had it.
var _ = Describe("An address deleted by POST /account/3pid/delete", func() {

	It("can be added by another user", Should("del-006-address-reusable"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			bob := users.New(ctx)
			alice.MustDelete(ctx, email)
			expectFree(ctx, bob, email.Recipient)
		})

	It("logs nobody in", Should("del-007-no-longer-usable"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordLogin(ctx); !offers {
				Decline("no-use-of-addresses", response)
			}
			alice, email := sessions.Email.Added(ctx)
			alice.NeedPassword()
			before := alice.LogInBy(ctx, email.Address)
			if !before.OK() {
				Blocked("add3PID", "add-015-login-with-added-3pid", "the address does not log its owner in:\n%s", before)
			}
			alice.MustDelete(ctx, email)
			Expect(alice.LogInBy(ctx, email.Address)).To(HaveStatus(http.StatusForbidden))
		})

	It("resets nobody's password", Should("del-007-no-longer-usable"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-use-of-addresses", response)
			}
			alice, email := sessions.Email.Added(ctx)
			alice.NeedThrowAway()
			alice.MustDelete(ctx, email)

			expectNoReset(ctx, alice, email.Recipient)
		})
})
