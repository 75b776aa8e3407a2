package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/run"
)

// POST /account/3pid/msisdn/requestToken — client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
//
// The homeserver has our SMS delegate send its SMS, which is where they are seen.
// request_token.go has what is the same for e-mail, and request_token_msisdn_sms.go
// what needs an SMS. This file is for homeservers that send none, too.
var _ = Describe("POST /account/3pid/msisdn/requestToken", func() {

	DescribeTable("refuses a request without a required key and sends no SMS", Must("msisdn-001-required-fields"),
		func(ctx SpecContext, key string) {
			mustSendSMS(ctx) // with all four keys
			number := sessions.MSISDN.Fresh(ctx)
			Expect(number.Request(ctx, api.Without(key)).Response).To(BeRefused())
			Expect(number.MessagesAtMost(ctx, 0)).To(BeEmpty(), "a refused request must send no SMS")
		},
		Entry("client_secret", "client_secret"),
		Entry("country", "country"),
		Entry("phone_number", "phone_number"),
		Entry("send_attempt", "send_attempt"),
	)

	It("sends an SMS, or says that it cannot", Should("msisdn-003-unsupported-medium"),
		func(ctx SpecContext) {
			number := sessions.MSISDN.Fresh(ctx)
			response := Authorized(number.Request(ctx).Response)
			switch {
			case !response.OK():
				expectUnsupported(response)
			case run.Usable(SMS):
				if _, err := number.Await(ctx, 1); err != nil {
					Blocked("requestTokenTo3PIDMSISDN", "msisdn-002-success", "no SMS was sent: %v", err)
				}
			default:
				NotTested("the homeserver says that it sends SMS, and they do not go through our delegate (answer %d)", response.Status)
			}
		})

	It("says that it cannot send SMS", Should("msisdn-003-unsupported-medium"), On(NoSMS),
		func(ctx SpecContext) {
			expectUnsupported(Authorized(sessions.MSISDN.Request(ctx).Response))
		})

	DescribeTable("refuses what is plainly no phone number", Must("msisdn-006-invalid-number"),
		func(ctx SpecContext, invalid string) {
			mustSendSMS(ctx) // a valid one
			response := sessions.MSISDN.Request(ctx, api.With("country", "GB"), api.With("phone_number", invalid)).Response
			Expect(response).To(BeRefused())
			Strictly(func(g Gomega) {
				g.Expect(response).To(HaveStatus(http.StatusBadRequest))
				g.Expect(response).To(HaveErrcode("M_INVALID_PARAM"))
			})
		},
		Entry("the empty string", ""),
		Entry("letters", "abc"),
		Entry("a single digit", "1"),
	)
})

// mustSendSMS ends the spec as blocked unless a request for a fresh number is granted.
// Where the homeserver cannot send SMS at all, it ends as not-supported.
func mustSendSMS(ctx SpecContext) {
	GinkgoHelper()
	response := sessions.MSISDN.Request(ctx).Response
	MayDecline("medium-not-supported", response)
	Granted(response)
}

// expectUnsupported asserts that a request was refused for want of SMS.
func expectUnsupported(response *exchange.Response) {
	GinkgoHelper()
	Expect(response).To(BeRefused())
	Strictly(func(g Gomega) {
		g.Expect(response).To(HaveStatus(http.StatusBadRequest))
		g.Expect(response).To(HaveErrcode("M_THREEPID_MEDIUM_NOT_SUPPORTED"))
	})
}
