package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// What POST /account/3pid/msisdn/requestToken sends, where to, and when again.
var _ = Describe("The SMS of POST /account/3pid/msisdn/requestToken", func() {

	It("goes to the number once, and the answer has a sid", Must("msisdn-002-success"),
		func(ctx SpecContext) {
			number, clientSecret := fixtures.FreshNumber(ctx), fixtures.FreshSecret()
			answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(clientSecret))
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", answer)

			_, err := number.AwaitSMS(ctx, 1)
			Expect(err).NotTo(HaveOccurred(), "%s", answer)
			number.WatchForMore(ctx)
			Expect(number.SMS(ctx)).To(HaveLen(1), "SMS to the number")
			for _, texted := range fixtures.TextedFor(ctx, clientSecret) {
				Expect(texted).To(Equal(number.MSISDN), "an SMS went to a number that nobody asked for")
			}
		})

	It("is not sent to a number that the operator denies", Must("msisdn-005-denied"),
		func(ctx SpecContext) {
			fixtures.RequestSMS(ctx, fixtures.FreshNumber(ctx), fixtures.FreshSecret()) // not denied
			denied := fixtures.FreshDeniedNumber(ctx)
			answer := fixtures.Post(ctx, msisdnRequestToken, denied.Request(fixtures.FreshSecret()))
			Expect(answer).To(HaveStatus(http.StatusForbidden))
			Expect(answer).To(HaveErrcode("M_THREEPID_DENIED"))
			Expect(denied.SMS(ctx)).To(BeEmpty())
		})

	It("goes to the number as it is dialled from the country", Must("msisdn-007-country-code"),
		func(ctx SpecContext) {
			for _, number := range numbersOfTwoCountries(ctx) {
				answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(fixtures.FreshSecret()))
				Expect(answer).To(HaveStatus(http.StatusOK))
				_, err := number.AwaitSMS(ctx, 2)
				Expect(err).NotTo(HaveOccurred(), "%s from %s", number.National, number.Country)
			}
		})

	DescribeTable("goes to no number of another country", Must("msisdn-007-country-code"),
		func(ctx SpecContext, country string) {
			for _, number := range numbersOfTwoCountries(ctx) {
				answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(fixtures.FreshSecret(), JSON{"country": country}))
				Expect(answer).To(Or(BeOK(), BeRefused()))
				Expect(number.SMS(ctx)).To(HaveLen(1), "%q was taken for %s\n%s", country, number.Country, answer)
			}
		},
		Entry("when there is none of this code", "ZZ"),
		Entry("when the code is of another standard", "FRA"),
		Entry("when the code is in small letters", "fr"),
		Entry("when the code is a calling code", "33"),
	)

	It("is sent again for a greater send_attempt only", Must("msisdn-008-send-attempt"),
		func(ctx SpecContext) {
			number, clientSecret := fixtures.FreshNumber(ctx), fixtures.FreshSecret()
			fixtures.RequestSMS(ctx, number, clientSecret, JSON{"send_attempt": 3}).Receive(ctx)

			for _, attempt := range []int{3, 2} {
				answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(clientSecret, JSON{"send_attempt": attempt}))
				Strictly(func(g Gomega) {
					g.Expect(answer).To(HaveStatus(http.StatusOK))
					g.Expect(answer.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", answer)
				})
			}
			Expect(number.SMS(ctx)).To(HaveLen(1), "SMS after attempts 3, 3 and 2")

			answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(clientSecret, JSON{"send_attempt": 4}))
			Expect(answer).To(HaveStatus(http.StatusOK))
			_, err := number.AwaitSMS(ctx, 2)
			Expect(err).NotTo(HaveOccurred(), "send_attempt 4")
		})

	It("is sent for each client_secret", Must("msisdn-008-send-attempt"),
		func(ctx SpecContext) {
			number := fixtures.FreshNumber(ctx)
			for i := range 2 {
				answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(fixtures.FreshSecret()))
				Expect(answer).To(HaveStatus(http.StatusOK))
				_, err := number.AwaitSMS(ctx, i+1)
				Expect(err).NotTo(HaveOccurred(), "client_secret %d", i+1)
			}
			Expect(number.SMS(ctx)).To(HaveLen(2), "SMS for two client_secrets")
		})

	It("carries a code that there is a submit_url for", Must("msisdn-009-code-needs-submit-url"),
		func(ctx SpecContext) {
			// Our delegate never sends a link.
			session := fixtures.RequestSMS(ctx, fixtures.FreshNumber(ctx), fixtures.FreshSecret())
			Expect(session.SubmitURL).To(MatchRegexp(`^https?://`), "%s", session.Answer)
		})

	DescribeTable("validates nothing when one of its parts is wrong", Must("val-002-wrong-token"),
		func(ctx SpecContext, key string) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.RequestSMS(ctx, fixtures.FreshNumber(ctx), fixtures.FreshSecret())
			session.Receive(ctx)
			wrong := session.Submission()
			wrong[key] = fixtures.OtherThan(wrong[key].(string))
			session.Submit(ctx, wrong)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())

			session.Confirm(ctx) // with the right ones
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		},
		Entry("the code", Operation("requestTokenTo3PIDMSISDN"), "token"),
		Entry("the sid", Operation("requestTokenTo3PIDMSISDN"), "sid"),
		Entry("the client_secret", Operation("requestTokenTo3PIDMSISDN"), "client_secret"),
	)
})

// numbersOfTwoCountries are an American and a British number that the homeserver
// takes when they are written with a plus, so that only the country is in
// question. Each has got one SMS. A homeserver may know that nobody has the
// British one, which is of no operator's range.
func numbersOfTwoCountries(ctx SpecContext) []*fixtures.PhoneNumber {
	GinkgoHelper()
	numbers := []*fixtures.PhoneNumber{fixtures.FreshNumber(ctx), fixtures.FreshBritishNumber(ctx)}
	for _, number := range numbers {
		clientSecret := fixtures.FreshSecret()
		answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(clientSecret, JSON{"phone_number": number.International()}))
		if number.Country == "GB" && answer.Status == http.StatusBadRequest {
			NotTested("the homeserver refuses British numbers that are kept for fiction:\n%s", answer)
		}
		fixtures.PhoneSessionOf(answer, number, clientSecret).Receive(ctx)
	}
	return numbers
}
