package contact

import (
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/mockidserver/control"
)

// The two operations that take an identifier away, by the end of their paths.
// client-server-api/#post_matrixclientv3account3piddelete
// client-server-api/#post_matrixclientv3account3pidunbind
var removals = map[string]string{
	"delete3pidFromAccount": "/account/3pid/delete",
	"unbind3pidFromAccount": "/account/3pid/unbind",
}

// both makes a table entry of each of the two operations, with its path, for
// specs that begin with an address which is [held].
func both(requirement Labels) []TableEntry {
	GinkgoHelper()
	return removing(requirement, IdentityServer, Mail)
}

// removing is both for specs that need no more of the deployment than the
// catalogue says, and what is named here.
func removing(requirement Labels, needs ...string) []TableEntry {
	GinkgoHelper()
	var entries []TableEntry
	entry := entryOf(requirement)
	for _, operation := range requirements.Operations() {
		path, removes := removals[operation]
		if !removes || !slices.Contains(entry.Operations, operation) {
			continue
		}
		all := slices.Clone(needs)
		for _, need := range entry.NeedsOf(operation) {
			all = append(all, string(need))
		}
		entries = append(entries, Entry(operation, requirement, Operation(operation), Needs(all...), path))
	}
	return entries
}

// held is an address that alice has added and bound, with what was seen of the
// bind at the identity server.
func held(ctx SpecContext) (alice *fixtures.User, session *fixtures.IdentitySession) {
	GinkgoHelper()
	alice, address := fixtures.WithEmail(ctx)
	session = fixtures.AtIdentityServer(ctx, alice).Validated(ctx, alice, control.Email, address)
	alice.Bind(ctx, session)
	return alice, session
}

var _ = Describe("Taking an identifier away", func() {

	DescribeTable("says what became of it at the identity server", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		answer := alice.Post(ctx, path, session.Removal())
		Expect(answer).To(HaveStatus(http.StatusOK))
		Expect(answer.JSON["id_server_unbind_result"]).To(BeElementOf("no-support", "success"), "%s", answer)

		bob, address := neverBound(ctx, path)
		answer = bob.Post(ctx, path, JSON{"medium": "email", "address": address})
		Expect(answer).To(HaveStatus(http.StatusOK))
		Expect(answer.JSON["id_server_unbind_result"]).To(BeElementOf("no-support", "success"), "%s", answer)
	}, both(Must("rem-003-response-schema")))

	DescribeTable("calls the identity server that is named", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		answer := alice.Post(ctx, path, session.Removal())
		Expect(answer).To(HaveStatus(http.StatusOK))
		Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1))
	}, both(Must("rem-006-explicit-id-server")))

	DescribeTable("calls the identity server that is named, though it knows of no bind there", func(ctx SpecContext, path string) {
		alice, address := fixtures.WithEmail(ctx)
		identity := fixtures.AtIdentityServer(ctx, alice)
		Expect(identity.Scope.Bind(ctx, control.Email, address, alice.ID)).To(Succeed()) // not through the homeserver

		answer := alice.Post(ctx, path, JSON{"medium": "email", "address": address, "id_server": identity.Name})
		Expect(identity.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", answer)
	}, both(Must("rem-006-explicit-id-server")))

	DescribeTable("calls the identity server that is named, not the one of the bind", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		named := fixtures.AtOtherIdentityServer(ctx, alice)

		answer := alice.Post(ctx, path, JSON{"medium": "email", "address": session.Address, "id_server": named.Name})
		Expect(named.Requests(ctx, control.Unbind)).To(HaveLen(1), "%s", answer)
		Expect(session.Requests(ctx, control.Unbind)).To(BeEmpty(), "%s", answer)
	}, both(Must("rem-006-explicit-id-server")))

	DescribeTable("asks for it by the v2 API, for the caller's identifier", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		alice.Post(ctx, path, JSON{"medium": "email", "address": session.Address, "id_server": session.Name, "mxid": "@somebody:else.example"})
		requests := session.Requests(ctx, control.Unbind)
		Expect(requests).To(HaveLen(1))
		Expect(requests[0].Target).To(Equal("/_matrix/identity/v2/3pid/unbind"))
		sent, err := requests[0].JSON()
		Expect(err).NotTo(HaveOccurred())
		Expect(sent).To(HaveKeyWithValue("mxid", alice.ID))
		Expect(sent).To(HaveKeyWithValue("threepid", Equal(map[string]any{"medium": "email", "address": session.Address})))
		Expect(sent).NotTo(Or(HaveKey("sid"), HaveKey("client_secret")))
	}, both(Must("rem-007-unbind-request-shape")))

	DescribeTable("is signed by the homeserver", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		alice.Post(ctx, path, session.Removal())
		for _, request := range askedToUnbind(ctx, session) {
			Expect(request.Credentials.Kind).To(Equal(control.XMatrix))
		}
	}, both(Must("rem-008-signed-by-homeserver")))

	DescribeTable("has a signature that verifies", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		alice.Post(ctx, path, session.Removal())
		for _, request := range askedToUnbind(ctx, session) {
			Expect(request.Signature).NotTo(BeNil())
			if request.Signature.KeySource == "none" {
				NotTested("the homeserver's keys cannot be had, so its signature cannot be checked: %s", request.Signature.Reason)
			}
			Expect(request.Signature.Verified).To(BeTrue(), "%s", request.Signature.Reason)
		}
	}, both(Must("isc-004-signature-verifies")))

	DescribeTable("is signed by the homeserver that the user belongs to", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		alice.Post(ctx, path, session.Removal())
		for _, request := range askedToUnbind(ctx, session) {
			Expect(request.Signature).NotTo(BeNil())
			Expect(request.Signature.ControlsMXID).To(BeTrue(), "the origin is %q, the user %s", request.Signature.Origin, alice.ID)
		}
	}, both(Must("isc-005-origin-controls-mxid")))

	DescribeTable("succeeds only when the identity server has done it", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		answer := alice.Post(ctx, path, session.Removal())
		Expect(answer).To(HaveStatus(http.StatusOK))
		Expect(answer.Text("id_server_unbind_result")).To(Equal("success"))
		Expect(session.Owner(ctx, session.Address)).To(BeEmpty(), "the binding is still there")

		bob, other := held(ctx)
		other.Fault(ctx, control.NonJSON(http.StatusNotFound).On(control.Unbind))
		answer = bob.Post(ctx, path, other.Removal())
		Expect(answer.Text("id_server_unbind_result")).NotTo(Equal("success"), "%s", answer)
	}, both(Must("rem-010-success-only-if-is-unbound")))

	DescribeTable("takes an identity server without unbinding for no support", func(ctx SpecContext, path string) {
		for _, status := range []int{http.StatusBadRequest, http.StatusNotFound, http.StatusNotImplemented} {
			alice, session := held(ctx)
			session.Fault(ctx, control.NonJSON(status).On(control.Unbind))
			answer := alice.Post(ctx, path, session.Removal())
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.Text("id_server_unbind_result")).To(Equal("no-support"), "%s", answer)
		}
	}, both(Must("rem-011-unsupported-is-no-support")))
})

// askedToUnbind are the requests to unbind, of which there has to be one.
func askedToUnbind(ctx SpecContext, session *fixtures.IdentitySession) []control.Entry {
	GinkgoHelper()
	requests := session.Requests(ctx, control.Unbind)
	if len(requests) == 0 {
		Blocked(CurrentOperation(), "rem-006-explicit-id-server", "the identity server was not asked to unbind")
	}
	return requests
}
