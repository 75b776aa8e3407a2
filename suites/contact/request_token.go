package contact

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// What the two requestToken operations have in common: sids, client_secrets, and
// parameters that are there for identity servers and links. Tokens themselves are
// no part of it: those in SMS are made by our delegate, not by the homeserver.
// client-server-api/#post_matrixclientv3account3pidemailrequesttoken
// client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
var (
	_ = Describe("POST /account/3pid/email/requestToken as for every medium", Operation("requestTokenTo3PIDEmail"),
		func() { requestToken(fixtures.EmailMedium) })
	_ = Describe("POST /account/3pid/msisdn/requestToken as for every medium", Operation("requestTokenTo3PIDMSISDN"),
		func() { requestToken(fixtures.MSISDNMedium) })
)

func requestToken(medium fixtures.Medium) {

	It("makes sids of the allowed characters only", Must("email-003-sid-grammar"),
		func(ctx SpecContext) {
			for range 3 {
				answer := medium.Session(ctx).Opened()
				Expect(answer.Text("sid")).To(MatchRegexp(`\A[0-9a-zA-Z.=_-]{1,255}\z`), "%s", answer)
			}
		})

	It("says so with its own errcode when it rejects an identity server", May("email-013-server-not-trusted"),
		func(ctx SpecContext) {
			medium.Session(ctx) // without one
			answer := fixtures.Post(ctx, medium.Path, medium.Fresh(ctx).Request(fixtures.FreshSecret(), JSON{
				"id_server": "untrusted.example.org", "id_access_token": "not-a-token",
			}))
			if answer.OK() {
				Decline("not-rejected", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_SERVER_NOT_TRUSTED"))
		})

	It("sends the token itself, whatever identity server is named", Must("email-014-id-server-ignored"),
		func(ctx SpecContext) {
			medium.Session(ctx) // without one
			alice, recipient, clientSecret := fixtures.NewUser(ctx), medium.Fresh(ctx), fixtures.FreshSecret()
			identity := fixtures.AtIdentityServer(ctx, alice)
			token := identity.Token(ctx, alice)

			answer := fixtures.Post(ctx, medium.Path, recipient.Request(clientSecret, JSON{
				"id_server": identity.Name, "id_access_token": token,
			}))
			Expect(identity.RequestsAbout(ctx, recipient.Address, token)).To(BeEmpty(), "the identity server that the client named was called")
			if Declined("server-not-trusted", answer) {
				Decline("server-not-trusted", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusOK))
			session := recipient.Session(answer, clientSecret)
			session.Validate(ctx)
			Expect(alice.TryAddWith(ctx, session.Credentials())).To(HaveStatus(http.StatusOK))
		})

	It("copes with an identity server that comes without a token", May("email-015-id-access-token-with-id-server"),
		func(ctx SpecContext) {
			medium.Session(ctx) // without one
			answer := fixtures.Post(ctx, medium.Path, medium.Fresh(ctx).Request(fixtures.FreshSecret(), JSON{
				"id_server": "untrusted.example.org",
			}))
			Expect(answer.Status).To(BeNumerically("<", 500), "%s", answer)
		})

	DescribeTable("takes every client_secret of the allowed characters, to the end", Must("email-019-client-secret-accepted-grammar"),
		func(ctx SpecContext, clientSecret string) {
			alice, recipient := fixtures.NewUser(ctx), medium.Fresh(ctx)
			answer := fixtures.Post(ctx, medium.Path, recipient.Request(clientSecret))
			Expect(answer).To(HaveStatus(http.StatusOK))

			session := recipient.Session(answer, clientSecret)
			session.Validate(ctx)
			Expect(alice.TryAddWith(ctx, session.Credentials())).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).To(ConsistOf(recipient.Address))
		},
		Entry("one character", "0"),
		Entry("each kind of character", "Aa9.=_-"),
		Entry("255 characters", strings.Repeat("abcdefghijklmno", 17)),
	)

	DescribeTable("refuses other client_secrets and sends nothing", Should("email-020-client-secret-rejected-grammar"),
		func(ctx SpecContext, clientSecret string) {
			medium.Session(ctx) // with a good one
			recipient := medium.Fresh(ctx)
			Expect(fixtures.Post(ctx, medium.Path, recipient.Request(clientSecret))).To(BeRefused())
			Expect(recipient.Uninvited(ctx)).To(BeZero(), "messages sent")
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
			ask := func(more JSON) JSON { return medium.Fresh(ctx).Request(fixtures.FreshSecret(), more) }
			Expect(fixtures.Post(ctx, medium.Path, ask(nil))).To(HaveStatus(http.StatusOK))

			answer := fixtures.Post(ctx, medium.Path, ask(JSON{"next_link": "https://client.example/after?a=1"}))
			if Declined("next-link-refused", answer) {
				Decline("next-link-refused", answer)
			}
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(fixtures.Post(ctx, medium.Path, ask(JSON{"next_link": 7}))).To(BeRefused())
		})

	It("makes sids that nobody can guess from others", Should("email-022-sessions-unguessable"),
		func(ctx SpecContext) {
			var sids []string
			for range 10 {
				sids = append(sids, medium.Session(ctx).Opened().Text("sid"))
			}
			Expect(fixtures.Distinct(sids)).To(HaveLen(len(sids)), "some sids are the same")
			Expect(fixtures.CountUp(sids)).To(BeFalse(), "the sids count up: %v", sids)
		})

	It("answers like the requestToken of registration", Must("email-023-parity-with-register"),
		func(ctx SpecContext) {
			ours := fixtures.Post(ctx, medium.Path, medium.Fresh(ctx).Request(fixtures.FreshSecret()))
			theirs := fixtures.Post(ctx, medium.Register, medium.Fresh(ctx).Request(fixtures.FreshSecret()))
			if Declined("registration-not-enabled", theirs) {
				Decline("registration-not-enabled", theirs)
			}
			Expect(ours.Status/100).To(Equal(theirs.Status/100), "account:\n%s\nregister:\n%s", ours, theirs)
			Expect(fixtures.Keys(ours)).To(ConsistOf(fixtures.Keys(theirs)), "account:\n%s\nregister:\n%s", ours, theirs)
		})
}
