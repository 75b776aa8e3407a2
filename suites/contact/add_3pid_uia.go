package contact

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The User-Interactive Authentication of POST /account/3pid/add, as far as it hangs
// on what is added; suites/common has what holds for every operation.
// client-server-api/#user-interactive-api-in-the-rest-api
var _ = Describe("The authentication of POST /account/3pid/add", func() {

	It("leaves other errors as they are", Must("uia-018-non-auth-failure-standard-error"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.MustRequest(ctx)
			response := alice.Add(ctx, session)
			if response.OK() {
				Blocked("add3PID", "add-005-session-must-be-validated", "a session that was not validated is no error here:\n%s", response)
			}
			Expect(response).NotTo(BeChallenge())
			Expect(response.IsStandardError()).To(BeTrue(), "%s", response)

			session.Validate(ctx)
			alice.MustAdd(ctx, session) // the same authentication is granted
		})

	It("serves only the request it was begun for", Should("uia-015-request-parameters-fixed"),
		func(ctx SpecContext) {
			alice, first, second := users.New(ctx), sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, first)
			needSession(ui)
			ui.Swap(second)
			response := ui.Complete(ctx)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(second.Address), "the challenge was for another address\n%s", response)
			alice.MustAdd(ctx, second) // by its own
		})

	It("serves only the user who began it", Must("uia-017-session-of-other-user"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			hers, session := completeWithoutAdding(ctx, alice)
			session.Validate(ctx)

			response := bob.BeginAdd(ctx, session).Submit(ctx, JSON{"session": hers.ID()})
			Expect(response).NotTo(BeGranted())
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(session.Address))
			bob.MustAdd(ctx, session) // by his own
		})

	It("does not serve other endpoints", Must("uia-014-session-scoped-to-api-call"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			alice.NeedThrowAway() // the account does not survive this
			add, _ := completeWithoutAdding(ctx, alice)

			for path, body := range map[string]JSON{
				"/account/password":   {"new_password": users.FreshPassword()},
				"/account/deactivate": {},
			} {
				challenge := alice.Post(ctx, path, body)
				if !challenge.IsChallenge() {
					NotTested("%s asks for no auth:\n%s", path, challenge)
				}
				Expect(alice.Interact(challenge).Submit(ctx, JSON{"session": add.ID()})).NotTo(BeGranted())
			}
			Expect(alice.Get(ctx, "/account/whoami")).To(BeGranted(), "the account was deactivated")
			if own := alice.Deactivate(ctx, nil); !own.OK() {
				NotTested("the account cannot be deactivated by its own session either:\n%s", own)
			}
		})

	It("is not that of another endpoint", Must("uia-014-session-scoped-to-api-call"),
		func(ctx SpecContext) {
			alice, password := users.New(ctx), users.FreshPassword()
			alice.NeedThrowAway()
			challenge := alice.Post(ctx, "/account/password", JSON{"new_password": password, "logout_devices": false})
			if !challenge.IsChallenge() {
				NotTested("/account/password asks for no auth:\n%s", challenge)
			}
			other := alice.Interact(challenge)
			needSession(other)
			if changed := other.Complete(ctx); !changed.OK() {
				NotTested("the password cannot be changed:\n%s", changed)
			}
			alice.Password = password

			session := sessions.Email.Validate(ctx)
			Expect(alice.BeginAdd(ctx, session).Submit(ctx, JSON{"session": other.ID()})).NotTo(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by its own
		})
})

// completeWithoutAdding is an interaction whose stages a user has completed, with the
// validation session it was for. That is not validated, so the request failed and
// the interaction was not spent on it. Where the homeserver looks at the session
// before it asks for auth, another, validated one took its place.
func completeWithoutAdding(ctx SpecContext, u *users.User) (*users.Interaction, *sessions.Session) {
	GinkgoHelper()
	session := sessions.Email.MustRequest(ctx)
	challenge := u.Post(ctx, "/account/3pid/add", session.Credentials())
	if !challenge.IsChallenge() {
		ui := u.BeginAdd(ctx, sessions.Email.Validate(ctx))
		needSession(ui)
		ui.Complete(ctx)
		return ui, session
	}
	ui := u.Interact(challenge)
	needSession(ui)
	if response := ui.Complete(ctx); response.OK() || slices.Contains(u.Addresses(ctx), session.Address) {
		Blocked("add3PID", "add-005-session-must-be-validated", "the authentication was spent on a session that was not validated:\n%s", response)
	}
	return ui, session
}

// needSession ends the spec as not-supported where challenges name no session.
func needSession(ui *users.Interaction) {
	GinkgoHelper()
	if ui.ID() == "" {
		Decline("no-session", ui.Challenge)
	}
}
