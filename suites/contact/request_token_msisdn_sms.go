package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// What POST /account/3pid/msisdn/requestToken sends, where to, and when again.
var _ = Describe("The SMS of POST /account/3pid/msisdn/requestToken", func() {

	It("goes to the number once, and the answer has a sid", Must("msisdn-002-success"),
		func(ctx SpecContext) {
			number := sessions.MSISDN.Fresh(ctx)
			session := number.Request(ctx)
			response := session.Response
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", response)

			_, err := number.Await(ctx, 1)
			Expect(err).NotTo(HaveOccurred(), "%s", response)
			number.CountAgain(ctx, 1)
			Expect(number.MessagesAtMost(ctx, 1)).To(HaveLen(1), "SMS to the number")
			for _, texted := range sessions.TextedFor(ctx, session.ClientSecret) {
				Expect(texted).To(Equal(number.Address), "an SMS went to a number that nobody asked for")
			}
		})

	It("is not sent to a number that the operator denies", Must("msisdn-005-denied"),
		func(ctx SpecContext) {
			sessions.MSISDN.MustRequest(ctx) // not denied
			denied := sessions.MSISDN.Denied(ctx)
			response := denied.Request(ctx).Response
			Expect(response).To(HaveStatus(http.StatusForbidden))
			Expect(response).To(HaveErrcode("M_THREEPID_DENIED"))
			Expect(denied.MessagesAtMost(ctx, 0)).To(BeEmpty())
		})

	It("goes to the number as it is dialled from the country", Must("msisdn-007-country-code"),
		func(ctx SpecContext) {
			for _, number := range numbersOfTwoCountries(ctx) {
				response := number.Request(ctx).Response
				Expect(response).To(BeGranted())
				_, err := number.Await(ctx, 2)
				Expect(err).NotTo(HaveOccurred(), "%s from %s", number.Spelling, number.Number.Country)
			}
		})

	DescribeTable("goes to no number of another country", Must("msisdn-007-country-code"),
		func(ctx SpecContext, country string) {
			for _, number := range numbersOfTwoCountries(ctx) {
				response := number.Request(ctx, api.With("country", country)).Response
				Expect(response).To(Or(BeGranted(), BeRefused()))
				Expect(number.MessagesAtMost(ctx, 1)).To(HaveLen(1), "%q was taken for %s\n%s", country, number.Number.Country, response)
			}
		},
		Entry("when there is none of this code", "ZZ"),
		Entry("when the code is of another standard", "FRA"),
		Entry("when the code is in small letters", "fr"),
		Entry("when the code is a calling code", "33"),
	)

	It("is sent again for a greater send_attempt only", Must("msisdn-008-send-attempt"),
		func(ctx SpecContext) {
			first := sessions.MSISDN.Receive(ctx, api.With("send_attempt", 3))
			number := first.Recipient

			for _, attempt := range []int{3, 2} {
				response := first.Again(ctx, api.With("send_attempt", attempt)).Response
				Strictly(func(g Gomega) {
					g.Expect(response).To(BeGranted())
					g.Expect(response.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", response)
				})
			}
			Expect(number.MessagesAtMost(ctx, 1)).To(HaveLen(1), "SMS after attempts 3, 3 and 2")

			Granted(first.Again(ctx, api.With("send_attempt", 4)).Response)
			_, err := number.Await(ctx, 2)
			Expect(err).NotTo(HaveOccurred(), "send_attempt 4")
		})

	It("is sent for each client_secret", Must("msisdn-008-send-attempt"),
		func(ctx SpecContext) {
			sessions.MSISDN.Receive(ctx)
			number := sessions.MSISDN.Fresh(ctx)
			for i := range 2 {
				number.MustRequest(ctx)
				_, err := number.Await(ctx, i+1)
				Expect(err).NotTo(HaveOccurred(), "client_secret %d", i+1)
			}
			Expect(number.MessagesAtMost(ctx, 2)).To(HaveLen(2), "SMS for two client_secrets")
		})

	It("carries a code that there is a submit_url for", Must("msisdn-009-code-needs-submit-url"),
		func(ctx SpecContext) {
			// Our delegate never sends a link.
			session := sessions.MSISDN.MustRequest(ctx)
			Expect(session.SubmitURL).To(MatchRegexp(`^https?://`), "%s", session.Response)
		})

	DescribeTable("validates nothing when one of its parts is wrong", Must("val-002-wrong-token"),
		func(ctx SpecContext, key string) {
			alice := users.New(ctx)
			session := sessions.MSISDN.Receive(ctx)
			right := map[string]string{"token": session.Code(), "sid": session.SID, "client_secret": session.ClientSecret}[key]
			session.Submit(ctx, api.With(key, sessions.OtherThan(right)))
			expectNotAddable(ctx, alice, session)

			session.MustSubmit(ctx) // with the right ones
			expectAddable(ctx, alice, session)
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
func numbersOfTwoCountries(ctx SpecContext) []*sessions.Recipient {
	GinkgoHelper()
	numbers := []*sessions.Recipient{sessions.MSISDN.Fresh(ctx), sessions.British(ctx)}
	for _, number := range numbers {
		session := number.As(number.Number.International()).Request(ctx)
		if number.Number.Country == "GB" && session.Response.Status == http.StatusBadRequest {
			NotTested("the homeserver refuses British numbers that are kept for fiction:\n%s", session.Response)
		}
		session.MustBeOpen()
		session.Receive(ctx)
	}
	return numbers
}
