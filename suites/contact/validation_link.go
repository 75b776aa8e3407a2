package contact

import (
	"net/http"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// The link in the mail. Its path, its parameters and its page are the
// homeserver's business, so what counts is whether /add accepts the session.
// identity-service-api/#get_matrixidentityv2validateemailsubmittoken
var _ = Describe("The mailed validation link", func() {

	const nextLink = "https://client.example/after?a=1"

	It("validates the session when it is opened, and not before", Must("val-001-link-validates"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())

			session.Use(ctx)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		})

	It("validates nothing when one of its parts is wrong", Must("val-002-wrong-token"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			for _, tamper := range fixtures.Tamperings {
				session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
				session.Mail = fixtures.MailFor(ctx, session.Address, 1)
				link, possible := tamper.Apply(session)
				if !possible {
					continue // this homeserver's links have no such part
				}
				fixtures.Open(ctx, link)
				Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK(), "after opening the link with %s", tamper.Name)
			}
			Expect(alice.Addresses(ctx)).To(BeEmpty())
			alice.Add(ctx, fixtures.ValidateEmail(ctx)) // an untouched link does validate
		})

	It("does not validate with the token of another session", Must("val-003-token-of-other-session"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			mine := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			mine.Mail = fixtures.MailFor(ctx, mine.Address, 1)
			other := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			other.Mail = fixtures.MailFor(ctx, other.Address, 1)

			link, separate := fixtures.SwapToken(mine, other)
			if !separate {
				Decline("single-parameter-link", nil)
			}
			fixtures.Open(ctx, link)
			Expect(alice.TryAdd(ctx, mine.SID, mine.ClientSecret)).NotTo(BeOK())
			Expect(alice.TryAdd(ctx, other.SID, other.ClientSecret)).NotTo(BeOK())
		})

	It("leads on to next_link, and only after it validated", Must("val-004-next-link-redirect"),
		func(ctx SpecContext) {
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1, "next_link": nextLink,
			})
			if Declined("next-link-refused", answer) {
				Decline("next-link-refused", answer)
			}
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret(), JSON{"next_link": nextLink})
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)

			if wrong, possible := fixtures.WrongToken.Apply(session); possible {
				visit := fixtures.Open(ctx, wrong)
				Expect(visit.LeadsTo(nextLink)).To(BeFalse(), "a wrong token leads to next_link\n%s", visit.Last)
			}
			visit := fixtures.Open(ctx, session.Link())
			Expect(visit.LeadsTo(nextLink)).To(BeTrue(), "the link does not lead to %s\n%s", nextLink, visit.Last)
		})

	It("ends on a page for people when there is no next_link", Should("val-005-no-next-link-human-page"),
		func(ctx SpecContext) {
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			page := fixtures.Open(ctx, session.Link()).Last
			Expect(page).To(HaveStatus(http.StatusOK))
			Expect(page.Header.Get("Content-Type")).To(MatchRegexp(`^text/(html|plain)`), "%s", page)
			Expect(page.Body).NotTo(BeEmpty())
		})

	It("may be opened twice", Should("val-012-link-idempotent"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.ValidateEmail(ctx)
			fixtures.Open(ctx, session.Link())
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		})

	It("carries a token of at most 255 characters", Must("val-013-token-length"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret())
			session.Mail = fixtures.MailFor(ctx, session.Address, 1)
			for _, token := range session.MailedTokens() {
				Expect(utf8.RuneCountInString(token)).To(BeNumerically("<=", 255), "characters of the token")
			}
		})
})
