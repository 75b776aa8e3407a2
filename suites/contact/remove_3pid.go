package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// What POST /account/3pid/delete and POST /account/3pid/unbind have in common: the
// identity server is asked to unbind.
// client-server-api/#post_matrixclientv3account3piddelete
// client-server-api/#post_matrixclientv3account3pidunbind
var _ = Describe("The removal of an identifier", Needs(Mail, IdentityServer), func() {

	DescribeTable("says what became of a bound one at the identity server", Each(Must("rem-003-response-schema")),
		func(ctx SpecContext, operation string) {
			_, _, response := remove(ctx, operation)
			Expect(Granted(response)).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", BeElementOf("no-support", "success")), "%s", response)
		})

	DescribeTable("calls the identity server that is named", Each(Must("rem-006-explicit-id-server")),
		func(ctx SpecContext, operation string) {
			_, session, response := remove(ctx, operation)
			Granted(response)
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", response)
		})

	DescribeTable("calls the identity server that is named, though it knows of no bind there", Each(Must("rem-006-explicit-id-server")),
		func(ctx SpecContext, operation string) {
			alice, email := sessions.Email.Added(ctx)
			server := identity.New(ctx, alice)
			server.BindWithoutHomeserver(ctx, alice, email)

			response := Granted(alice.Post(ctx, operation, JSON{"medium": "email", "address": email.Address, "id_server": server.Name}))
			Expect(server.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", response)
		})

	DescribeTable("calls the identity server that is named, not the one of the bind", Each(Must("rem-006-explicit-id-server")),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			named := identity.Other(ctx, alice)

			response := alice.Post(ctx, operation, JSON{"medium": "email", "address": session.Address, "id_server": named.Name})
			Expect(session.Requests(ctx, control.Unbind)).To(BeEmpty(), "%s", response)
			Granted(response)
			Expect(named.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", response)
		})

	DescribeTable("asks for the unbind by the v2 API, for the caller's identifier", Each(Must("rem-007-unbind-request-shape")),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			response := alice.Post(ctx, operation, JSON{"medium": "email", "address": session.Address, "id_server": session.Name, "mxid": "@somebody:else.example"})
			request := askedToUnbind(ctx, session, response)
			Expect(request.Target).To(Equal("/_matrix/identity/v2/3pid/unbind"))
			sent, err := request.JSON()
			if err != nil {
				Blocked(operation, "isc-001-https-and-json", "the identity server was not asked in JSON: %v", err)
			}
			Expect(sent).To(HaveKeyWithValue("mxid", alice.ID))
			Expect(sent).To(HaveKeyWithValue("threepid", Equal(map[string]any{"medium": "email", "address": session.Address})))
			Expect(sent).NotTo(Or(HaveKey("sid"), HaveKey("client_secret")))
		})

	DescribeTable("asks for the unbind signed by the homeserver", Each(Must("rem-008-signed-by-homeserver")),
		func(ctx SpecContext, operation string) {
			Expect(unbindRequest(ctx, operation).Credentials.Kind).To(Equal(control.XMatrix))
		})

	DescribeTable("asks for the unbind with a signature that verifies", Each(Must("isc-004-signature-verifies")),
		func(ctx SpecContext, operation string) {
			signature := signedUnbind(ctx, operation).Signature
			if signature.KeySource == "none" {
				NotTested("the homeserver's keys cannot be had, so its signature cannot be checked: %s", signature.Reason)
			}
			Expect(signature.Verified).To(BeTrue(), "%s", signature.Reason)
		})

	DescribeTable("asks for the unbind signed by the homeserver that the user belongs to", Each(Must("isc-005-origin-controls-mxid")),
		func(ctx SpecContext, operation string) {
			request := signedUnbind(ctx, operation)
			Expect(request.Signature.ControlsMXID).To(BeTrue(), "the origin is %q, the user %s", request.Signature.Origin, request.Keys.MXID)
		})

	DescribeTable("is a success when the identity server has unbound", Each(Must("rem-010-success-only-if-is-unbound")),
		func(ctx SpecContext, operation string) {
			_, session, response := remove(ctx, operation)
			askedToUnbind(ctx, session, response)
			Expect(unbindResult(response)).To(Equal("success"), "%s", response)
			Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "the binding is still there")
		})

	DescribeTable("is no success when the identity server has not unbound", Each(Must("rem-010-success-only-if-is-unbound")),
		func(ctx SpecContext, operation string) {
			bob, session := addedAndBound(ctx)
			session.Fault(ctx, control.NonJSON(http.StatusBadGateway).On(control.Unbind))
			response := bob.Post(ctx, operation, session.Removal())
			Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})

	for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented} {
		DescribeTable("says no-support for an identity server that answers "+http.StatusText(status)+" to an unbind",
			Each(Must("rem-011-unsupported-is-no-support")),
			func(ctx SpecContext, operation string) {
				mustUnbindByName(ctx, operation) // where it can
				alice, session := addedAndBound(ctx)
				session.Fault(ctx, control.NonJSON(status).On(control.Unbind))
				response := alice.Post(ctx, operation, session.Removal())
				Expect(response).To(BeGranted())
				Expect(unbindResult(response)).To(Equal("no-support"), "%s", response)
			})
	}
})

var _ = Describe("The removal of an identifier that was never bound", func() {

	DescribeTable("says what became of it at the identity server", Each(Must("rem-003-response-schema")),
		func(ctx SpecContext, operation string) {
			alice, email := neverBound(ctx, operation)
			response := Granted(alice.Post(ctx, operation, email.Identifier()))
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", BeElementOf("no-support", "success")), "%s", response)
		})

	DescribeTable("says no-support when no identity server is named", Each(Must("rem-004-unknown-id-server-no-support")),
		func(ctx SpecContext, operation string) {
			alice, email := neverBound(ctx, operation)
			response := alice.Post(ctx, operation, email.Identifier())
			Expect(unbindResult(response)).To(Equal("no-support"), "%s", response)
		})
})
