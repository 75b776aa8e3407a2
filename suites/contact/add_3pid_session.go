package contact

import (
	"crypto/rand"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
)

// Validation sessions that POST /account/3pid/add may not accept. Whether they
// are looked at before or after the authentication is the homeserver's business,
// so each request goes through it as far as it is asked to.
var _ = Describe("POST /account/3pid/add with a wrong session", func() {

	DescribeTable("refuses a request without a required key", Must("add-004-requires-sid-and-secret"),
		func(ctx SpecContext, key string) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			request := session.Credentials()
			delete(request, key)

			Expect(alice.Authenticate(ctx, alice.Post(ctx, "/account/3pid/add", request))).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // with both keys
		},
		Entry("sid", "sid"),
		Entry("client_secret", "client_secret"),
	)

	It("refuses a session until it is validated", Must("add-005-session-must-be-validated"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := sessions.Email.MustRequest(ctx)
			Expect(alice.Add(ctx, session)).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))

			session.Validate(ctx)
			alice.MustAdd(ctx, session) // the same session, now validated
		})

	DescribeTable("refuses a sid that was never issued", Must("add-006-unknown-sid"),
		func(ctx SpecContext, unknown func(sid string) string) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			wrong := *session
			wrong.SID = unknown(session.SID)
			Expect(alice.Add(ctx, &wrong)).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // by the right sid
		},
		Entry("that differs in its last character", sessions.OtherThan),
		Entry("that looks unlike those of the homeserver", func(string) string { return "0." + rand.Text() }),
	)

	DescribeTable("refuses a validated session with another client_secret", Must("add-007-client-secret-must-match"),
		func(ctx SpecContext, alter func(clientSecret string) string) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			wrong := *session
			wrong.ClientSecret = alter(session.ClientSecret)
			run.Secret("client_secret", wrong.ClientSecret)

			Expect(alice.Add(ctx, &wrong)).To(BeRefused())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			alice.MustAdd(ctx, session) // with the right one
		},
		Entry("that is altogether different", func(string) string { return api.FreshSecret() }),
		Entry("in another letter case", strings.ToLower),
		Entry("that is its beginning", func(clientSecret string) string { return clientSecret[:len(clientSecret)/2] }),
		Entry("that begins with it", func(clientSecret string) string { return clientSecret + "x" }),
	)
})
