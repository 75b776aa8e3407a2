package contact

import (
	"net/http"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The link in the mail. Its path, its parameters and its page are the
// homeserver's business, so what counts is whether /add accepts the session.
// identity-service-api/#get_matrixidentityv2validateemailsubmittoken
var _ = Describe("The mailed validation link", func() {

	const nextLink = "https://client.example/after?a=1"

	It("validates the session when it is opened, and not before", Must("val-001-link-validates"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.Receive(ctx)
			expectNotAddable(ctx, alice, session)

			session.Use(ctx)
			Expect(alice.Add(ctx, session)).To(BeGranted())
		})

	It("validates nothing when one of its parts is wrong", Must("val-002-wrong-token"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			for _, tamper := range sessions.Tamperings {
				session := sessions.Email.Receive(ctx)
				link, possible := tamper.Apply(session)
				if !possible {
					continue // this homeserver's links have no such part
				}
				api.Open(ctx, link)
				expectNotAddable(ctx, alice, session)
			}
			Expect(alice.Addresses(ctx)).To(BeEmpty())
			alice.MustAdd(ctx, sessions.Email.Validate(ctx)) // an untouched link does validate
		})

	It("does not validate with the token of another session", Must("val-003-token-of-other-session"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			mine := sessions.Email.Receive(ctx)
			other := sessions.Email.Receive(ctx)

			link, separate := sessions.SwapToken(mine, other)
			if !separate {
				Decline("single-parameter-link", nil)
			}
			api.Open(ctx, link)
			expectNotAddable(ctx, alice, mine)
			expectNotAddable(ctx, alice, other)
		})

	It("leads on to next_link, and only after it validated", Must("val-004-next-link-redirect"),
		func(ctx SpecContext) {
			sessions.Email.Added(ctx) // by a link that validates
			session := sessions.Email.Request(ctx, api.With("next_link", nextLink))
			MayDecline("next-link-refused", session.Response)
			session.MustBeOpen()
			session.Receive(ctx)

			if wrong, possible := sessions.WrongToken.Apply(session); possible {
				visit := api.Open(ctx, wrong)
				Expect(visit.LeadsTo(nextLink)).To(BeFalse(), "a wrong token leads to next_link\n%s", visit.Last)
			}
			visit := api.Open(ctx, session.Link())
			Expect(visit.LeadsTo(nextLink)).To(BeTrue(), "the link does not lead to %s\n%s", nextLink, visit.Last)
		})

	It("ends on a page for people when there is no next_link", Should("val-005-no-next-link-human-page"),
		func(ctx SpecContext) {
			sessions.Email.Added(ctx) // by a link that validates
			session := sessions.Email.Receive(ctx)
			page := api.Open(ctx, session.Link()).Last
			Expect(page).To(HaveStatus(http.StatusOK))
			Expect(page.Header.Get("Content-Type")).To(MatchRegexp(`^text/(html|plain)`), "%s", page)
			Expect(page.Body).NotTo(BeEmpty())
		})

	It("may be opened twice", Should("val-012-link-idempotent"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.Validate(ctx)
			api.Open(ctx, session.Link())
			expectAddable(ctx, alice, session)
		})

	It("carries a token of at most 255 characters", Must("val-013-token-length"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			session := sessions.Email.Receive(ctx)
			for _, token := range session.Tokens() {
				Expect(utf8.RuneCountInString(token)).To(BeNumerically("<=", 255), "characters of the token")
			}
		})
})
