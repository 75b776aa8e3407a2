package contact

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
)

// What POST /account/3pid/email/requestToken sends, and when it sends again.
var _ = Describe("The mails of POST /account/3pid/email/requestToken", func() {

	It("sends one mail, to the address alone", Must("email-004-mail-sent-once-to-address"),
		func(ctx SpecContext) {
			email := sessions.Email.MustRequest(ctx).Recipient
			_, err := email.Await(ctx, 1)
			Expect(err).NotTo(HaveOccurred(), "no mail arrived at the address")

			mails := email.MessagesAtMost(ctx, 1)
			Expect(mails).To(HaveLen(1), "mails to the address")
			for _, recipient := range append(mails[0].Recipients, mails[0].Envelope...) {
				Expect(strings.ToLower(recipient)).To(Equal(email.Address), "the mail has a recipient nobody asked for")
			}
		})

	It("mails what its reader needs to validate", Must("email-005-mail-lets-owner-validate"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.Receive(ctx)
			if session.SubmitURL == "" {
				Expect(session.HasLink()).To(BeTrue(), "the mail %q has no link to validate with", session.Message.Subject)
				Expect(session.LeadsHome()).To(BeTrue(), "no link of the mail leads to %s, where the server is: %q", run.PublicURL(), session.Message.Links())
			} else {
				Expect(session.Message.Codes()).NotTo(BeEmpty(), "the mail %q has no code for submit_url", session.Message.Subject)
			}
			session.Use(ctx)
			Expect(alice.Add(ctx, session)).To(BeGranted())
		})

	It("mails the code that is to be submitted", Must("email-005-mail-lets-owner-validate"), On(EmailSubmitURL),
		func(ctx SpecContext) {
			session := sessions.Email.MustRequest(ctx)
			if session.SubmitURL == "" {
				NotTested("the homeserver offers no submit_url")
			}
			session.Receive(ctx)
			Expect(session.Message.Codes()).NotTo(BeEmpty(), "the mail %q has no code for submit_url", session.Message.Subject)
		})

	It("does not mail again for the same or a lower send_attempt", Must("email-016-resend-suppressed"),
		func(ctx SpecContext) {
			alice, first := users.New(ctx), sessions.Email.Receive(ctx, api.With("send_attempt", 3))

			session := first
			for _, attempt := range []int{3, 2} {
				session = first.Again(ctx, api.With("send_attempt", attempt))
				Expect(session.Response).To(BeGranted())
			}
			Expect(first.Recipient.MessagesAtMost(ctx, 1)).To(HaveLen(1), "mails after attempts 3, 3 and 2")

			// What was mailed first still validates the session answered last.
			session.Message = first.Message
			session.Use(ctx)
			expectAddable(ctx, alice, session)
		})

	It("mails again for a greater send_attempt", Must("email-017-resend-on-greater-attempt"),
		func(ctx SpecContext) {
			sessions.Email.Receive(ctx)
			email, clientSecret := sessions.Email.Fresh(ctx), api.FreshSecret()
			for i, attempt := range []int{1, 2, 7} {
				email.MustRequest(ctx, api.With("client_secret", clientSecret), api.With("send_attempt", attempt))
				mails, err := email.Await(ctx, i+1)
				Expect(err).NotTo(HaveOccurred(), "send_attempt %d", attempt)
				Expect(mails).To(HaveLen(i+1), "mails after send_attempt %d", attempt)
			}
		})

	It("counts attempts for each pair of address and client_secret", Must("email-018-attempt-scope"),
		func(ctx SpecContext) {
			sessions.Email.Receive(ctx)
			emails := []*sessions.Recipient{sessions.Email.Fresh(ctx), sessions.Email.Fresh(ctx)}
			secrets := []string{api.FreshSecret(), api.FreshSecret()}
			for _, email := range emails {
				for _, clientSecret := range secrets {
					email.MustRequest(ctx, api.With("client_secret", clientSecret))
				}
			}
			for _, email := range emails {
				mails, err := email.Await(ctx, 2)
				Expect(err).NotTo(HaveOccurred(), "two secrets, each with send_attempt 1")
				Expect(mails).To(HaveLen(2), "mails for two secrets")
			}
		})
})
