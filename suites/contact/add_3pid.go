package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

const addPath = "/account/3pid/add"

// POST /account/3pid/add — client-server-api/#post_matrixclientv3account3pidadd
//
// This file is about what it does for a user with a validated session;
// add_3pid_session.go is about sessions that will not do, add_3pid_in_use.go
// about addresses that somebody else has, add_3pid_use.go about what an added
// address is good for, and the files uia….go about the authentication.
var _ = Describe("POST /account/3pid/add", func() {

	It("adds a validated address with 200 and an object", Must("add-001-success-200"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			answer := alice.TryAdd(ctx, session.SID, session.ClientSecret)
			if Declined("changes-disabled", answer) && fixtures.AnnouncesNoChanges(alice.Get(ctx, "/capabilities")) {
				Decline("changes-disabled", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).NotTo(BeNil(), "%s", answer)
		})

	It("lists the address as soon as it has answered", Must("add-002-listed-after-add"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			alice.Add(ctx, session)
			Expect(alice.Addresses(ctx)).To(ContainElement(session.Address))
		})

	It("adds nothing without auth", Must("add-003-requires-uia"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			request := JSON{"sid": session.SID, "client_secret": session.ClientSecret}
			Expect(alice.Post(ctx, addPath, request)).To(BeChallenge())

			for _, nothing := range []any{JSON{}, nil} {
				request["auth"] = nothing
				Expect(alice.Post(ctx, addPath, request)).NotTo(beGranted())
			}
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.Add(ctx, session) // auth was all that was missing
		})

	It("asks for auth however lately the user has proven who they are", Must("add-003-requires-uia"),
		func(ctx SpecContext) {
			alice, first, second := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx), fixtures.ValidateEmail(ctx)
			alice.LogInAgain(ctx)
			Expect(alice.Post(ctx, addPath, JSON{"sid": first.SID, "client_secret": first.ClientSecret})).To(BeChallenge())

			alice.Add(ctx, first) // by another authentication
			Expect(alice.Post(ctx, addPath, JSON{"sid": second.SID, "client_secret": second.ClientSecret})).To(BeChallenge())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(second.Address))
		})

	It("copes with an address that the account has already", May("add-016-own-3pid-idempotent"),
		func(ctx SpecContext) {
			alice, address := fixtures.NewUser(ctx), fixtures.FreshEmail()
			sessions := fixtures.ValidateEach(ctx, address, address)
			alice.Own(ctx, sessions[0])

			again := alice.TryAdd(ctx, sessions[1].SID, sessions[1].ClientSecret)
			Expect(again).To(Or(beGranted(), BeRefused()))
			var listed []string
			Expect(alice.Addresses(ctx)).To(ContainElement(address, &listed), "after the second add:\n%s", again)
			Expect(listed).To(HaveLen(1), "after the second add:\n%s", again)
		})

	It("keeps the first address when a second one is added", Should("add-017-second-3pid-keeps-first"),
		func(ctx SpecContext) {
			alice, first, second := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx), fixtures.ValidateEmail(ctx)
			alice.Own(ctx, first)

			answer := alice.TryAdd(ctx, second.SID, second.ClientSecret)
			Expect(alice.Addresses(ctx)).To(ContainElement(first.Address), "after the second add:\n%s", answer)
			if Declined("second-refused", answer) {
				Decline("second-refused", answer)
			}
			Expect(answer).To(beGranted())
			Expect(alice.Addresses(ctx)).To(ContainElement(second.Address), "after the second add:\n%s", answer)
		})
})
