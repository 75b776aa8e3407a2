package common

import (
	"crypto/rand"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// The session that holds the requests of one User-Interactive Authentication
// together. A homeserver may do without; then there is none that could be lost
// or taken for another. client-server-api/#user-interactive-api-in-the-rest-api
var _ = Describe("The UIA session of POST /account/3pid/add", func() {

	It("is the same in every challenge", Must("uia-004-session-echo"),
		func(ctx SpecContext) {
			ui := users.New(ctx).BeginAdd(ctx, sessions.Email.Validate(ctx))
			needSession(ui)
			responses := []*exchange.Response{ui.Submit(ctx, JSON{})}
			if ui.Offers(users.StagePassword) {
				wrong, _ := ui.Fail(ctx, users.StagePassword)
				responses = append(responses, wrong)
			}
			challenges := 0
			for _, response := range responses {
				if response.IsChallenge() {
					challenges++
					Expect(response.Text("session")).To(Equal(ui.ID()), "%s", response)
				}
			}
			if challenges == 0 {
				Blocked("add3PID", "uia-011-session-only-auth", "no second challenge was to be had:\n%s", responses[0])
			}
		})

	It("is the same between stages", Must("uia-004-session-echo"), On(TwoStageUIA),
		func(ctx SpecContext) {
			_, ui, flow := beginWithStages(ctx, users.New(ctx))
			needSession(ui)
			next := ui.Pass(ctx, flow[0])
			if !next.IsChallenge() {
				Blocked("add3PID", "uia-008-completed-list", "there was no second challenge:\n%s", next)
			}
			Expect(next.Text("session")).To(Equal(ui.ID()), "%s", next)
		})

	It("alone asks how far the authentication is", Must("uia-011-session-only-auth"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, session)
			needSession(ui)
			response := ui.Submit(ctx, JSON{"session": ui.ID()})
			Expect(response).To(BeChallenge())
			Expect(response.Text("session")).To(Equal(ui.ID()), "%s", response)
			alice.MustAdd(ctx, session) // with its stages
		})

	It("has to be one that the homeserver opened", Must("uia-013-unknown-session"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, session)
			for _, unknown := range []string{rand.Text(), sessions.OtherThan(ui.ID())} {
				Expect(ui.Submit(ctx, JSON{"session": unknown})).To(Or(BeChallenge(), BeRefused()))
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by one that it opened
		})

	It("serves the user who opened it", Must("uia-017-session-of-other-user"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			hers, session := authenticatedAdd(ctx, alice)
			needSession(hers)
			session.Validate(ctx)

			response := bob.BeginAdd(ctx, session).Submit(ctx, JSON{"session": hers.ID()})
			Expect(response).NotTo(BeGranted())
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(session.Address))
			bob.MustAdd(ctx, session) // by his own
		})

	It("serves the request it was opened for", Should("uia-015-request-parameters-fixed"),
		func(ctx SpecContext) {
			alice, first, second := users.New(ctx), sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			ui := alice.BeginAdd(ctx, first)
			needSession(ui)
			ui.Swap(second)
			response := ui.Complete(ctx)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(second.Address), "the challenge was for another address\n%s", response)
			alice.MustAdd(ctx, second) // by its own
		})
})

// One endpoint's session at another. The accounts do not survive it.
var _ = Describe("The UIA session of one endpoint", func() {

	It("does not serve others when it is that of POST /account/3pid/add", Must("uia-014-session-scoped-to-api-call"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			alice.NeedThrowAway()
			add, _ := authenticatedAdd(ctx, alice)
			needSession(add)

			begin := func(path string, body JSON) *users.Interaction {
				challenge := alice.Post(ctx, path, body)
				if !challenge.IsChallenge() {
					NotTested("%s asks for no auth:\n%s", path, challenge)
				}
				return alice.Interact(challenge)
			}
			password := begin("/account/password", JSON{"new_password": users.FreshPassword()})
			Expect(password.Submit(ctx, JSON{"session": add.ID()})).NotTo(BeGranted())
			deactivate := begin("/account/deactivate", JSON{})
			Expect(deactivate.Submit(ctx, JSON{"session": add.ID()})).NotTo(BeGranted())
			Expect(alice.Get(ctx, "/account/whoami")).To(BeGranted(), "the account was deactivated")

			if own := deactivate.Complete(ctx); !own.OK() {
				NotTested("the account cannot be deactivated by its own session either:\n%s", own)
			}
		})

	It("does not serve POST /account/3pid/add when it is that of another", Must("uia-014-session-scoped-to-api-call"),
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

// authenticatedAdd is an interaction whose stages a user has completed, with the
// validation session it was for. That is not validated, so the request failed and
// the interaction was not spent on it. Where the homeserver looks at the session
// before it asks for auth, another, validated one took its place.
func authenticatedAdd(ctx SpecContext, u *users.User) (*users.Interaction, *sessions.Session) {
	GinkgoHelper()
	session := sessions.Email.MustRequest(ctx)
	challenge := u.Post(ctx, "/account/3pid/add", session.Credentials())
	if !challenge.IsChallenge() {
		ui := u.BeginAdd(ctx, sessions.Email.Validate(ctx))
		ui.Complete(ctx)
		return ui, session
	}
	ui := u.Interact(challenge)
	if response := ui.Complete(ctx); response.OK() || slices.Contains(u.Addresses(ctx), session.Address) {
		Blocked("add3PID", "add-005-session-must-be-validated", "the authentication was spent on a session that was not validated:\n%s", response)
	}
	return ui, session
}
