package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// What an address is good for once POST /account/3pid/add has added it, and not
// before: to log in, and to set a new password.
var _ = Describe("An address added by POST /account/3pid/add", func() {

	It("gets its owner a new password", Should("add-013-password-reset-uses-added-3pid"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", response)
			}
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			alice.NeedThrowAway()
			alice.MustAdd(ctx, session)

			reset := session.Recipient.RequestPasswordReset(ctx)
			Expect(reset.Response).To(BeGranted())
			messages, err := reset.Recipient.Await(ctx, 2) // the first one was for adding the address
			Expect(err).NotTo(HaveOccurred(), "no mail for a new password arrived")
			reset.UseAll(ctx, messages[1:])

			password, response := users.ResetPassword(ctx, reset)
			Expect(response).To(BeGranted())
			login := alice.LogIn(ctx, password)
			Expect(login).To(BeGranted())
			Expect(login.JSON).To(HaveKeyWithValue("user_id", alice.ID), "%s", login)
		})

	It("gets nobody a new password before", Should("add-013-password-reset-uses-added-3pid"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", response)
			}
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			alice.NeedThrowAway() // as the other half does: one alone would not be a pass

			expectNoReset(ctx, alice, session.Recipient)
			alice.MustAdd(ctx, session) // what was validated is good for adding
		})

	It("logs its owner in, and not before", Must("add-015-login-with-added-3pid"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordLogin(ctx); !offers {
				Decline("no-password-login", response)
			}
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			alice.NeedPassword()
			before := alice.LogInBy(ctx, session.Address)
			Expect(before).To(HaveStatus(http.StatusForbidden))

			alice.MustAdd(ctx, session)
			login := alice.LogInBy(ctx, session.Address)
			Expect(login).To(BeGranted())
			Expect(login.JSON).To(HaveKeyWithValue("user_id", alice.ID), "%s", login)
		})

	It("is on no account while it is only validated", Must("add-019-validated-but-not-added"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			// Asked for with a token, so that the homeserver knows whose address this is to be.
			session := sessions.Email.MustRequest(ctx, api.WithToken(alice.Token))
			session.Validate(ctx)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))

			if _, offers := users.OffersPasswordLogin(ctx); offers && alice.Password != "" {
				login := alice.LogInBy(ctx, session.Address)
				Expect(login).To(BeRefused())
			}
			alice.MustAdd(ctx, session) // it was validated
		})
})
