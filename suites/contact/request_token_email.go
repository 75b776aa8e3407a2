package contact

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	. "threepid-conformance/harness"
)

// POST /account/3pid/email/requestToken — client-server-api/#post_matrixclientv3account3pidemailrequesttoken
//
// This file is about the request and its answer, as far as they are not those of
// every medium (request_token.go); request_token_email_mail.go is about the mails,
// and in_use.go about addresses that an account has already.
var _ = Describe("POST /account/3pid/email/requestToken", func() {

	DescribeTable("refuses a request without a required key and sends no mail", Must("email-001-required-fields"),
		func(ctx SpecContext, key string) {
			// With all three keys the request is granted, so what follows is about the missing one.
			sessions.Email.MustRequest(ctx)

			email := sessions.Email.Fresh(ctx)
			Expect(email.Request(ctx, api.Without(key)).Response).To(BeRefused())
			Expect(email.MessagesAtMost(ctx, 0)).To(BeEmpty(), "a refused request must send no mail")
		},
		Entry("client_secret", "client_secret"),
		Entry("email", "email"),
		Entry("send_attempt", "send_attempt"),
	)

	It("answers a request for a fresh address with a sid", Must("email-002-success-sid"),
		func(ctx SpecContext) {
			response := sessions.Email.Request(ctx).Response
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", response)
			if submitURL, present := response.JSON["submit_url"]; present {
				Expect(submitURL).To(MatchRegexp(`^https?://`), "%s", response)
			}
		})

	It("does not give the token away in its answer", Must("email-006-token-not-in-response"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			session := sessions.Email.Receive(ctx)
			for _, token := range session.Tokens() {
				Expect(session.SID).NotTo(Equal(token), "the sid is the token")
				Expect(string(session.Response.Body)).NotTo(ContainSubstring(token), "the body holds the token")
				for name, values := range session.Response.Header {
					Expect(strings.Join(values, "\n")).NotTo(ContainSubstring(token), "the header %s holds the token", name)
				}
			}
		})

	DescribeTable("refuses what is plainly no e-mail address", Must("email-012-invalid-address"),
		func(ctx SpecContext, invalid string) {
			response := sessions.Email.Request(ctx, api.With("email", invalid)).Response
			Expect(response).To(BeRefused())
			Strictly(func(g Gomega) {
				g.Expect(response).To(HaveStatus(http.StatusBadRequest))
				g.Expect(response).To(HaveErrcode("M_INVALID_PARAM"))
			})
			sessions.Email.MustRequest(ctx) // a valid one is granted
		},
		Entry("the empty string", ""),
		Entry("no @", "no-at-sign"),
		Entry("no localpart", "@example.org"),
		Entry("no domain", "nobody@"),
	)

	It("refuses an address with a line break, which would become a header", Must("email-012-invalid-address"),
		func(ctx SpecContext) {
			reader, victim := sessions.Email.Fresh(ctx), sessions.Email.Fresh(ctx)
			header := reader.As(reader.Address + "\r\nBcc: " + victim.Address)
			Expect(header.Request(ctx).Response).To(BeRefused())
			Expect(reader.MessagesAtMost(ctx, 0)).To(BeEmpty())
			Expect(victim.MessagesAtMost(ctx, 0)).To(BeEmpty())
		})
})

// Two rules that show only on a homeserver in another configuration.
var _ = Describe("POST /account/3pid/email/requestToken elsewhere", func() {

	It("refuses an address that the operator denies, before any mail", Must("email-010-denied"),
		func(ctx SpecContext) {
			sessions.Email.MustRequest(ctx) // not denied
			denied := sessions.Email.Denied(ctx)
			response := denied.Request(ctx).Response
			Expect(response).To(HaveStatus(http.StatusForbidden))
			Expect(response).To(HaveErrcode("M_THREEPID_DENIED"))
			Expect(denied.MessagesAtMost(ctx, 0)).To(BeEmpty())
		})

	It("refuses addresses altogether when it cannot send mail", Should("email-011-medium-not-supported"),
		func(ctx SpecContext) {
			response := Authorized(sessions.Email.Request(ctx).Response)
			Expect(response).To(HaveStatus(http.StatusBadRequest))
			Expect(response).To(HaveErrcode("M_THREEPID_MEDIUM_NOT_SUPPORTED"))
		})
})
