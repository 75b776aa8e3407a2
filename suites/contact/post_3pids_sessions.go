package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// Credentials that POST /account/3pid may not accept. Beside each stands a
// session that the homeserver takes.
var _ = Describe("POST /account/3pid with wrong credentials", func() {

	DescribeTable("refuses a body without three_pid_creds", Must("post-002-requires-three-pid-creds"),
		func(ctx SpecContext, body func(*fixtures.IdentitySession) JSON) {
			source, alice := fixtures.AcceptedSource(ctx), fixtures.NewUser(ctx)
			session := source.Validated(ctx, alice)

			Expect(alice.Post(ctx, postPath, body(session))).To(BeRefused())
			Expect(becameOf(ctx, alice, session)).To(BeEmpty())
			Expect(alice.PostCreds(ctx, session)).To(BeOK())
		},
		Entry("that is empty", func(*fixtures.IdentitySession) JSON { return JSON{} }),
		Entry("that has the credentials at the top", (*fixtures.IdentitySession).Binding),
	)

	DescribeTable("refuses credentials without a required key", Must("post-003-creds-required-fields"),
		func(ctx SpecContext, key string) {
			source, alice := fixtures.AcceptedSource(ctx), fixtures.NewUser(ctx)
			session := source.Validated(ctx, alice)
			incomplete := session.Binding()
			delete(incomplete, key)

			Expect(alice.Post(ctx, postPath, JSON{"three_pid_creds": incomplete})).To(BeRefused())
			Expect(becameOf(ctx, alice, session)).To(BeEmpty())
			Expect(alice.PostCreds(ctx, session)).To(BeOK())
		},
		Entry("client_secret", "client_secret"),
		Entry("sid", "sid"),
	)

	It("refuses credentials that no session stands behind", Must("post-004-auth-failed-403"),
		func(ctx SpecContext) {
			source, alice := fixtures.AcceptedSource(ctx), fixtures.NewUser(ctx)
			session := source.Validated(ctx, alice)
			unknown := *session
			unknown.SID, unknown.ClientSecret = fixtures.OtherThan(session.SID), fixtures.FreshSecret()

			answer := alice.PostCreds(ctx, &unknown)
			Expect(answer).NotTo(beGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			Strictly(func(g Gomega) {
				g.Expect(answer).To(HaveStatus(http.StatusForbidden))
				g.Expect(answer).To(HaveErrcode("M_THREEPID_AUTH_FAILED"))
			})
			Expect(alice.PostCreds(ctx, session)).To(BeOK())
		})

	It("refuses a session that nobody has validated", Must("post-005-unvalidated-session-rejected"),
		func(ctx SpecContext) {
			fixtures.AcceptedSource(ctx) // it takes one that is validated
			for _, source := range fixtures.PostSources() {
				alice := fixtures.NewUser(ctx)
				session := source.Unvalidated(ctx, alice)

				answer := alice.PostCreds(ctx, session)
				Expect(answer).NotTo(beGranted(), "a session of %s", source.Name)
				Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "a session of %s:\n%s", source.Name, answer)
				Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "a session of %s:\n%s", source.Name, answer)
			}
		})

	It("refuses a validated session with another client_secret", Must("post-006-wrong-client-secret"),
		func(ctx SpecContext) {
			accepted := fixtures.AcceptedSource(ctx)
			for _, source := range fixtures.PostSources() {
				alice := fixtures.NewUser(ctx)
				session := source.Validated(ctx, alice)
				mismatched := *session
				mismatched.ClientSecret = fixtures.FreshSecret()

				answer := alice.PostCreds(ctx, &mismatched)
				Expect(answer).NotTo(beGranted(), "a session of %s", source.Name)
				Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "a session of %s:\n%s", source.Name, answer)
				Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "a session of %s:\n%s", source.Name, answer)
				if source == accepted {
					Expect(alice.PostCreds(ctx, session)).To(BeOK()) // with the right one
				}
			}
		})
})
