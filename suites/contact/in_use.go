package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// Addresses that an account of the homeserver has already. The answer may say
// so, or be a 200 that leads nowhere, so that nobody learns whose address is
// known; either way nothing that comes of it can put the address on an account.
var _ = Describe("POST /account/3pid/email/requestToken for an address in use", func() {

	It("gives nobody else a way to validate it", Must("email-007-must-check-in-use"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			bob := users.New(ctx)

			session := email.Recipient.RequestInUse(ctx)
			Expect(session).To(leadNowhere())
			if session.SID != "" {
				Expect(bob.Add(ctx, session)).NotTo(BeGranted())
				Expect(bob.Addresses(ctx)).To(BeEmpty())
			}
			Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address))
		})

	It("gives the owner no second way to validate it", Must("email-008-in-use-own-account"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)

			session := email.Recipient.RequestInUse(ctx, api.WithToken(alice.Token))
			Expect(session).To(leadNowhere())
			if session.SID != "" {
				Expect(alice.Add(ctx, session)).NotTo(BeGranted())
			}
			Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address))
		})
})

// leadNowhere holds for a request that was refused as in use, or granted without
// a way to validate the session.
func leadNowhere() types.GomegaMatcher {
	response := func(s *sessions.SessionInUse) *exchange.Response { return s.Response }
	return And(
		WithTransform(response, Or(BeGranted(), And(HaveStatus(http.StatusBadRequest), HaveErrcode("M_THREEPID_IN_USE")))),
		HaveField("Validated", BeFalse()),
	)
}
