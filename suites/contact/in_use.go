package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// Addresses that an account of the homeserver has already. The answer may say
// so, or be a 200 that leads nowhere, so that nobody learns whose address is
// known; either way nothing that comes of it can put the address on an account.
var _ = Describe("POST /account/3pid/email/requestToken for an address in use", Operation("requestTokenTo3PIDEmail"), Needs(Mail), func() {

	It("gives nobody else a way to validate it", Must("email-007-must-check-in-use"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)
			bob := fixtures.NewUser(ctx)

			session, answer := fixtures.RequestInUse(ctx, address)
			if session == nil {
				Expect(answer).To(HaveStatus(http.StatusBadRequest))
				Expect(answer).To(HaveErrcode("M_THREEPID_IN_USE"))
				return
			}
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(bob.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())
			Expect(bob.Addresses(ctx)).To(BeEmpty())
			Expect(alice.Addresses(ctx)).To(ConsistOf(address))
		})

	It("gives the owner no second way to validate it", Must("email-008-in-use-own-account"),
		func(ctx SpecContext) {
			alice, address := fixtures.WithEmail(ctx)

			session, answer := fixtures.RequestInUseAs(ctx, alice, address)
			if session == nil {
				Expect(answer).To(HaveStatus(http.StatusBadRequest))
				Expect(answer).To(HaveErrcode("M_THREEPID_IN_USE"))
				return
			}
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())
			Expect(alice.Addresses(ctx)).To(ConsistOf(address))
		})
})
