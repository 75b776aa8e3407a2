package contact

import (
	"maps"
	"math/big"
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// What the two requestToken operations have in common: sids, client_secrets, and
// parameters that are there for identity servers and links. Tokens themselves are
// no part of it: those in SMS are made by our delegate, not by the homeserver.
// client-server-api/#post_matrixclientv3account3pidemailrequesttoken
// client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
var (
	_ = Describe("POST /account/3pid/email/requestToken as for every medium", Operation("requestTokenTo3PIDEmail"),
		func() { requestToken(sessions.Email) })
	_ = Describe("POST /account/3pid/msisdn/requestToken as for every medium", Operation("requestTokenTo3PIDMSISDN"),
		func() { requestToken(sessions.MSISDN) })
)

func requestToken(medium sessions.Medium) {

	It("makes sids of the allowed characters only", Must("email-003-sid-grammar"),
		func(ctx SpecContext) {
			for range 3 {
				response := medium.MustRequest(ctx).Response
				Expect(response.Text("sid")).To(MatchRegexp(`\A[0-9a-zA-Z.=_-]{1,255}\z`), "%s", response)
			}
		})

	It("says so with its own errcode when it rejects an identity server", May("email-013-server-not-trusted"),
		func(ctx SpecContext) {
			medium.MustRequest(ctx) // without one
			response := medium.Request(ctx, api.With("id_server", "untrusted.example.org"), api.With("id_access_token", "not-a-token")).Response
			if response.OK() {
				Decline("not-rejected", response)
			}
			Expect(response).To(HaveStatus(http.StatusBadRequest))
			Expect(response).To(HaveErrcode("M_SERVER_NOT_TRUSTED"))
		})

	It("sends the token itself, whatever identity server is named", Must("email-014-id-server-ignored"),
		func(ctx SpecContext) {
			medium.MustRequest(ctx) // without one
			alice, recipient := users.New(ctx), medium.Fresh(ctx)
			server := identity.New(ctx, alice)
			token := server.Token(ctx, alice)

			session := recipient.Request(ctx, api.With("id_server", server.Name), api.With("id_access_token", token))
			Expect(server.RequestsAbout(ctx, recipient.Address, token)).To(BeEmpty(), "the identity server that the client named was called")
			MayDecline("server-not-trusted", session.Response)
			Expect(session.Response).To(BeGranted())
			session.Validate(ctx)
			expectAddable(ctx, alice, session)
		})

	It("copes with an identity server that comes without a token", May("email-015-id-access-token-with-id-server"),
		func(ctx SpecContext) {
			medium.MustRequest(ctx) // without one
			response := medium.Request(ctx, api.With("id_server", "untrusted.example.org")).Response
			Expect(response.Status).To(BeNumerically("<", 500), "%s", response)
		})

	DescribeTable("takes every client_secret of the allowed characters, to the end", Must("email-019-client-secret-accepted-grammar"),
		func(ctx SpecContext, clientSecret string) {
			medium.MustRequest(ctx) // with an ordinary one
			alice, recipient := users.New(ctx), medium.Fresh(ctx)
			session := recipient.Request(ctx, api.With("client_secret", clientSecret))
			Expect(session.Response).To(BeGranted())

			session.Validate(ctx)
			expectAddable(ctx, alice, session)
		},
		Entry("one character", "0"),
		Entry("each kind of character", "Aa9.=_-"),
		Entry("255 characters", strings.Repeat("abcdefghijklmno", 17)),
	)

	DescribeTable("refuses other client_secrets and sends nothing", Should("email-020-client-secret-rejected-grammar"),
		func(ctx SpecContext, clientSecret string) {
			medium.MustRequest(ctx) // with a good one
			recipient := medium.Fresh(ctx)
			Expect(recipient.Request(ctx, api.With("client_secret", clientSecret)).Response).To(BeRefused())
			Expect(recipient.MessagesAtMost(ctx, 0)).To(BeEmpty(), "messages sent")
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
			Expect(Authorized(medium.Request(ctx).Response)).To(BeGranted())

			response := medium.Request(ctx, api.With("next_link", "https://client.example/after?a=1")).Response
			MayDecline("next-link-refused", response)
			Expect(response).To(BeGranted())
			Expect(medium.Request(ctx, api.With("next_link", 7)).Response).To(BeRefused())
		})

	It("makes sids that nobody can guess from others", Should("email-022-sessions-unguessable"),
		func(ctx SpecContext) {
			var sids []string
			for range 10 {
				sids = append(sids, medium.MustRequest(ctx).SID)
			}
			Expect(slices.Compact(slices.Sorted(slices.Values(sids)))).To(HaveLen(len(sids)), "some sids are the same")
			Expect(countUp(sids, 10) || countUp(sids, 16)).To(BeFalse(), "the sids count up: %v", sids)
		})

	It("answers like the requestToken of registration", Must("email-023-parity-with-register"),
		func(ctx SpecContext) {
			ours := medium.MustRequest(ctx).Response
			theirs := medium.Fresh(ctx).RequestAt(ctx, "/register/"+medium.Name+"/requestToken").Response
			MayDecline("registration-not-enabled", theirs)
			Expect(ours.Status/100).To(Equal(theirs.Status/100), "account:\n%s\nregister:\n%s", ours, theirs)
			Expect(slices.Collect(maps.Keys(ours.JSON))).To(ConsistOf(slices.Collect(maps.Keys(theirs.JSON))), "account:\n%s\nregister:\n%s", ours, theirs)
		})
}

// countUp reports whether all sids are numbers to this base, each following the
// one before within a small step: other processes ask for sessions in between.
func countUp(sids []string, base int) bool {
	var last *big.Int
	for _, sid := range sids {
		n, ok := new(big.Int).SetString(sid, base)
		if !ok {
			return false
		}
		if last != nil {
			step := new(big.Int).Sub(n, last)
			if step.Sign() <= 0 || step.Cmp(big.NewInt(16)) > 0 {
				return false
			}
		}
		last = n
	}
	return true
}
