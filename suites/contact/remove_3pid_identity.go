package contact

import (
	"fmt"
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// Which identity server is asked to unbind when an identifier is taken away, and
// in whose name.
var _ = Describe("The identity server of an identifier that is removed", Needs(Mail, IdentityServer), func() {

	DescribeTable("is not looked for", Each(Must("rem-004-unknown-id-server-no-support")),
		func(ctx SpecContext, operation string) {
			alice, email := sessions.Email.Added(ctx)
			server := identity.New(ctx, alice)
			server.BindWithoutHomeserver(ctx, alice, email)

			response := alice.Post(ctx, operation, email.Identifier())
			Expect(server.Requests(ctx, "")).To(BeEmpty(), "an identity server was called that the homeserver does not know of")
			Expect(unbindResult(response)).To(Equal("no-support"), "%s", response)
		})

	DescribeTable("is the one it was bound through", Each(Must("rem-005-falls-back-to-original-id-server")),
		func(ctx SpecContext, operation string) {
			mustUnbindByName(ctx, operation)
			alice, session := addedAndBound(ctx)
			expectUnbound(ctx, session, alice.Post(ctx, operation, session.Identifier()))
		})

	DescribeTable("is no other than the one it was bound through", Each(Must("rem-005-falls-back-to-original-id-server")),
		func(ctx SpecContext, operation string) {
			mustUnbindByName(ctx, operation)
			alice, email := sessions.Email.Added(ctx)
			preferred := identity.New(ctx, alice)
			session := identity.Other(ctx, alice).ValidateFor(ctx, alice, email)
			session.MustBind(ctx)

			response := alice.Post(ctx, operation, session.Identifier())
			Expect(preferred.Requests(ctx, "")).To(BeEmpty(), "another identity server was called\n%s", response)
			expectUnbound(ctx, session, response)
		})

	DescribeTable("is forgotten once it has unbound", Each(Should("rem-016-forgets-binding-after-success")),
		func(ctx SpecContext, operation string) {
			alice, session, first := remove(ctx, operation)
			mustUnbind(first)
			asked := len(session.Requests(ctx, ""))

			again := alice.Post(ctx, operation, session.Identifier())
			Expect(session.Requests(ctx, "")).To(HaveLen(asked), "the identity server was called again\n%s", again)
			if again.Text("id_server_unbind_result") == "success" {
				Blocked(operation, "rem-004-unknown-id-server-no-support", "a success, though no identity server was asked:\n%s", again)
			}
		})

	DescribeTable("unbinds nothing of other users", Each(Must("unb-004-mxid-is-requester")),
		func(ctx SpecContext, operation string) {
			alice, session := addedAndBound(ctx)
			bob := users.New(ctx)
			for _, body := range []JSON{session.Removal(), session.Identifier()} {
				bob.Post(ctx, operation, body) // refused, or without effect
			}
			for _, request := range session.Requests(ctx, control.Unbind) {
				Expect(request.Keys.MXID).To(Equal(bob.ID), "the homeserver unbinds in the name of another user")
			}
			Expect(session.Owner(ctx, session.Address)).To(Equal(alice.ID), "the binding of another user is gone")

			mustUnbind(alice.Post(ctx, operation, session.Removal()))
		})
})

// What becomes of a request when the identity server does not unbind.
var _ = Describe("The removal of an identifier from an identity server that fails", Needs(Mail, IdentityServer), func() {

	for _, refusal := range []struct {
		status  int
		errcode string
	}{
		{http.StatusForbidden, "M_FORBIDDEN"},
		{http.StatusForbidden, "M_TERMS_NOT_SIGNED"},
		{http.StatusNotFound, "M_NOT_FOUND"}, // as JSON this is a refusal, not a lack of support
	} {
		title := fmt.Sprintf("passes on a refusal with %d %s", refusal.status, refusal.errcode)
		DescribeTable(title, Each(Should("rem-012-is-matrix-error-passed-through")),
			func(ctx SpecContext, operation string) {
				mustUnbindByName(ctx, operation) // without the fault

				bob, session := addedAndBound(ctx)
				session.Fault(ctx, control.MatrixError(refusal.status, refusal.errcode, "refused for this spec", nil).On(control.Unbind))
				response := bob.Post(ctx, operation, session.Removal())
				Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
				if response.Text("id_server_unbind_result") == "no-support" {
					Decline("no-support-instead", response)
				}
				Strictly(func(g Gomega) {
					g.Expect(response).To(And(HaveStatus(refusal.status), HaveErrcode(refusal.errcode)))
				})
			})
	}

	for _, profile := range []control.Profile{control.ProfileClosed, control.ProfileReset} {
		DescribeTable(fmt.Sprintf("is no success at a %s", profile), Each(Must("rem-013-is-unreachable")),
			func(ctx SpecContext, operation string) {
				mustUnbindByName(ctx, operation) // where it works

				bob, session := addedAndBound(ctx)
				body := session.Removal()
				body["id_server"] = session.Listen(ctx, profile)
				response := bob.Post(ctx, operation, body)
				if len(session.Requests(ctx, control.Unbind)) > 0 {
					Blocked(operation, "rem-006-explicit-id-server", "another identity server than the named one was asked:\n%s", response)
				}
				Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
				Expect(response.OK() || response.Status >= 400 && response.IsStandardError()).To(BeTrue(), "%s", response)
				if response.OK() && operation == "delete3pidFromAccount" {
					Expect(bob.Addresses(ctx)).NotTo(ContainElement(session.Address), "what was granted was not done\n%s", response)
				}
			})
	}
})
