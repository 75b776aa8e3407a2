package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// Phone numbers on accounts. Whatever way they are written, they are listed and
// compared as E.164 without a plus. appendices/#pstn-phone-numbers
var _ = Describe("POST /account/3pid/msisdn/requestToken and the account", func() {

	It("gives nobody else a way to validate a number in use, however it is written", Must("msisdn-004-must-check-in-use"),
		func(ctx SpecContext) {
			alice, number := fixtures.WithNumber(ctx)
			bob := fixtures.NewUser(ctx)

			for _, spelling := range []string{number.National, number.International(), "+" + number.MSISDN} {
				before := len(number.SMS(ctx))
				clientSecret := fixtures.FreshSecret()
				answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(clientSecret, JSON{"phone_number": spelling}))
				Expect(answer).To(Or(HaveStatus(http.StatusOK), And(HaveStatus(http.StatusBadRequest), HaveErrcode("M_THREEPID_IN_USE"))))

				sent := number.SMS(ctx)[before:]
				if !answer.OK() {
					Expect(sent).To(BeEmpty(), "a refused request must send no SMS")
					continue
				}
				session := fixtures.PhoneSessionOf(answer, number, clientSecret)
				for _, sms := range sent { // people would try what is in it
					session.Read(sms)
					Expect(session.Submit(ctx, session.Submission()).JSON).NotTo(HaveKeyWithValue("success", true), "a number in use was validated by somebody else\n%s", answer)
				}
				Expect(bob.TryAdd(ctx, session.SID, clientSecret)).NotTo(BeOK())
			}
			Expect(bob.Addresses(ctx)).To(BeEmpty())
			Expect(alice.Addresses(ctx)).To(ConsistOf(number.MSISDN))
		})

	It("has a number with a plus and spaces listed without", Must("can-005-msisdn-no-plus"),
		func(ctx SpecContext) {
			alice, number := fixtures.NewUser(ctx), fixtures.FreshNumber(ctx)
			_, _ = fixtures.WithNumber(ctx) // one that is written as at home
			session := fixtures.RequestSMS(ctx, number, fixtures.FreshSecret(), JSON{"phone_number": number.International()})
			session.Validate(ctx)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).To(ConsistOf(number.MSISDN))
		})
})

var _ = Describe("POST /account/3pid/add with a phone number", func() {

	It("adds a validated number in its canonical form", Must("add-018-msisdn"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateNumber(ctx)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
			Expect(alice.ThreePIDs(ctx)).To(ConsistOf(
				And(HaveField("Medium", "msisdn"), HaveField("Address", session.Number.MSISDN)),
			))
		})
})
