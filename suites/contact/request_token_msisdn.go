package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/run"
)

const msisdnRequestToken = "/account/3pid/msisdn/requestToken"

// POST /account/3pid/msisdn/requestToken — client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
//
// The homeserver has our SMS delegate send its SMS, which is where they are seen.
// request_token.go has what is the same for e-mail, and request_token_msisdn_sms.go
// what needs an SMS. This file is for homeservers that send none, too.
var _ = Describe("POST /account/3pid/msisdn/requestToken", func() {

	DescribeTable("refuses a request without a required key and sends no SMS", Must("msisdn-001-required-fields"),
		func(ctx SpecContext, key string) {
			expectGranted(ctx) // with all four keys
			number := fixtures.FreshNumber(ctx)
			body := number.Request(fixtures.FreshSecret())
			delete(body, key)
			Expect(fixtures.Post(ctx, msisdnRequestToken, body)).To(BeRefused())
			Expect(number.SMS(ctx)).To(BeEmpty(), "a refused request must send no SMS")
		},
		Entry("client_secret", "client_secret"),
		Entry("country", "country"),
		Entry("phone_number", "phone_number"),
		Entry("send_attempt", "send_attempt"),
	)

	It("sends an SMS, or says that it cannot", Should("msisdn-003-unsupported-medium"),
		func(ctx SpecContext) {
			number := fixtures.FreshNumber(ctx)
			answer := fixtures.Post(ctx, msisdnRequestToken, number.Request(fixtures.FreshSecret()))
			switch {
			case !answer.OK():
				expectUnsupported(answer)
			case run.Usable(SMS):
				_, err := number.AwaitSMS(ctx, 1)
				Expect(err).NotTo(HaveOccurred(), "%s", answer)
			default:
				NotTested("the homeserver says that it sends SMS, and they do not go through our delegate (answer %d)", answer.Status)
			}
		})

	It("says that it cannot send SMS", Should("msisdn-003-unsupported-medium"), On(NoSMS),
		func(ctx SpecContext) {
			number := fixtures.FreshNumber(ctx)
			expectUnsupported(fixtures.Post(ctx, msisdnRequestToken, number.Request(fixtures.FreshSecret())))
		})

	DescribeTable("refuses what is plainly no phone number", Must("msisdn-006-invalid-number"),
		func(ctx SpecContext, invalid string) {
			expectGranted(ctx) // a valid one
			answer := fixtures.Post(ctx, msisdnRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "country": "GB", "phone_number": invalid, "send_attempt": 1,
			})
			Expect(answer).To(BeRefused())
			Strictly(func(g Gomega) {
				g.Expect(answer).To(HaveStatus(http.StatusBadRequest))
				g.Expect(answer).To(HaveErrcode("M_INVALID_PARAM"))
			})
		},
		Entry("the empty string", ""),
		Entry("letters", "abc"),
		Entry("a single digit", "1"),
	)
})

// expectGranted asserts that a request for a fresh number is granted. Where the
// homeserver cannot send SMS at all, the spec ends as not-supported.
func expectGranted(ctx SpecContext) {
	GinkgoHelper()
	answer := fixtures.Post(ctx, msisdnRequestToken, fixtures.FreshNumber(ctx).Request(fixtures.FreshSecret()))
	if Declined("medium-not-supported", answer) {
		Decline("medium-not-supported", answer)
	}
	Expect(answer).To(HaveStatus(http.StatusOK))
}

// expectUnsupported asserts that a request was refused for want of SMS.
func expectUnsupported(answer *exchange.Response) {
	GinkgoHelper()
	Expect(answer).To(BeRefused())
	Strictly(func(g Gomega) {
		g.Expect(answer).To(HaveStatus(http.StatusBadRequest))
		g.Expect(answer).To(HaveErrcode("M_THREEPID_MEDIUM_NOT_SUPPORTED"))
	})
}
