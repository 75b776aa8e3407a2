package contact

import (
	"maps"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// POST /account/3pid/bind — client-server-api/#post_matrixclientv3account3pidbind
//
// What reaches the identity server is read from the journal of ours. A
// homeserver asks it before it answers, so nothing has to be waited for.
var _ = Describe("POST /account/3pid/bind", func() {

	DescribeTable("refuses a request without a required key and calls nobody", Must("bind-001-required-fields"),
		func(ctx SpecContext, key string) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			complete := server.Validate(ctx, alice).Binding()
			incomplete := maps.Clone(complete)
			delete(incomplete, key)

			response := alice.Post(ctx, "/account/3pid/bind", incomplete)
			Expect(server.Requests(ctx, "")).To(BeEmpty(), "a refused request must call nobody\n%s", response)
			Granted(alice.Post(ctx, "/account/3pid/bind", complete))
			Expect(response).NotTo(BeGranted())
		},
		Entry("client_secret", "client_secret"),
		Entry("id_server", "id_server"),
		Entry("id_access_token", "id_access_token"),
		Entry("sid", "sid"),
	)

	It("asks the named identity server once, by its v2 API", Must("bind-002-calls-is-v2-bind"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			server, other := identity.New(ctx, alice), identity.Other(ctx, alice)
			session := server.Validate(ctx, alice)

			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(other.Requests(ctx, "")).To(BeEmpty(), "an identity server that nobody named was called")
			requests := server.Requests(ctx, "")
			if len(requests) == 0 {
				Granted(response)
			}
			Expect(requests).To(HaveLen(1), "requests at the identity server: %v", requests)
			Expect(requests[0].Method + " " + requests[0].Target).To(Equal("POST /_matrix/identity/v2/3pid/bind"))
			Expect(requests[0].Connection.TLS).NotTo(BeEmpty(), "the request did not come over TLS")
		})

	It("forwards the session as it is, and the caller's user ID", Must("bind-003-forwarded-body"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			server := identity.New(ctx, alice)
			session := server.Validate(ctx, alice)
			body := session.Binding()
			body["mxid"] = bob.ID // whoever the client names, the caller is meant

			response := alice.Post(ctx, "/account/3pid/bind", body)
			sent, err := bindRequest(ctx, session, response).JSON()
			if err != nil {
				Blocked("bind3PID", "isc-001-https-and-json", "the identity server was not asked in JSON: %v", err)
			}
			Expect(sent).To(And(
				HaveKeyWithValue("sid", session.SID),
				HaveKeyWithValue("client_secret", session.ClientSecret),
				HaveKeyWithValue("mxid", alice.ID),
			))
			Granted(response)
			Expect(server.Owner(ctx, session.Address)).To(Equal(alice.ID))
		})

	It("sends the identity server the token that is for it, and never its own", Must("bind-004-id-access-token-forwarded"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := identity.New(ctx, alice).Validate(ctx, alice)
			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			request := bindRequest(ctx, session, response)
			Expect(request.Credentials.Kind).To(BeElementOf(control.BearerHeader, control.BearerQuery))
			Expect(request.Credentials.Token == session.Token).To(BeTrue(), "another token than id_access_token was sent")
			Expect(everythingIn(request)).NotTo(ContainSubstring(alice.Token), "the homeserver's own token was sent")
		})

	It("succeeds when the identity server has bound the address", Must("bind-005-success-200"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			session := server.Validate(ctx, alice)

			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).NotTo(BeNil(), "%s", response)
			Expect(server.Owner(ctx, session.Address)).To(Equal(alice.ID), "the identity server holds no binding")
		})

	DescribeTable("passes on the error by which the identity server refused", Should("bind-006-proxies-is-errors"),
		func(ctx SpecContext, status int, errcode string) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			server.MustBind(ctx, alice) // without the fault
			session := server.Validate(ctx, alice)
			server.Fault(ctx, control.MatrixError(status, errcode, "refused for this spec", nil).On(control.Bind).For(control.SID(session.SID)))

			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(response.Status).To(BeNumerically(">=", 400), "%s", response)
			Strictly(func(g Gomega) {
				if status != http.StatusUnauthorized { // which a client would take for its own token
					g.Expect(response).To(HaveStatus(status))
				}
				g.Expect(response).To(HaveErrcode(errcode))
			})
		},
		Entry("a session that is not validated", http.StatusBadRequest, "M_SESSION_NOT_VALIDATED"),
		Entry("an expired session", http.StatusBadRequest, "M_SESSION_EXPIRED"),
		Entry("an unknown session", http.StatusNotFound, "M_NO_VALID_SESSION"),
		Entry("terms that are not signed", http.StatusForbidden, "M_TERMS_NOT_SIGNED"),
		Entry("a token it does not know", http.StatusUnauthorized, "M_UNAUTHORIZED"),
		Entry("a code of its own", http.StatusTeapot, "ORG.EXAMPLE_TEAPOT"),
	)

	DescribeTable("refuses in good time when the identity server does not work", Must("bind-007-is-unreachable-or-garbage"),
		func(ctx SpecContext, profile control.Profile) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			server.MustBind(ctx, alice) // where it works

			body := server.Validate(ctx, alice).Binding()
			body["id_server"] = server.Listen(ctx, profile)
			response := alice.Post(ctx, "/account/3pid/bind", body)
			Expect(response.Status).To(BeNumerically(">=", 400), "%s", response)
			Expect(response.IsStandardError()).To(BeTrue(), "%s", response)
		},
		Entry("nothing listens there", control.ProfileClosed),
		Entry("its certificate is of another CA", control.ProfileWrongCA),
		Entry("its certificate has expired", control.ProfileExpired),
		Entry("it resets connections", control.ProfileReset),
	)

	It("refuses when the identity server answers with a page", Must("bind-007-is-unreachable-or-garbage"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			server.MustBind(ctx, alice) // without the fault
			session := server.Validate(ctx, alice)
			server.Fault(ctx, control.NonJSON(http.StatusBadGateway).On(control.Bind).For(control.SID(session.SID)))

			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(response.Status).To(BeNumerically(">=", 400), "%s", response)
			Expect(response.IsStandardError()).To(BeTrue(), "%s", response)
		})
})

