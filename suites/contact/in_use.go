package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// Addresses that an account of the homeserver has already. The answer may say
// so, or be a 200 that leads nowhere, so that nobody learns whose address is
// known; either way nothing that comes of it can put the address on an account.
var _ = Describe("POST /account/3pid/email/requestToken for an address in use", func() {

	It("gives nobody else a way to validate it", Must("email-007-must-check-in-use"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			bob := fixtures.NewUser(ctx)

			session := fixtures.RequestInUse(ctx, nil, address)
			Expect(session).To(leadNowhere())
			if session.SID != "" {
				Expect(bob.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())
				Expect(bob.Addresses(ctx)).To(BeEmpty())
			}
			Expect(alice.Addresses(ctx)).To(ConsistOf(address))
		})

	It("gives the owner no second way to validate it", Must("email-008-in-use-own-account"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)

			session := fixtures.RequestInUse(ctx, alice, address)
			Expect(session).To(leadNowhere())
			if session.SID != "" {
				Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())
			}
			Expect(alice.Addresses(ctx)).To(ConsistOf(address))
		})
})

// leadNowhere holds for a request that was refused as in use, or granted without
// a way to validate the session.
func leadNowhere() types.GomegaMatcher {
	answer := func(s *fixtures.SessionInUse) *exchange.Response { return s.Answer }
	return And(
		WithTransform(answer, Or(HaveStatus(http.StatusOK), And(HaveStatus(http.StatusBadRequest), HaveErrcode("M_THREEPID_IN_USE")))),
		HaveField("Validated", BeFalse()),
	)
}
