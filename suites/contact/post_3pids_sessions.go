package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Credentials that POST /account/3pid may not accept. Beside each stands a
// session that the homeserver takes.
var _ = Describe("POST /account/3pid with wrong credentials", func() {

	DescribeTable("refuses a body without three_pid_creds", Must("post-002-requires-three-pid-creds"),
		func(ctx SpecContext, body func(*identity.Session) JSON) {
			source, alice := identity.AcceptedSource(ctx), users.New(ctx)
			session := source.Validate(ctx, alice)

			Expect(alice.Post(ctx, "/account/3pid", body(session))).NotTo(BeGranted())
			Expect(becameOf(ctx, alice, session)).To(BeEmpty())
			Expect(alice.Post(ctx, "/account/3pid", session.ThreePIDCreds())).To(BeGranted())
		},
		Entry("that is empty", func(*identity.Session) JSON { return JSON{} }),
		Entry("that has the credentials at the top", (*identity.Session).Binding),
	)

	DescribeTable("refuses credentials without a required key", Must("post-003-creds-required-fields"),
		func(ctx SpecContext, key string) {
			source, alice := identity.AcceptedSource(ctx), users.New(ctx)
			session := source.Validate(ctx, alice)
			incomplete := session.Binding()
			delete(incomplete, key)

			Expect(alice.Post(ctx, "/account/3pid", JSON{"three_pid_creds": incomplete})).NotTo(BeGranted())
			Expect(becameOf(ctx, alice, session)).To(BeEmpty())
			Expect(alice.Post(ctx, "/account/3pid", session.ThreePIDCreds())).To(BeGranted())
		},
		Entry("client_secret", "client_secret"),
		Entry("sid", "sid"),
	)

	It("refuses credentials that no session stands behind", Must("post-004-auth-failed-403"),
		func(ctx SpecContext) {
			source, alice := identity.AcceptedSource(ctx), users.New(ctx)
			session := source.Validate(ctx, alice)
			unknown := *session
			unknown.SID, unknown.ClientSecret = sessions.OtherThan(session.SID), api.FreshSecret()

			response := alice.Post(ctx, "/account/3pid", unknown.ThreePIDCreds())
			Expect(response).NotTo(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Strictly(func(g Gomega) {
				g.Expect(response).To(HaveStatus(http.StatusForbidden))
				g.Expect(response).To(HaveErrcode("M_THREEPID_AUTH_FAILED"))
			})
			Expect(alice.Post(ctx, "/account/3pid", session.ThreePIDCreds())).To(BeGranted())
		})

	It("refuses a session that nobody has validated", Must("post-005-unvalidated-session-rejected"),
		func(ctx SpecContext) {
			identity.AcceptedSource(ctx) // it takes one that is validated
			for _, source := range identity.Sources() {
				alice := users.New(ctx)
				session := source.Request(ctx, alice)

				response := alice.Post(ctx, "/account/3pid", session.ThreePIDCreds())
				Expect(response).NotTo(BeGranted(), "a session of %s", source.Name)
				Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "a session of %s:\n%s", source.Name, response)
				Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "a session of %s:\n%s", source.Name, response)
			}
		})

	It("refuses a validated session with another client_secret", Must("post-006-wrong-client-secret"),
		func(ctx SpecContext) {
			accepted := identity.AcceptedSource(ctx)
			for _, source := range identity.Sources() {
				alice := users.New(ctx)
				session := source.Validate(ctx, alice)
				mismatched := *session
				mismatched.ClientSecret = api.FreshSecret()

				response := alice.Post(ctx, "/account/3pid", mismatched.ThreePIDCreds())
				Expect(response).NotTo(BeGranted(), "a session of %s", source.Name)
				Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "a session of %s:\n%s", source.Name, response)
				Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "a session of %s:\n%s", source.Name, response)
				if source == accepted {
					Expect(alice.Post(ctx, "/account/3pid", session.ThreePIDCreds())).To(BeGranted()) // with the right one
				}
			}
		})
})