// What a bind has nothing to do with: other users, the account, its sessions.
var _ = Describe("POST /account/3pid/bind beside other things", func() {

	It("binds what another user has bound", Should("bind-008-not-blocked-by-other-users-bind"),
		func(ctx SpecContext) {
			alice, bob := users.New(ctx), users.New(ctx)
			server := identity.New(ctx, alice, bob)
			hers := server.MustBind(ctx, alice)

			his := server.ValidateFor(ctx, bob, hers)
			Expect(bob.Post(ctx, "/account/3pid/bind", his.Binding())).To(BeGranted())
			Expect(server.Owner(ctx, hers.Address)).To(Equal(bob.ID))
		})

	It("binds what an account has added", Should("bind-009-not-blocked-by-local-add"),
		func(ctx SpecContext) {
			alice, hers := sessions.Email.Added(ctx)
			_, another := sessions.Email.Added(ctx)
			server := identity.New(ctx, alice)
			server.MustBind(ctx, alice) // one that nobody has added
			for _, added := range []users.Identifier{hers, another} {
				session := server.ValidateFor(ctx, alice, added)
				Expect(alice.Post(ctx, "/account/3pid/bind", session.Binding())).To(BeGranted())
			}
		})

	It("leaves the account's list alone", Must("bind-010-does-not-add"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			session := identity.New(ctx, alice).MustBind(ctx, alice)
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address))
			if alice.Password != "" {
				Expect(alice.LogInBy(ctx, session.Address)).NotTo(BeGranted(), "a log-in by an address that is only bound")
			}
		})

	It("needs neither authentication nor a session of the homeserver", Must("bind-013-no-uia-and-no-local-session"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			session := server.Validate(ctx, alice)

			response := alice.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(response).NotTo(BeChallenge())
			if Authorized(response).OK() {
				bindRequest(ctx, session, response) // or it was not bound at all
			}
			Expect(server.Requests(ctx, control.Bind)).NotTo(BeEmpty(), "the session was not looked up at the identity server\n%s", response)
			Granted(response)
		})
})

// An identifier that is only bound is none of the account's.
var _ = Describe("GET /account/3pid beside an identity server", func() {

	It("does not list what is only bound", Must("get-008-not-identity-server-bindings"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			bound := server.MustBind(ctx, alice)
			elsewhere := sessions.Email.Fresh(ctx)
			server.BindWithoutHomeserver(ctx, alice, elsewhere)

			Expect(alice.Addresses(ctx)).NotTo(ContainElements(bound.Address))
			Expect(alice.Addresses(ctx)).NotTo(ContainElements(elsewhere.Address))
		})

	It("calls no identity server", Must("get-009-no-identity-server-traffic"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			server := identity.New(ctx, alice)
			session := server.Validate(ctx, alice)
			// At a port that only this spec knows, requests that name nobody show, too.
			session.Name = server.Listen(ctx, control.ProfileGood)
			session.MustBind(ctx)
			before := len(server.Requests(ctx, ""))
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address))
			Expect(server.Requests(ctx, "")).To(HaveLen(before), "reading the list called the identity server")
		})
})
