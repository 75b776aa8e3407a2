package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/mockidserver/control"
)

// What a homeserver remembers of binds: a removal that names no identity server
// is to go where the identifier was bound.
var _ = Describe("A bind that is to be undone", func() {

	It("is undone by /unbind where it was made", Should("bind-011-tracks-for-unbind"),
		func(ctx SpecContext) {
			mustUnbindByName(ctx, "unbind3pidFromAccount")
			alice, session := bound(ctx, "unbind3pidFromAccount")
			response := Granted(alice.Post(ctx, "unbind3pidFromAccount", session.Identifier()))
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1), "no identity server was named:\n%s", response)
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})

	It("is undone by /delete where it was made", Should("bind-011-tracks-for-unbind"), Needs(Mail),
		func(ctx SpecContext) {
			mustUnbindByName(ctx, "delete3pidFromAccount")
			alice, session := bound(ctx, "delete3pidFromAccount")
			response := Granted(alice.Post(ctx, "delete3pidFromAccount", session.Identifier()))
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1), "no identity server was named:\n%s", response)
			Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
		})

	It("is not remembered when it was refused", Should("bind-012-failed-bind-not-tracked"),
		func(ctx SpecContext) {
			mustUnbindByName(ctx, "unbind3pidFromAccount")
			alice := users.New(ctx)
			server := identity.New(ctx, alice)
			remembered := server.MustBind(ctx, alice)
			session := server.Validate(ctx, alice)
			server.Fault(ctx, control.MatrixError(http.StatusBadRequest, "M_UNKNOWN", "refused for this spec", nil).On(control.Bind).For(control.SID(session.SID)))
			alice.Post(ctx, "/account/3pid/bind", session.Binding()) // how that is answered bind-006 judges

			response := unbindAnywhere(ctx, alice, session.Address)
			Expect(server.Requests(ctx, control.Unbind)).To(BeEmpty(), "it was never bound:\n%s", response)
			mustNotHaveUnbound(response)

			response = unbindAnywhere(ctx, alice, remembered.Address)
			if len(server.Requests(ctx, control.Unbind)) == 0 {
				Blocked("unbind3pidFromAccount", "rem-005-falls-back-to-original-id-server", "a bind that was granted is not remembered either:\n%s", response)
			}
		})

	It("is undone at one identity server without the other", Should("bind-016-multiple-identity-servers"),
		func(ctx SpecContext) {
			mustUnbindByName(ctx, "unbind3pidFromAccount")
			alice := users.New(ctx)
			first, second := identity.New(ctx, alice), identity.Other(ctx, alice)
			once := first.MustBind(ctx, alice)
			if response := unbindAnywhere(ctx, alice, once.Address); response.Text("id_server_unbind_result") == "no-support" && len(first.Requests(ctx, control.Unbind)) == 0 {
				Decline("bind-not-tracked", response)
			}
			before := len(first.Requests(ctx, control.Unbind))
			twice := first.MustBind(ctx, alice)
			second.ValidateFor(ctx, alice, twice).MustBind(ctx)

			response := Granted(alice.Post(ctx, "/account/3pid/unbind", twice.Removal()))
			if len(first.Requests(ctx, control.Unbind)) == before || len(second.Requests(ctx, control.Unbind)) > 0 {
				Blocked("unbind3pidFromAccount", "rem-006-explicit-id-server", "another identity server than the named one was asked:\n%s", response)
			}

			response = unbindAnywhere(ctx, alice, twice.Address)
			Expect(second.Requests(ctx, control.Unbind)).To(HaveLen(1), "it is bound there still:\n%s", response)
		})
})

// unbindAnywhere asks to unbind an address without saying where.
func unbindAnywhere(ctx SpecContext, alice *users.User, address string) *exchange.Response {
	GinkgoHelper()
	return alice.Post(ctx, "/account/3pid/unbind", JSON{"medium": "email", "address": address})
}
