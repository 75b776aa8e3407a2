package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
)

// What an address is good for once POST /account/3pid/add has added it, and not
// before: to log in, and to set a new password.
var _ = Describe("An address added by POST /account/3pid/add", func() {

	It("gets its owner a new password", Should("add-013-password-reset-uses-added-3pid"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", answer)
			}
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			alice.NeedThrowAway()
			alice.Own(ctx, session)

			reset := fixtures.RequestPasswordReset(ctx, session.Address)
			Expect(reset.Answer).To(HaveStatus(http.StatusOK))
			mails, err := run.AwaitMails(ctx, session.Address, 2) // the first one was for adding the address
			Expect(err).NotTo(HaveOccurred(), "no mail for a new password arrived")
			reset.UseAll(ctx, mails[1:])

			password, answer := fixtures.ResetPassword(ctx, reset)
			Expect(answer).To(HaveStatus(http.StatusOK))
			login := fixtures.LogIn(ctx, fixtures.UserIdentifier(alice.ID), password)
			Expect(login).To(HaveStatus(http.StatusOK))
			Expect(login.Text("user_id")).To(Equal(alice.ID), "%s", login)
		})

	It("gets nobody a new password before", Should("add-013-password-reset-uses-added-3pid"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", answer)
			}
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			alice.NeedThrowAway() // as the other half does: one alone would not be a pass

			reset := fixtures.RequestPasswordReset(ctx, session.Address)
			Expect(reset.Answer).To(Or(HaveStatus(http.StatusOK), BeRefused()))
			if reset.SID != "" {
				// The answer may hide that there is no such account.
				reset.UseAll(ctx, fixtures.MailsTo(ctx, session.Address, 2))
				_, answer := fixtures.ResetPassword(ctx, reset)
				Expect(answer).NotTo(beGranted())
			}
			alice.Add(ctx, session) // what was validated is good for adding
		})

	It("logs its owner in, and not before", Must("add-015-login-with-added-3pid"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordLogin(ctx); !offers {
				Decline("no-password-login", answer)
			}
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			alice.NeedPassword()
			before := fixtures.LogIn(ctx, fixtures.EmailIdentifier(session.Address), alice.Password)
			Expect(before).To(HaveStatus(http.StatusForbidden))

			alice.Own(ctx, session)
			login := fixtures.LogIn(ctx, fixtures.EmailIdentifier(session.Address), alice.Password)
			Expect(login).To(HaveStatus(http.StatusOK))
			Expect(login.Text("user_id")).To(Equal(alice.ID), "%s", login)
		})

	It("is on no account while it is only validated", Must("add-019-validated-but-not-added"),
		func(ctx SpecContext) {
			alice, address, clientSecret := fixtures.NewUser(ctx), fixtures.FreshEmail(), fixtures.FreshSecret()
			// Asked for with a token, so that the homeserver knows whose address this is to be.
			answer := alice.Post(ctx, emailRequestToken, JSON{
				"client_secret": clientSecret, "email": address, "send_attempt": 1,
			})
			session := fixtures.SessionOf(answer, address, clientSecret)
			session.Validate(ctx)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(address))

			if _, offers := fixtures.OffersPasswordLogin(ctx); offers && alice.Password != "" {
				login := fixtures.LogIn(ctx, fixtures.EmailIdentifier(address), alice.Password)
				Expect(login).To(BeRefused())
			}
			alice.Add(ctx, session) // it was validated
		})
})
