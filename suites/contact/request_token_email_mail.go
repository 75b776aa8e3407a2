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

// What POST /account/3pid/email/requestToken sends, and when it sends again.
var _ = Describe("The mails of POST /account/3pid/email/requestToken", func() {

	request := func(email, clientSecret string, attempt int) JSON {
		return JSON{"email": email, "client_secret": clientSecret, "send_attempt": attempt}
	}

	It("sends one mail, to the address alone", Must("email-004-mail-sent-once-to-address"),
		func(ctx SpecContext) {
			address := fixtures.FreshEmail()
			answer := fixtures.Post(ctx, emailRequestToken, request(address, fixtures.FreshSecret(), 1))
			Expect(answer).To(HaveStatus(http.StatusOK))

			_, err := run.AwaitMails(ctx, address, 1)
			Expect(err).NotTo(HaveOccurred(), "no mail arrived at the address")

			mails := fixtures.MailsTo(ctx, address, 1)
			Expect(mails).To(HaveLen(1), "mails to the address")
			for _, recipient := range append(mails[0].Recipients, mails[0].Envelope...) {
				Expect(strings.ToLower(recipient)).To(Equal(address), "the mail has a recipient nobody asked for")
			}
		})

	It("mails what its reader needs to validate", Must("email-005-mail-lets-owner-validate"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			if session.SubmitURL == "" {
				Expect(fixtures.HasValidationLink(session)).To(BeTrue(), "the mail %q has no link to validate with", session.Mail.Subject)
				Expect(fixtures.LeadsHome(session)).To(BeTrue(), "no link of the mail leads to %s, where the server is: %q", run.PublicURL(), session.Mail.Links())
			} else {
				Expect(session.Mail.Tokens()).NotTo(BeEmpty(), "the mail %q has no code for submit_url", session.Mail.Subject)
			}
			session.Use(ctx)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		})

	It("mails the code that is to be submitted", Must("email-005-mail-lets-owner-validate"), On(EmailSubmitURL),
		func(ctx SpecContext) {
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			if session.SubmitURL == "" {
				NotTested("the homeserver offers no submit_url")
			}
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			Expect(session.Mail.Tokens()).NotTo(BeEmpty(), "the mail %q has no code for submit_url", session.Mail.Subject)
		})

	It("does not mail again for the same or a lower send_attempt", Must("email-016-resend-suppressed"),
		func(ctx SpecContext) {
			alice, address, clientSecret := fixtures.NewUser(ctx), fixtures.FreshEmail(), fixtures.FreshSecret()
			fixtures.RequestEmailToken(ctx, address, clientSecret, JSON{"send_attempt": 3})
			mail := fixtures.MailFor(ctx, address, 1)

			session := fixtures.EmailSession{Address: address, ClientSecret: clientSecret}
			for _, attempt := range []int{3, 2} {
				answer := fixtures.Post(ctx, emailRequestToken, request(address, clientSecret, attempt))
				Expect(answer).To(HaveStatus(http.StatusOK))
				session.SID, session.SubmitURL = answer.Text("sid"), answer.Text("submit_url")
			}
			Expect(fixtures.MailsTo(ctx, address, 1)).To(HaveLen(1), "mails after attempts 3, 3 and 2")

			// What was mailed first still validates the session answered last.
			session.ValidateWith(ctx, mail)
			Expect(alice.TryAdd(ctx, session.SID, clientSecret)).To(HaveStatus(http.StatusOK))
		})

	It("mails again for a greater send_attempt", Must("email-017-resend-on-greater-attempt"),
		func(ctx SpecContext) {
			address, clientSecret := fixtures.FreshEmail(), fixtures.FreshSecret()
			for i, attempt := range []int{1, 2, 7} {
				answer := fixtures.Post(ctx, emailRequestToken, request(address, clientSecret, attempt))
				Expect(answer).To(HaveStatus(http.StatusOK))
				mails, err := run.AwaitMails(ctx, address, i+1)
				Expect(err).NotTo(HaveOccurred(), "send_attempt %d", attempt)
				Expect(mails).To(HaveLen(i+1), "mails after send_attempt %d", attempt)
			}
		})

	It("counts attempts for each pair of address and client_secret", Must("email-018-attempt-scope"),
		func(ctx SpecContext) {
			addresses := []string{fixtures.FreshEmail(), fixtures.FreshEmail()}
			secrets := []string{fixtures.FreshSecret(), fixtures.FreshSecret()}
			for _, address := range addresses {
				for _, clientSecret := range secrets {
					Expect(fixtures.Post(ctx, emailRequestToken, request(address, clientSecret, 1))).To(HaveStatus(http.StatusOK))
				}
			}
			for _, address := range addresses {
				mails, err := run.AwaitMails(ctx, address, 2)
				Expect(err).NotTo(HaveOccurred(), "two secrets, each with send_attempt 1")
				Expect(mails).To(HaveLen(2), "mails for two secrets")
			}
		})
})
