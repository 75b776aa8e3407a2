package contact

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
)

const emailRequestToken = "/account/3pid/email/requestToken"

// POST /account/3pid/email/requestToken — client-server-api/#post_matrixclientv3account3pidemailrequesttoken
//
// This file is about the request and its answer, as far as they are not those of
// every medium (request_token.go); request_token_email_mail.go is about the mails,
// and in_use.go about addresses that an account has already.
var _ = Describe("POST /account/3pid/email/requestToken", func() {

	DescribeTable("refuses a request without a required key and sends no mail", Must("email-001-required-fields"),
		func(ctx SpecContext, key string) {
			address := fixtures.FreshEmail()
			body := JSON{"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1}
			// With all three keys the request is granted, so what follows is about the missing one.
			Expect(fixtures.Post(ctx, emailRequestToken, body)).To(HaveStatus(http.StatusOK))

			body["email"] = address
			delete(body, key)
			Expect(fixtures.Post(ctx, emailRequestToken, body)).To(BeRefused())
			Expect(fixtures.MailsTo(ctx, address, 0)).To(BeEmpty(), "a refused request must send no mail")
		},
		Entry("client_secret", "client_secret"),
		Entry("email", "email"),
		Entry("send_attempt", "send_attempt"),
	)

	It("answers a request for a fresh address with a sid", Must("email-002-success-sid"),
		func(ctx SpecContext) {
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).To(HaveKeyWithValue("sid", BeAssignableToTypeOf("")), "%s", answer)
			if submitURL, present := answer.JSON["submit_url"]; present {
				Expect(submitURL).To(MatchRegexp(`^https?://`), "%s", answer)
			}
		})

	It("does not give the token away in its answer", Must("email-006-token-not-in-response"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			for _, token := range session.MailedTokens() {
				Expect(session.SID).NotTo(Equal(token), "the sid is the token")
				Expect(string(session.Answer.Body)).NotTo(ContainSubstring(token), "the body holds the token")
				for name, values := range session.Answer.Header {
					Expect(strings.Join(values, "\n")).NotTo(ContainSubstring(token), "the header %s holds the token", name)
				}
			}
		})

	DescribeTable("refuses what is plainly no e-mail address", Must("email-012-invalid-address"),
		func(ctx SpecContext, invalid string) {
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": invalid, "send_attempt": 1,
			})
			Expect(answer).To(BeRefused())
			Strictly(func(g Gomega) {
				g.Expect(answer).To(HaveStatus(http.StatusBadRequest))
				g.Expect(answer).To(HaveErrcode("M_INVALID_PARAM"))
			})
			fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // a valid one is granted
		},
		Entry("the empty string", ""),
		Entry("no @", "no-at-sign"),
		Entry("no localpart", "@example.org"),
		Entry("no domain", "nobody@"),
	)

	It("refuses an address with a line break, which would become a header", Must("email-012-invalid-address"),
		func(ctx SpecContext) {
			reader, victim := fixtures.FreshEmail(), fixtures.FreshEmail()
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": reader + "\r\nBcc: " + victim, "send_attempt": 1,
			})
			Expect(answer).To(BeRefused())
			Expect(fixtures.MailsTo(ctx, reader, 0)).To(BeEmpty())
			Expect(fixtures.MailsTo(ctx, victim, 0)).To(BeEmpty())
		})
})

// Two rules that show only on a homeserver in another configuration.
var _ = Describe("POST /account/3pid/email/requestToken elsewhere", func() {

	It("refuses an address that the operator denies, before any mail", Must("email-010-denied"),
		func(ctx SpecContext) {
			fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // not denied
			denied := strings.Replace(fixtures.FreshEmail(), "@"+run.Config().Mail.Domain, "@denied.example", 1)
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": denied, "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusForbidden))
			Expect(answer).To(HaveErrcode("M_THREEPID_DENIED"))
			Expect(fixtures.MailsTo(ctx, denied, 0)).To(BeEmpty())
		})

	It("refuses addresses altogether when it cannot send mail", Should("email-011-medium-not-supported"),
		func(ctx SpecContext) {
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_THREEPID_MEDIUM_NOT_SUPPORTED"))
		})
})
