package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
	"threepid-conformance/mockidserver/control"
)

// POST /account/3pid/delete — client-server-api/#post_matrixclientv3account3piddelete
var _ = Describe("POST /account/3pid/delete", func() {

	const path = "/account/3pid/delete"

	It("takes the identifier off the list", Must("del-001-removed-from-list"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			Expect(alice.Post(ctx, path, JSON{"medium": "email", "address": address})).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(address))
		})

	It("takes no other identifier off the list", Must("del-003-only-the-named-identifier"),
		func(ctx SpecContext) {
			alice, kept := fixtures.WithEmail(ctx)
			second := fixtures.ValidateEmail(ctx)
			alice.Own(ctx, second)
			if list := alice.Addresses(ctx); len(list) < 2 {
				NotTested("the homeserver keeps one address per account: %v", list)
			}
			alice.Post(ctx, path, JSON{"medium": "email", "address": fixtures.FreshEmail()}) // nobody's
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept, second.Address))

			Expect(alice.Post(ctx, path, JSON{"medium": "email", "address": second.Address})).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).To(ConsistOf(kept))
		})

	It("leaves what other users have alone", Must("del-004-other-users-identifier"),
		func(ctx SpecContext) {
			alice, hers := fixtures.WithEmail(ctx)
			bob, his := fixtures.WithEmail(ctx)
			bob.Post(ctx, path, JSON{"medium": "email", "address": hers}) // refused, or without effect
			Expect(alice.Addresses(ctx)).To(ConsistOf(hers))

			Expect(bob.Post(ctx, path, JSON{"medium": "email", "address": his})).To(HaveStatus(http.StatusOK))
			Expect(bob.Addresses(ctx)).To(BeEmpty())
		})

	It("takes an identifier off the list that was never bound", Must("del-002-local-delete-independent-of-is"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			answer := alice.Post(ctx, path, JSON{"medium": "email", "address": address})
			if !answer.OK() {
				Blocked(run.CurrentOperation(), "rem-004-unknown-id-server-no-support", "the identifier could not be deleted:\n%s", answer)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(address), "%s", answer)
		})

	It("takes an identifier off the list that cannot be unbound", Must("del-002-local-delete-independent-of-is"), Needs(IdentityServer),
		func(ctx SpecContext) {
			alice, session := held(ctx)
			session.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind))
			answer := alice.Post(ctx, path, session.Removal())
			if !answer.OK() {
				Blocked(run.CurrentOperation(), "rem-011-unsupported-is-no-support", "the identifier could not be deleted:\n%s", answer)
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "%s", answer)
		})

	It("does not stumble over an identifier that is nobody's", May("del-005-unknown-identifier"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			answer := alice.Post(ctx, path, JSON{"medium": "email", "address": fixtures.FreshEmail()})
			Expect(answer).To(Or(HaveStatus(http.StatusOK), BeRefused()))
			Expect(answer.JSON["id_server_unbind_result"]).NotTo(Equal("success"), "%s", answer)

			Expect(alice.Post(ctx, path, JSON{"medium": "email", "address": address})).To(HaveStatus(http.StatusOK))
		})
})

// What a deleted address is good for: everything for whoever adds it next, and
// nothing for whoever had it.
var _ = Describe("An address deleted by POST /account/3pid/delete", func() {

	It("is free for another user", Should("del-006-address-reusable"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			bob := fixtures.NewUser(ctx)
			alice.Delete(ctx, address)
			expectFree(ctx, bob, address)
		})

	It("logs nobody in", Should("del-007-no-longer-usable"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordLogin(ctx); !offers {
				Decline("no-use-of-addresses", answer)
			}
			alice, address := fixtures.WithEmail(ctx)
			alice.NeedPassword()
			before := fixtures.LogIn(ctx, fixtures.EmailIdentifier(address), alice.Password)
			if !before.OK() {
				Blocked("add3PID", "add-015-login-with-added-3pid", "the address does not log its owner in:\n%s", before)
			}
			alice.Delete(ctx, address)
			Expect(fixtures.LogIn(ctx, fixtures.EmailIdentifier(address), alice.Password)).To(HaveStatus(http.StatusForbidden))
		})

	It("gets nobody a new password", Should("del-007-no-longer-usable"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordReset(ctx); !offers {
				Decline("no-use-of-addresses", answer)
			}
			alice, address := fixtures.WithEmail(ctx)
			alice.NeedThrowAway()
			alice.Delete(ctx, address)

			reset := fixtures.RequestPasswordReset(ctx, address)
			Expect(reset.Answer).To(Or(HaveStatus(http.StatusOK), BeRefused()))
			if reset.SID == "" {
				return
			}
			// The answer may hide that the address is on no account.
			reset.UseAll(ctx, fixtures.MailsTo(ctx, address, 2)) // the first one was for adding it
			password, answer := fixtures.ResetPassword(ctx, reset)
			Expect(answer).NotTo(beGranted())
			Expect(fixtures.LogIn(ctx, fixtures.UserIdentifier(alice.ID), password)).NotTo(BeOK())
		})
})

// expectFree asserts that a user can have an address which was another's until
// now: validate it by a second mail, and add it.
func expectFree(ctx SpecContext, u *fixtures.User, address string) {
	GinkgoHelper()
	secret := fixtures.FreshSecret()
	answer := fixtures.Post(ctx, emailRequestToken, JSON{"client_secret": secret, "email": address, "send_attempt": 1})
	Expect(answer).To(HaveStatus(http.StatusOK))
	mails, err := run.AwaitMails(ctx, address, 2) // the first one was the other user's
	Expect(err).NotTo(HaveOccurred())

	session := fixtures.SessionOf(answer, address, secret)
	session.Mail = mails[1]
	Expect(session.SubmitURL != "" || fixtures.HasValidationLink(session)).To(BeTrue(), "the mail %q leads nowhere", session.Mail.Subject)
	session.Use(ctx)
	Expect(u.TryAdd(ctx, session.SID, secret)).To(HaveStatus(http.StatusOK))
}
