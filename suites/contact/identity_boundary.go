package contact

import (
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
	"threepid-conformance/mockidserver/control"
)

// Where an account ends and an identity server begins: what the one has proven
// or holds is nothing to the other.
var _ = Describe("POST /account/3pid/add beside an identity server", func() {

	DescribeTable("refuses a session that an identity server has validated", Must("add-008-identity-server-session-rejected"),
		func(ctx SpecContext, named ...string) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.AtIdentityServer(ctx, alice).Validated(ctx, alice, control.Email, fixtures.FreshEmail())
			body := JSON{}
			for key, value := range session.Binding() {
				if slices.Contains(named, key) || key == "sid" || key == "client_secret" {
					body[key] = value
				}
			}

			Expect(alice.TryAddWith(ctx, body)).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Expect(called(ctx, session.Identity)).To(BeEmpty(), "the identity server was asked")
			alice.Add(ctx, fixtures.ValidateEmail(ctx)) // one of the homeserver's own
		},
		Entry("which is not named"),
		Entry("which is named", "id_server"),
		Entry("which is named with a token for it", "id_server", "id_access_token"),
	)

	It("binds nothing and calls no identity server", Must("add-012-not-bound-to-identity-server"),
		func(ctx SpecContext) {
			alice, address, clientSecret := fixtures.NewUser(ctx), fixtures.FreshEmail(), fixtures.FreshSecret()
			identity := fixtures.AtIdentityServer(ctx, alice)
			Expect(identity.Scope.Own(ctx, control.Address(address), control.ClientSecret(clientSecret))).To(Succeed())

			session := fixtures.RequestEmailToken(ctx, address, clientSecret)
			session.Validate(ctx)
			alice.Own(ctx, session)
			Expect(called(ctx, identity)).To(BeEmpty(), "the identity server was called")
			Expect(identity.Owner(ctx, address)).To(BeEmpty())
		})

	It("is what a new password takes, and not a bind", Should("add-014-bound-only-3pid-cannot-reset"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", answer)
			}
			alice := fixtures.NewUser(ctx)
			alice.NeedThrowAway()
			session := fixtures.AtIdentityServer(ctx, alice).BindEmail(ctx, alice)
			if session.Owner(ctx, session.Address) == "" {
				Blocked("bind3PID", "bind-005-success-200", "the bind was granted, and nothing is bound")
			}

			reset := fixtures.RequestPasswordReset(ctx, session.Address)
			Expect(reset.Answer).To(Or(HaveStatus(http.StatusOK), BeRefused()))
			if reset.SID != "" { // the answer may hide that there is no such account
				reset.UseAll(ctx, fixtures.MailsTo(ctx, session.Address, 1))
				_, answer := fixtures.ResetPassword(ctx, reset)
				Expect(answer).NotTo(beGranted(), "the address is only bound")
			}
		})
})

var _ = Describe("POST /account/3pid/email/requestToken beside an identity server", func() {

	It("does not take a bound address for one in use", Should("email-009-in-use-not-by-is-binding"),
		func(ctx SpecContext) {
			alice, bob, clientSecret := fixtures.NewUser(ctx), fixtures.NewUser(ctx), fixtures.FreshSecret()
			bound := fixtures.AtIdentityServer(ctx, alice).BindEmail(ctx, alice)

			answer := bob.Post(ctx, emailRequestToken, JSON{"client_secret": clientSecret, "email": bound.Address, "send_attempt": 1})
			Expect(answer).To(HaveStatus(http.StatusOK))
			mails, err := run.AwaitMails(ctx, bound.Address, 1)
			Expect(err).NotTo(HaveOccurred(), "no mail arrived")
			session := fixtures.SessionOf(answer, bound.Address, clientSecret)
			session.UseAll(ctx, mails)
			// A mail that only informs of a refusal validates nothing.
			Expect(bob.TryAdd(ctx, session.SID, session.ClientSecret)).To(BeOK())
		})
})

// called are the requests to an identity server. Those by which the homeserver
// asks its own SMS delegate about a session are left out: it cannot always know
// whose session it is given.
func called(ctx SpecContext, identity *fixtures.Identity) []string {
	GinkgoHelper()
	var seen []string
	for _, request := range identity.Requests(ctx, "") {
		if request.Listener == control.ServiceSMS && request.Endpoint == control.GetValidated3PID {
			continue
		}
		seen = append(seen, request.Method+" "+request.Target)
	}
	return seen
}
