package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// POST /account/3pid/add — client-server-api/#post_matrixclientv3account3pidadd
//
// This file is about what it does for a user with a validated session;
// add_3pid_session.go is about sessions that will not do, add_3pid_in_use.go
// about addresses that somebody else has, add_3pid_use.go about what an added
// address is good for, and suites/common/uia….go about the authentication.
var _ = Describe("POST /account/3pid/add", func() {

	It("adds a validated address with 200 and an object", Must("add-001-success-200"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			response := alice.Add(ctx, session)
			if Declined("changes-disabled", response) && users.ChangesDisabled(alice.Get(ctx, "/capabilities")) {
				Decline("changes-disabled", response)
			}
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).NotTo(BeNil(), "%s", response)
		})

	It("lists the address as soon as it has answered", Must("add-002-listed-after-add"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			Granted(alice.Add(ctx, session))
			Expect(alice.Addresses(ctx)).To(ContainElement(session.Address))
		})

	It("adds nothing without auth", Must("add-003-requires-uia"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			request := session.Credentials()
			Expect(alice.Post(ctx, "/account/3pid/add", request)).To(BeChallenge())

			for _, nothing := range []any{JSON{}, nil} {
				request["auth"] = nothing
				Expect(alice.Post(ctx, "/account/3pid/add", request)).NotTo(BeGranted())
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // auth was all that was missing
		})

	It("asks for auth however lately the user has proven who they are", Must("add-003-requires-uia"),
		func(ctx SpecContext) {
			alice, first, second := users.New(ctx), sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			alice.LogInAgain(ctx)
			Expect(alice.Post(ctx, "/account/3pid/add", first.Credentials())).To(BeChallenge())

			alice.MustAdd(ctx, first) // by another authentication
			Expect(alice.Post(ctx, "/account/3pid/add", second.Credentials())).To(BeChallenge())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(second.Address))
		})

	It("copes with an address that the account has already", May("add-016-own-3pid-idempotent"),
		func(ctx SpecContext) {
			alice, email := users.New(ctx), sessions.Email.Fresh(ctx)
			first, second := email.Validate(ctx), email.Validate(ctx)
			alice.MustAdd(ctx, first)

			again := alice.Add(ctx, second)
			Expect(again).To(Or(BeGranted(), BeRefused()))
			var listed []string
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address, &listed), "after the second add:\n%s", again)
			Expect(listed).To(HaveLen(1), "after the second add:\n%s", again)
		})

	It("keeps the first address when a second one is added", Should("add-017-second-3pid-keeps-first"),
		func(ctx SpecContext) {
			alice, first, second := users.New(ctx), sessions.Email.Validate(ctx), sessions.Email.Validate(ctx)
			alice.MustAdd(ctx, first)

			response := alice.Add(ctx, second)
			Expect(alice.Addresses(ctx)).To(ContainElement(first.Address), "after the second add:\n%s", response)
			MayDecline("second-refused", response)
			Expect(response).To(BeGranted())
			Expect(alice.Addresses(ctx)).To(ContainElement(second.Address), "after the second add:\n%s", response)
		})
})
