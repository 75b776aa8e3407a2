package contact

import (
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// POST /account/3pid — client-server-api/#post_matrixclientv3account3pid
//
// The operation is deprecated, and the specification contradicts itself on
// whether it adds an identifier to the account or binds it at the identity
// server. So either is right, with sessions of either: a spec takes those that
// the homeserver takes. post_3pids_sessions.go is about sessions that will not do.
var _ = Describe("POST /account/3pid", func() {

	It("is served although it is deprecated", Must("post-001-deprecated-still-served"),
		func(ctx SpecContext) {
			responses := postOfEach(ctx)
			for _, response := range responses {
				Expect(response).NotTo(And(HaveStatus(http.StatusNotFound, http.StatusMethodNotAllowed), HaveErrcode("M_UNRECOGNIZED")))
			}
			needGranted(responses)
		})

	It("accepts a validated session with 200 and an object", Must("post-007-success-200"),
		func(ctx SpecContext) {
			responses := postOfEach(ctx)
			for _, response := range responses {
				if !response.OK() {
					continue
				}
				Expect(response).To(HaveStatus(http.StatusOK))
				Expect(response.JSON).NotTo(BeNil(), "%s", response)
				if submitURL, present := response.JSON["submit_url"]; present {
					Expect(submitURL).To(MatchRegexp(`^https?://`), "%s", response)
				}
				return
			}
			if Declined("changes-disabled", responses[0]) && users.ChangesDisabled(users.New(ctx).Get(ctx, "/capabilities")) {
				Decline("changes-disabled", responses[0])
			}
			Expect(responses).To(ContainElement(HaveStatus(http.StatusOK)), "a session validated by the homeserver, and one by the identity server")
		})

	DescribeTable("either adds or binds, and never both", Must("post-008-single-purpose"),
		func(ctx SpecContext, more JSON) {
			granted := 0
			for _, source := range identity.Sources() {
				alice := users.New(ctx)
				session := source.Validate(ctx, alice)
				response := alice.Post(ctx, "/account/3pid", withKeys(session.ThreePIDCreds(), more))
				if !response.OK() {
					continue
				}
				granted++
				Expect(becameOf(ctx, alice, session)).To(HaveLen(1), "what became of the address:\n%s", response)
			}
			if granted == 0 {
				identity.AcceptedSource(ctx) // says what stands in the way
			}
		},
		Entry("without bind", nil),
		Entry("with bind: true", JSON{"bind": true}),
	)

	It("takes no notice of the former key bind", Must("post-009-bind-parameter-ignored"),
		func(ctx SpecContext) {
			source := identity.AcceptedSource(ctx)
			post := func(more JSON) (*exchange.Response, []string) {
				alice := users.New(ctx)
				session := source.Validate(ctx, alice)
				response := alice.Post(ctx, "/account/3pid", withKeys(session.ThreePIDCreds(), more))
				return response, becameOf(ctx, alice, session)
			}
			without, effect := post(nil)
			for _, value := range []any{true, false, "nonsense"} {
				with, same := post(JSON{"bind": value})
				Expect(with).To(HaveStatus(without.Status), "bind is %v", value)
				Expect(same).To(Equal(effect), "what became of the address with bind %v:\n%s", value, with)
			}
		})

	It("asks for no auth", Should("post-010-no-uia"),
		func(ctx SpecContext) {
			responses := postOfEach(ctx)
			for _, response := range responses {
				Expect(response).NotTo(BeChallenge())
			}
			needGranted(responses)
		})

	It("leaves an address with the account that has it", Should("post-011-other-users-3pid"),
		func(ctx SpecContext) {
			identity.AcceptedSource(ctx) // it takes an address that nobody has
			alice, bob, email := users.New(ctx), users.New(ctx), sessions.Email.Fresh(ctx)
			first, second := email.Validate(ctx), email.Validate(ctx) // later there are none to be had
			alice.MustAdd(ctx, first)

			server := identity.New(ctx, bob)
			for _, his := range []*identity.Session{
				server.Beside(ctx, bob, second),
				server.ValidateFor(ctx, bob, email),
			} {
				response := bob.Post(ctx, "/account/3pid", his.ThreePIDCreds())
				Expect(alice.Addresses(ctx)).To(ContainElement(email.Address), "somebody else has posted it:\n%s", response)
				Expect(bob.Addresses(ctx)).NotTo(ContainElement(email.Address), "somebody else has it:\n%s", response)
			}
		})
})

// postOfEach sends a validated session of each source, by users of their own.
func postOfEach(ctx SpecContext) (responses []*exchange.Response) {
	GinkgoHelper()
	for _, source := range identity.Sources() {
		alice := users.New(ctx)
		responses = append(responses, alice.Post(ctx, "/account/3pid", source.Validate(ctx, alice).ThreePIDCreds()))
	}
	return responses
}

// needGranted ends the spec as blocked when none of the answers grants anything:
// a homeserver that refuses everything shows nothing else.
func needGranted(responses []*exchange.Response) {
	GinkgoHelper()
	if !slices.ContainsFunc(responses, (*exchange.Response).OK) {
		Blocked("post3PIDs", "post-007-success-200", "no validated session was taken:\n%s", responses[0])
	}
}

// withKeys is a body with more keys.
func withKeys(body, more JSON) JSON {
	for key, value := range more {
		body[key] = value
	}
	return body
}
