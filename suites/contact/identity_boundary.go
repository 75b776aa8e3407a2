package contact

import (
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// Where an account ends and an identity server begins: what the one has proven
// or holds is nothing to the other.
var _ = Describe("POST /account/3pid/add beside an identity server", func() {

	DescribeTable("refuses a session that an identity server has validated", Must("add-008-identity-server-session-rejected"),
		func(ctx SpecContext, named ...string) {
			alice := users.New(ctx)
			session := identity.New(ctx, alice).Validate(ctx, alice)
			body := JSON{}
			for key, value := range session.Binding() {
				if slices.Contains(named, key) || key == "sid" || key == "client_secret" {
					body[key] = value
				}
			}

			Expect(alice.Authenticate(ctx, alice.Post(ctx, "/account/3pid/add", body))).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Expect(called(ctx, session.Server)).To(BeEmpty(), "the identity server was asked")
			alice.MustAdd(ctx, sessions.Email.Validate(ctx)) // one of the homeserver's own
		},
		Entry("which is not named"),
		Entry("which is named", "id_server"),
		Entry("which is named with a token for it", "id_server", "id_access_token"),
	)

	It("binds nothing and calls no identity server", Must("add-012-not-bound-to-identity-server"),
		func(ctx SpecContext) {
			alice, email, clientSecret := users.New(ctx), sessions.Email.Fresh(ctx), api.FreshSecret()
			server := identity.New(ctx, alice)
			server.Watch(ctx, control.Address(email.Address), control.ClientSecret(clientSecret))

			session := email.MustRequest(ctx, api.With("client_secret", clientSecret))
			session.Validate(ctx)
			alice.MustAdd(ctx, session)
			Expect(called(ctx, server)).To(BeEmpty(), "the identity server was called")
			Expect(server.Owner(ctx, email.Address)).To(BeEmpty())
		})

	It("is what a new password takes, and not a bind", Should("add-014-bound-only-3pid-cannot-reset"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", response)
			}
			alice := users.New(ctx)
			alice.NeedThrowAway()
			bound := sessions.Email.Fresh(ctx)
			session := identity.New(ctx, alice).ValidateFor(ctx, alice, bound)
			session.MustBind(ctx)
			expectNoReset(ctx, alice, bound)
		})
})

var _ = Describe("POST /account/3pid/email/requestToken beside an identity server", func() {

	It("does not take a bound address for one in use", Should("email-009-in-use-not-by-is-binding"),
		func(ctx SpecContext) {
			alice, bob, email := users.New(ctx), users.New(ctx), sessions.Email.Fresh(ctx)
			identity.New(ctx, alice).ValidateFor(ctx, alice, email).MustBind(ctx)

			sessions.Email.Receive(ctx) // for one that nobody has bound
			session := email.Request(ctx, api.WithToken(bob.Token))
			Expect(session.Response).To(BeGranted())
			mails, err := email.Await(ctx, 1)
			Expect(err).NotTo(HaveOccurred(), "no mail arrived")
			session.UseAll(ctx, mails)
			// A mail that only informs of a refusal validates nothing.
			expectAddable(ctx, bob, session)
		})
})

// called are the requests to an identity server. Those by which the homeserver
// asks its own SMS delegate about a session are left out: it cannot always know
// whose session it is given.
func called(ctx SpecContext, server *identity.Server) []string {
	GinkgoHelper()
	var seen []string
	for _, request := range server.Requests(ctx, "") {
		if request.Listener == control.ServiceSMS && request.Endpoint == control.GetValidated3PID {
			continue
		}
		seen = append(seen, request.Method+" "+request.Target)
	}
	return seen
}
