package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/mockidserver/control"
)

// What a homeserver remembers of binds: a removal that names no identity server
// is to go where the identifier was bound.
var _ = Describe("A bind that is to be undone", func() {

	It("is undone by /unbind where it was made", Should("bind-011-tracks-for-unbind"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			session := fixtures.AtIdentityServer(ctx, alice).BindEmail(ctx, alice)

			answer := unbindAnywhere(ctx, alice, session.Address)
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1), "no identity server was named:\n%s", answer)
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.Text("id_server_unbind_result")).To(Equal("success"), "%s", answer)
		})

	It("is undone by /delete where it was made", Should("bind-011-tracks-for-unbind"), Needs(Mail),
		func(ctx SpecContext) {
			alice, session := held(ctx)

			answer := alice.Post(ctx, "/account/3pid/delete", JSON{"medium": "email", "address": session.Address})
			Expect(session.Requests(ctx, control.Unbind)).To(HaveLen(1), "no identity server was named:\n%s", answer)
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.Text("id_server_unbind_result")).To(Equal("success"), "%s", answer)
		})

	It("is not remembered when it was refused", Should("bind-012-failed-bind-not-tracked"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			identity := fixtures.AtIdentityServer(ctx, alice)
			bound := identity.BindEmail(ctx, alice)
			session := identity.Validated(ctx, alice, control.Email, fixtures.FreshEmail())
			identity.Fault(ctx, control.MatrixError(http.StatusBadRequest, "M_UNKNOWN", "refused for this spec", nil).On(control.Bind).For(control.SID(session.SID)))
			alice.Post(ctx, bind, session.Binding()) // how that is answered bind-006 judges

			answer := unbindAnywhere(ctx, alice, session.Address)
			Expect(identity.Requests(ctx, control.Unbind)).To(BeEmpty(), "it was never bound:\n%s", answer)
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.Text("id_server_unbind_result")).To(Equal("no-support"), "%s", answer)

			answer = unbindAnywhere(ctx, alice, bound.Address)
			if len(identity.Requests(ctx, control.Unbind)) == 0 {
				Blocked("bind3PID", "bind-011-tracks-for-unbind", "a bind that was granted is not remembered either:\n%s", answer)
			}
		})

	It("is undone at one identity server without the other", Should("bind-016-multiple-identity-servers"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			first, second := fixtures.AtIdentityServer(ctx, alice), fixtures.AtOtherIdentityServer(ctx, alice)
			once := first.BindEmail(ctx, alice)
			if answer := unbindAnywhere(ctx, alice, once.Address); answer.Text("id_server_unbind_result") == "no-support" && len(first.Requests(ctx, control.Unbind)) == 0 {
				Decline("bind-not-tracked", answer)
			}
			before := len(first.Requests(ctx, control.Unbind))
			bound := first.BindEmail(ctx, alice)
			alice.Bind(ctx, second.Validated(ctx, alice, control.Email, bound.Address))

			answer := alice.Post(ctx, "/account/3pid/unbind", JSON{"medium": "email", "address": bound.Address, "id_server": first.Name})
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(first.Requests(ctx, control.Unbind)).To(HaveLen(before+1), "it was named:\n%s", answer)
			Expect(second.Requests(ctx, control.Unbind)).To(BeEmpty(), "the other one was named:\n%s", answer)

			answer = unbindAnywhere(ctx, alice, bound.Address)
			Expect(second.Requests(ctx, control.Unbind)).To(HaveLen(1), "it is bound there still:\n%s", answer)
		})
})

// unbindAnywhere asks to unbind an address without saying where.
func unbindAnywhere(ctx SpecContext, alice *fixtures.User, address string) *exchange.Response {
	GinkgoHelper()
	return alice.Post(ctx, "/account/3pid/unbind", JSON{"medium": "email", "address": address})
}
