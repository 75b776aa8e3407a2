package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Phone numbers on accounts. Whatever way they are written, they are listed and
// compared as E.164 without a plus. appendices/#pstn-phone-numbers
var _ = Describe("POST /account/3pid/msisdn/requestToken and the account", func() {

	It("gives nobody else a way to validate a number in use, however it is written", Must("msisdn-004-must-check-in-use"),
		func(ctx SpecContext) {
			alice, added := sessions.MSISDN.Added(ctx)
			bob, number := users.New(ctx), added.Recipient

			for _, spelling := range []string{number.Spelling, number.Number.International(), "+" + number.Address} {
				before := len(number.MessagesAtMost(ctx, 0))
				session := number.As(spelling).Request(ctx)
				Expect(session.Response).To(Or(BeGranted(), And(HaveStatus(http.StatusBadRequest), HaveErrcode("M_THREEPID_IN_USE"))))

				sent := number.MessagesAtMost(ctx, 0)[before:]
				if !session.Response.OK() {
					Expect(sent).To(BeEmpty(), "a refused request must send no SMS")
					continue
				}
				session.MustBeOpen()
				for _, submitted := range session.UseAll(ctx, sent) { // people would try what is in it
					Expect(submitted.JSON).NotTo(HaveKeyWithValue("success", true), "a number in use was validated by somebody else\n%s", session.Response)
				}
				Expect(bob.Add(ctx, session)).NotTo(BeGranted())
			}
			Expect(bob.Addresses(ctx)).To(BeEmpty())
			Expect(alice.Addresses(ctx)).To(ConsistOf(number.Address))
		})
})

var _ = Describe("POST /account/3pid/add with a phone number", func() {

	It("adds a validated number in its canonical form", Must("add-018-msisdn"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.MSISDN.Validate(ctx)
			Expect(alice.Add(ctx, session)).To(BeGranted())
			Expect(alice.ThreePIDs(ctx)).To(ConsistOf(
				And(HaveField("Medium", "msisdn"), HaveField("Address", session.Address)),
			))
		})
})
