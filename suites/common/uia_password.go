package common

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Whom the password stage lets through. client-server-api/#password-based
var _ = Describe("The password stage of User-Interactive Authentication", func() {

	password := func(identifier JSON, password string) JSON {
		return JSON{"type": users.StagePassword, "identifier": identifier, "password": password}
	}

	DescribeTable("is completed by the password with the localpart", Each(Must("uia-005-password-stage-completes")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			alice := call.User
			expectEnough(ctx, call, ui.Submit(ctx, password(users.UserIdentifier(alice.Localpart()), alice.Password)))
		})

	DescribeTable("is completed by the password with the full user ID", Each(Must("uia-005-password-stage-completes")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			alice := call.User
			expectEnough(ctx, call, ui.Submit(ctx, password(users.UserIdentifier(alice.ID), alice.Password)))
		})

	DescribeTable("is not completed by a wrong password", Each(Must("uia-007-failed-stage-401-retryable")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			wrong, _ := ui.Fail(ctx, users.StagePassword)
			Strictly(func(g Gomega) {
				g.Expect(wrong).To(BeChallenge())
				g.Expect(wrong.JSON).To(And(HaveKey("errcode"), HaveKey("error")), "they have to say what is wrong\n%s", wrong)
				if ui.ID() != "" {
					g.Expect(wrong.JSON).To(HaveKeyWithValue("session", ui.ID()), "%s", wrong)
				}
			})
			expectNotEnough(ctx, call, wrong)
		})

	DescribeTable("can be repeated after a wrong password", Each(Must("uia-007-failed-stage-401-retryable")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			ui.Fail(ctx, users.StagePassword)
			right := ui.Pass(ctx, users.StagePassword)
			if !right.OK() {
				call.MustSend(ctx) // anew: the password was all that was wrong
			}
			MayDecline("retry-refused", right)
			Strictly(func(g Gomega) { g.Expect(right).To(BeGranted()) })
		})

	DescribeTable("is not completed by another user's name and password", Each(Must("uia-016-credentials-of-other-user")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			bob := users.New(ctx)
			bob.NeedPassword()

			response := ui.Submit(ctx, password(users.UserIdentifier(bob.ID), bob.Password))
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(call.Address))
			expectNotEnough(ctx, call, response)
		})

	DescribeTable("knows the user by an address on the account", Each(Must("uia-021-threepid-identifier")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			address := sessions.Email.Validate(ctx)
			call.User.MustAdd(ctx, address)
			expectEnough(ctx, call, ui.Submit(ctx, password(users.ThirdPartyIdentifier("email", address.Address), call.User.Password)))
		})

	DescribeTable("knows nobody by an address on no account", Each(Must("uia-021-threepid-identifier")),
		func(ctx SpecContext, operation string) {
			call, ui := beginWithPassword(ctx, operation)
			nobody := sessions.Email.Fresh(ctx)
			response := ui.Submit(ctx, password(users.ThirdPartyIdentifier("email", nobody.Address), call.User.Password))
			Expect(response).To(HaveStatus(http.StatusUnauthorized, http.StatusForbidden))
			expectNotEnough(ctx, call, response)
		})
})

// beginWithPassword begins a call where the password is all the auth it takes.
func beginWithPassword(ctx SpecContext, operation string) (*calls.Call, *users.Interaction) {
	GinkgoHelper()
	call := calls.New(ctx, operation)
	call.User.NeedPassword()
	ui := call.Begin(ctx)
	if !ui.Offers(users.StagePassword) {
		Decline("no-password-flow", ui.Challenge)
	}
	if !ui.OffersAlone(users.StagePassword) {
		NotTested("the homeserver wants other stages besides the password")
	}
	return call, ui
}
