package common

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Whom the password stage of POST /account/3pid/add lets through.
// client-server-api/#password-based
var _ = Describe("The password stage of POST /account/3pid/add", func() {

	password := func(identifier JSON, password string) JSON {
		return JSON{"type": users.StagePassword, "identifier": identifier, "password": password}
	}

	DescribeTable("is completed by the user's password", Must("uia-005-password-stage-completes"),
		func(ctx SpecContext, name func(*users.User) string) {
			alice := users.New(ctx)
			session, ui := beginWithPassword(ctx, alice)
			response := ui.Submit(ctx, password(users.UserIdentifier(name(alice)), alice.Password))
			expectEnough(ctx, alice, session, response)
		},
		Entry("with the localpart", (*users.User).Localpart),
		Entry("with the full user ID", func(u *users.User) string { return u.ID }),
	)

	It("is not completed by a wrong password, which may be corrected", Must("uia-007-failed-stage-401-retryable"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session, ui := beginWithPassword(ctx, alice)
			wrong, _ := ui.Fail(ctx, users.StagePassword)
			Expect(wrong).NotTo(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Strictly(func(g Gomega) {
				g.Expect(wrong).To(BeChallenge())
				g.Expect(wrong.IsStandardError()).To(BeTrue(), "errcode and error have to say what is wrong\n%s", wrong)
				g.Expect(wrong.Text("session")).To(Equal(ui.ID()), "%s", wrong)
			})

			right := ui.Pass(ctx, users.StagePassword)
			if !right.OK() {
				alice.MustAdd(ctx, session) // anew: the password was all that was wrong
			}
			MayDecline("retry-refused", right)
			Strictly(func(g Gomega) { g.Expect(right).To(BeGranted()) })
		})

	It("is not completed by another user's name and password", Must("uia-016-credentials-of-other-user"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			bob.NeedPassword()
			session, ui := beginWithPassword(ctx, alice)

			Expect(ui.Submit(ctx, password(users.UserIdentifier(bob.ID), bob.Password))).NotTo(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // with her own
		})

	It("knows the user by an address on the account", Must("uia-021-threepid-identifier"),
		func(ctx SpecContext) {
			alice, first := users.New(ctx), sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, first)
			second, ui := beginWithPassword(ctx, alice)
			response := ui.Submit(ctx, password(users.ThirdPartyIdentifier("email", first.Address), alice.Password))
			expectEnough(ctx, alice, second, response)
		})

	It("knows nobody by an address on no account", Must("uia-021-threepid-identifier"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session, ui := beginWithPassword(ctx, alice)
			response := ui.Submit(ctx, password(users.ThirdPartyIdentifier("email", sessions.Email.Fresh(ctx).Address), alice.Password))
			Expect(response).To(HaveStatus(http.StatusUnauthorized, http.StatusForbidden))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by the user ID
		})
})

// beginWithPassword has a user validate an address and ask to add it, where the
// password is all the auth it takes.
func beginWithPassword(ctx SpecContext, u *users.User) (*sessions.Session, *users.Interaction) {
	GinkgoHelper()
	u.NeedPassword()
	session := sessions.Email.Validate(ctx)
	ui := u.BeginAdd(ctx, session)
	if !ui.Offers(users.StagePassword) {
		Decline("no-password-flow", ui.Challenge)
	}
	if !ui.OffersAlone(users.StagePassword) {
		NotTested("the homeserver wants other stages besides the password")
	}
	return session, ui
}
