package contact

import (
	"crypto/rand"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// The session that holds the requests of one User-Interactive Authentication
// together. A homeserver may do without; then there is none that could be lost
// or taken for another. client-server-api/#user-interactive-api-in-the-rest-api
var _ = Describe("The UIA session of POST /account/3pid/add", func() {

	It("is the same in every challenge", Must("uia-004-session-echo"),
		func(ctx SpecContext) {
			ui := fixtures.NewUser(ctx).BeginAdd(ctx, fixtures.ValidateEmail(ctx))
			needSession(ui)
			answers := []*exchange.Response{ui.Submit(ctx, JSON{})}
			if ui.Offers(fixtures.StagePassword) {
				wrong, _ := ui.Fail(ctx, fixtures.StagePassword)
				answers = append(answers, wrong)
			}
			challenges := 0
			for _, answer := range answers {
				if answer.IsChallenge() {
					challenges++
					Expect(answer.Text("session")).To(Equal(ui.Session()), "%s", answer)
				}
			}
			if challenges == 0 {
				Blocked("add3PID", "uia-011-session-only-auth", "no second challenge was to be had:\n%s", answers[0])
			}
		})

	It("is the same between stages", Must("uia-004-session-echo"), On(TwoStageUIA),
		func(ctx SpecContext) {
			_, ui, flow := beginWithStages(ctx, fixtures.NewUser(ctx))
			needSession(ui)
			next := ui.Pass(ctx, flow[0])
			if !next.IsChallenge() {
				Blocked("add3PID", "uia-008-completed-list", "there was no second challenge:\n%s", next)
			}
			Expect(next.Text("session")).To(Equal(ui.Session()), "%s", next)
		})

	It("alone asks how far the authentication is", Must("uia-011-session-only-auth"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			ui := alice.BeginAdd(ctx, session)
			needSession(ui)
			answer := ui.Submit(ctx, JSON{"session": ui.Session()})
			Expect(answer).To(BeChallenge())
			Expect(answer.Text("session")).To(Equal(ui.Session()), "%s", answer)
			alice.Add(ctx, session) // with its stages
		})

	It("has to be one that the homeserver opened", Must("uia-013-unknown-session"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			ui := alice.BeginAdd(ctx, session)
			for _, unknown := range []string{rand.Text(), fixtures.OtherThan(ui.Session())} {
				Expect(ui.Submit(ctx, JSON{"session": unknown})).To(Or(BeChallenge(), BeRefused()))
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.Add(ctx, session) // by one that it opened
		})

	It("serves the user who opened it", Must("uia-017-session-of-other-user"),
		func(ctx SpecContext) {
			alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
			hers, session := alice.AuthenticatedAdd(ctx)
			needSession(hers)
			session.Validate(ctx)

			answer := bob.BeginAdd(ctx, session).Submit(ctx, JSON{"session": hers.Session()})
			Expect(answer).NotTo(beGranted())
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(session.Address))
			bob.Add(ctx, session) // by his own
		})

	It("serves the request it was opened for", Should("uia-015-request-parameters-fixed"),
		func(ctx SpecContext) {
			alice, first, second := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx), fixtures.ValidateEmail(ctx)
			ui := alice.BeginAdd(ctx, first)
			needSession(ui)
			ui.Swap(second)
			answer := ui.Complete(ctx)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(second.Address), "the challenge was for another address\n%s", answer)
			alice.Add(ctx, second) // by its own
		})
})

// One endpoint's session at another. The accounts do not survive it.
var _ = Describe("The UIA session of one endpoint", func() {

	It("does not serve others when it is that of POST /account/3pid/add", Must("uia-014-session-scoped-to-api-call"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			alice.NeedThrowAway()
			add, _ := alice.AuthenticatedAdd(ctx)
			needSession(add)

			begin := func(path string, body JSON) *fixtures.Interaction {
				ui, answer := alice.Begin(ctx, path, body)
				if ui == nil {
					NotTested("%s asks for no auth:\n%s", path, answer)
				}
				return ui
			}
			password := begin("/account/password", JSON{"new_password": fixtures.FreshPassword()})
			Expect(password.Submit(ctx, JSON{"session": add.Session()})).NotTo(beGranted())
			deactivate := begin("/account/deactivate", JSON{})
			Expect(deactivate.Submit(ctx, JSON{"session": add.Session()})).NotTo(beGranted())
			Expect(alice.Get(ctx, "/account/whoami")).To(BeOK(), "the account was deactivated")

			if own := deactivate.Complete(ctx); !own.OK() {
				NotTested("the account cannot be deactivated by its own session either:\n%s", own)
			}
		})

	It("does not serve POST /account/3pid/add when it is that of another", Must("uia-014-session-scoped-to-api-call"),
		func(ctx SpecContext) {
			alice, password := fixtures.NewUser(ctx), fixtures.FreshPassword()
			alice.NeedThrowAway()
			other, answer := alice.Begin(ctx, "/account/password", JSON{"new_password": password, "logout_devices": false})
			if other == nil {
				NotTested("/account/password asks for no auth:\n%s", answer)
			}
			needSession(other)
			if changed := other.Complete(ctx); !changed.OK() {
				NotTested("the password cannot be changed:\n%s", changed)
			}
			alice.Password = password

			session := fixtures.ValidateEmail(ctx)
			Expect(alice.BeginAdd(ctx, session).Submit(ctx, JSON{"session": other.Session()})).NotTo(beGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.Add(ctx, session) // by its own
		})
})

// needSession ends the spec as not-supported where challenges name no session.
func needSession(ui *fixtures.Interaction) {
	GinkgoHelper()
	if ui.Session() == "" {
		Decline("no-session", ui.Challenge)
	}
}
