package contact

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

const emailRequestToken = "/account/3pid/email/requestToken"

// POST /account/3pid/email/requestToken — client-server-api/#post_matrixclientv3account3pidemailrequesttoken
//
// This file is about the request and its answer; request_token_email_mail.go is
// about the mails, and in_use.go about addresses that an account has already.
var _ = Describe("POST /account/3pid/email/requestToken", Operation("requestTokenTo3PIDEmail"), Needs(Mail), func() {

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

	It("makes sids of the allowed characters only", Must("email-003-sid-grammar"),
		func(ctx SpecContext) {
			for range 3 {
				session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
				Expect(session.SID).To(MatchRegexp(`\A[0-9a-zA-Z.=_-]{1,255}\z`), "%s", session.Answer)
			}
		})

	It("does not give the token away in its answer", Must("email-006-token-not-in-response"),
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

	It("says so with its own errcode when it rejects an identity server", May("email-013-server-not-trusted"),
		func(ctx SpecContext) {
			fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // without one
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
				"id_server": "untrusted.example.org", "id_access_token": "not-a-token",
			})
			if answer.OK() {
				Decline("not-rejected", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_SERVER_NOT_TRUSTED"))
		})

	It("copes with an identity server that comes without a token", May("email-015-id-access-token-with-id-server"),
		func(ctx SpecContext) {
			fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // without one
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
				"id_server": "untrusted.example.org",
			})
			Expect(answer.Status).To(BeNumerically("<", 500), "%s", answer)
		})

	DescribeTable("takes every client_secret of the allowed characters, to the end", Must("email-019-client-secret-accepted-grammar"),
		func(ctx SpecContext, clientSecret string) {
			alice, address := fixtures.NewUser(ctx), fixtures.FreshEmail()
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": clientSecret, "email": address, "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusOK))

			session := fixtures.SessionOf(answer, address, clientSecret)
			session.Validate(ctx)
			Expect(alice.TryAdd(ctx, session.SID, clientSecret)).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).To(ConsistOf(session.Address))
		},
		Entry("one character", "0"),
		Entry("each kind of character", "Aa9.=_-"),
		Entry("255 characters", strings.Repeat("abcdefghijklmno", 17)),
	)

	DescribeTable("refuses other client_secrets and sends no mail", Should("email-020-client-secret-rejected-grammar"),
		func(ctx SpecContext, clientSecret string) {
			address := fixtures.FreshEmail()
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": clientSecret, "email": address, "send_attempt": 1,
			})
			Expect(answer).To(BeRefused())
			Expect(fixtures.MailsTo(ctx, address, 0)).To(BeEmpty())
		},
		Entry("the empty string", ""),
		Entry("256 characters", strings.Repeat("abcdefghijklmnop", 16)),
		Entry("a space", "a b"),
		Entry("a good beginning and a bad end", "abc!"),
		Entry("a letter with a diaeresis", "ä"),
		Entry("a line break at the end", "abc\n"),
	)

	It("takes a next_link and does without", Must("email-021-optional-next-link"),
		func(ctx SpecContext) {
			body := JSON{"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1}
			Expect(fixtures.Post(ctx, emailRequestToken, body)).To(HaveStatus(http.StatusOK))

			body["email"], body["next_link"] = fixtures.FreshEmail(), "https://client.example/after?a=1"
			answer := fixtures.Post(ctx, emailRequestToken, body)
			if Declined("next-link-refused", answer) {
				Decline("next-link-refused", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusOK))

			body["email"], body["next_link"] = fixtures.FreshEmail(), 7
			Expect(fixtures.Post(ctx, emailRequestToken, body)).To(BeRefused())
		})

	It("makes sids that nobody can guess from others", Should("email-022-sessions-unguessable"),
		func(ctx SpecContext) {
			var sids []string
			for range 10 {
				sids = append(sids, fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()).SID)
			}
			Expect(fixtures.Distinct(sids)).To(HaveLen(len(sids)), "some sids are the same")
			Expect(fixtures.CountUp(sids)).To(BeFalse(), "the sids count up: %v", sids)
		})

	It("answers like the requestToken of registration", Must("email-023-parity-with-register"),
		func(ctx SpecContext) {
			body := JSON{"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1}
			ours := fixtures.Post(ctx, emailRequestToken, body)
			body["client_secret"], body["email"] = fixtures.FreshSecret(), fixtures.FreshEmail()
			theirs := fixtures.Post(ctx, "/register/email/requestToken", body)
			if Declined("registration-not-enabled", theirs) {
				Decline("registration-not-enabled", theirs)
			}
			Expect(ours.Status/100).To(Equal(theirs.Status/100), "account:\n%s\nregister:\n%s", ours, theirs)
			Expect(fixtures.Keys(ours)).To(ConsistOf(fixtures.Keys(theirs)), "account:\n%s\nregister:\n%s", ours, theirs)
		})
})

// Two rules that show only on a homeserver in another configuration.
var _ = Describe("POST /account/3pid/email/requestToken elsewhere", Operation("requestTokenTo3PIDEmail"), func() {

	It("refuses an address that the operator denies, before any mail", On(DeniedAddresses), Needs(Mail), Must("email-010-denied"),
		func(ctx SpecContext) {
			fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // not denied
			denied := strings.Replace(fixtures.FreshEmail(), "@"+Config().Mail.Domain, "@denied.example", 1)
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": denied, "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusForbidden))
			Expect(answer).To(HaveErrcode("M_THREEPID_DENIED"))
			Expect(fixtures.MailsTo(ctx, denied, 0)).To(BeEmpty())
		})

	It("refuses addresses altogether when it cannot send mail", On(NoMail), Should("email-011-medium-not-supported"),
		func(ctx SpecContext) {
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
			})
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_THREEPID_MEDIUM_NOT_SUPPORTED"))
		})
})
