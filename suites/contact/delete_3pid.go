package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
	"threepid-conformance/mockidserver/control"
)

// POST /account/3pid/delete — client-server-api/#post_matrixclientv3account3piddelete
var _ = Describe("POST /account/3pid/delete", func() {

	It("takes the identifier off the list", Must("del-001-removed-from-list"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			Expect(alice.Delete(ctx, email)).To(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(email.Address))
		})

	It("takes no other identifier off the list", Must("del-003-only-the-named-identifier"),
		func(ctx SpecContext) {
			alice, kept := sessions.Email.Added(ctx)
			second := sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, second)
			if list := alice.Addresses(ctx); len(list) < 2 {
				NotTested("the homeserver keeps one address per account: %v", list)
			}
			alice.Delete(ctx, sessions.Email.Fresh(ctx)) // nobody's
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept.Address, second.Address))

			Expect(alice.Delete(ctx, second)).To(BeGranted())
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept.Address))
		})

	It("leaves what other users have alone", Must("del-004-other-users-identifier"),
		func(ctx SpecContext) {
			alice, hers := sessions.Email.Added(ctx)
			bob, his := sessions.Email.Added(ctx)
			bob.Delete(ctx, hers) // refused, or without effect
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers.Address))

			Expect(bob.Delete(ctx, his)).To(BeGranted())
			Expect(bob.Addresses(ctx)).To(BeEmpty())
		})

	It("takes an identifier off the list that was never bound", Must("del-002-local-delete-independent-of-is"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			response := alice.Delete(ctx, email)
			if !response.OK() {
				Blocked(run.CurrentOperation(), "rem-004-unknown-id-server-no-support", "the identifier could not be deleted:\n%s", response)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(email.Address), "%s", response)
		})

	It("takes an identifier off the list that cannot be unbound", Must("del-002-local-delete-independent-of-is"), Needs(IdentityServer),
		func(ctx SpecContext) {
			alice, session := addedAndBound(ctx)
			session.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind))
			response := alice.Post(ctx, "delete3pidFromAccount", session.Removal())
			if !response.OK() {
				Blocked(run.CurrentOperation(), "rem-011-unsupported-is-no-support", "the identifier could not be deleted:\n%s", response)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "%s", response)
		})

	It("does not stumble over an identifier that is nobody's", May("del-005-unknown-identifier"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			response := alice.Delete(ctx, sessions.Email.Fresh(ctx))
			Expect(response).To(Or(BeGranted(), BeRefused()))
			Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)

			Expect(alice.Delete(ctx, email)).To(BeGranted())
		})
})

// What a deleted address is good for: everything for whoever adds it next, and
// nothing for whoever had it.
var _ = Describe("An address deleted by POST /account/3pid/delete", func() {

	It("is free for another user", Should("del-006-address-reusable"),
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
			before := users.LogIn(ctx, users.ThirdPartyIdentifier("email", email.Address), alice.Password)
			if !before.OK() {
				Blocked("add3PID", "add-015-login-with-added-3pid", "the email.Address does not log its owner in:\n%s", before)
			}
			alice.MustDelete(ctx, email)
			Expect(users.LogIn(ctx, users.ThirdPartyIdentifier("email", email.Address), alice.Password)).To(HaveStatus(http.StatusForbidden))
		})

	It("gets nobody a new password", Should("del-007-no-longer-usable"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-use-of-addresses", response)
			}
			alice, email := sessions.Email.Added(ctx)
			alice.NeedThrowAway()
			alice.MustDelete(ctx, email)

			reset := email.Recipient.RequestPasswordReset(ctx)
			Expect(reset.Response).To(Or(BeGranted(), BeRefused()))
			if reset.SID == "" {
				return
			}
			// The answer may hide that the email.Address is on no account.
			reset.UseAll(ctx, reset.Recipient.MessagesAtMost(ctx, 2)) // the first one was for adding it
			password, response := users.ResetPassword(ctx, reset)
			Expect(response).NotTo(BeGranted())
			Expect(users.LogIn(ctx, users.UserIdentifier(alice.ID), password)).NotTo(BeGranted())
		})
})
