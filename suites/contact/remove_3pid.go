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

var _ = Describe("Taking an identifier away", func() {

	DescribeTable("says what became of it at the identity server", Each(Must("rem-003-response-schema")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			response := alice.Post(ctx, operation, session.Removal())
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", BeElementOf("no-support", "success")), "%s", response)

			bob, email := neverBound(ctx, operation)
			response = bob.Post(ctx, operation, email.Identifier())
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", BeElementOf("no-support", "success")), "%s", response)
		})

	DescribeTable("calls the identity server that is named", Each(Must("rem-006-explicit-id-server")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			response := alice.Post(ctx, operation, session.Removal())
			Expect(response).To(BeGranted())
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1))
		})

	DescribeTable("calls the identity server that is named, though it knows of no bind there", Each(Must("rem-006-explicit-id-server")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, email := sessions.Email.Added(ctx)
			server := identity.New(ctx, alice)
			server.BindWithoutHomeserver(ctx, alice, email)

			response := alice.Post(ctx, operation, JSON{"medium": "email", "address": email.Address, "id_server": server.Name})
			Expect(server.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", response)
		})

	DescribeTable("calls the identity server that is named, not the one of the bind", Each(Must("rem-006-explicit-id-server")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			named := identity.Other(ctx, alice)

			response := alice.Post(ctx, operation, JSON{"medium": "email", "address": session.Address, "id_server": named.Name})
			Expect(named.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", response)
			Expect(session.Requests(ctx, control.Unbind)).To(BeEmpty(), "%s", response)
		})

	DescribeTable("asks for it by the v2 API, for the caller's identifier", Each(Must("rem-007-unbind-request-shape")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			alice.Post(ctx, operation, JSON{"medium": "email", "address": session.Address, "id_server": session.Name, "mxid": "@somebody:else.example"})
			requests := session.Requests(ctx, control.Unbind)
			Expect(requests).To(HaveLen(1))
			Expect(requests[0].Target).To(Equal("/_matrix/identity/v2/3pid/unbind"))
			sent, err := requests[0].JSON()
			Expect(err).NotTo(HaveOccurred())
			Expect(sent).To(HaveKeyWithValue("mxid", alice.ID))
			Expect(sent).To(HaveKeyWithValue("threepid", Equal(map[string]any{"medium": "email", "address": session.Address})))
			Expect(sent).NotTo(Or(HaveKey("sid"), HaveKey("client_secret")))
		})

	DescribeTable("is signed by the homeserver", Each(Must("rem-008-signed-by-homeserver")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			alice.Post(ctx, operation, session.Removal())
			for _, request := range askedToUnbind(ctx, session) {
				Expect(request.Credentials.Kind).To(Equal(control.XMatrix))
			}
		})

	DescribeTable("has a signature that verifies", Each(Must("isc-004-signature-verifies")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			alice.Post(ctx, operation, session.Removal())
			for _, request := range askedToUnbind(ctx, session) {
				Expect(request.Signature).NotTo(BeNil())
				if request.Signature.KeySource == "none" {
					NotTested("the homeserver's keys cannot be had, so its signature cannot be checked: %s", request.Signature.Reason)
				}
				Expect(request.Signature.Verified).To(BeTrue(), "%s", request.Signature.Reason)
			}
		})

	DescribeTable("is signed by the homeserver that the user belongs to", Each(Must("isc-005-origin-controls-mxid")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			alice.Post(ctx, operation, session.Removal())
			for _, request := range askedToUnbind(ctx, session) {
				Expect(request.Signature).NotTo(BeNil())
				Expect(request.Signature.ControlsMXID).To(BeTrue(), "the origin is %q, the user %s", request.Signature.Origin, alice.ID)
			}
		})

	DescribeTable("succeeds only when the identity server has done it", Each(Must("rem-010-success-only-if-is-unbound")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			response := alice.Post(ctx, operation, session.Removal())
			Expect(response).To(BeGranted())
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"))
			Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "the binding is still there")

			bob, other := addedAndBound(ctx)
			other.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind))
			response = bob.Post(ctx, operation, other.Removal())
			Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})

	DescribeTable("takes an identity server without unbinding for no support", Each(Must("rem-011-unsupported-is-no-support")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented} {
				alice, session := addedAndBound(ctx)
				session.Fault(ctx, control.NonJSON(status).On(control.Unbind))
				response := alice.Post(ctx, operation, session.Removal())
				Expect(response).To(BeGranted())
				Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "no-support"), "%s", response)
			}
		})
})
