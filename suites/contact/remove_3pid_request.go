package contact

import (
	"maps"
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// What a client sends to have an identifier taken away.
var _ = Describe("A request to take an identifier away", func() {

	DescribeTable("is refused without a required key, and nothing happens", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		for _, key := range []string{"medium", "address"} {
			incomplete := maps.Clone(session.Identifier())
			delete(incomplete, key)
			Expect(alice.Post(ctx, path, incomplete)).To(BeRefused(), "without %s", key)
		}
		Expect(session.Requests(ctx, control.Unbind)).To(BeEmpty(), "a refused request must call nobody")
		Expect(alice.Addresses(ctx)).To(ContainElement(session.Address), "a refused request must remove nothing")

		Expect(alice.Post(ctx, path, session.Identifier())).To(HaveStatus(http.StatusOK)) // id_server is not required
	}, both(Must("rem-001-required-fields")))

	DescribeTable("means the medium that it says", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		for _, medium := range []string{"msisdn", "phone", "Email", ""} {
			answer := alice.Post(ctx, path, JSON{"medium": medium, "address": session.Address})
			Expect(answer).To(Or(HaveStatus(http.StatusOK), BeRefused()), "medium %q", medium)
			Expect(answer.JSON["id_server_unbind_result"]).NotTo(Equal("success"), "medium %q\n%s", medium, answer)
			Expect(session.Owner(ctx, session.Address)).To(Equal(alice.ID), "medium %q has unbound an e-mail address", medium)
			Expect(alice.Addresses(ctx)).To(ContainElement(session.Address), "medium %q has removed an e-mail address", medium)
		}
		Expect(alice.Post(ctx, path, session.Identifier())).To(HaveStatus(http.StatusOK))
	}, both(Must("rem-002-medium-enum")))

	DescribeTable("needs no id_access_token, and hands none on", func(ctx SpecContext, path string) {
		alice, plain := held(ctx)
		answer := alice.Post(ctx, path, plain.Removal())
		Expect(answer).To(HaveStatus(http.StatusOK))

		bob, session := held(ctx)
		body := session.Removal()
		body["id_access_token"] = session.Token
		withToken := bob.Post(ctx, path, body)
		for _, request := range askedToUnbind(ctx, session) {
			Expect(everythingIn(request)).NotTo(Or(ContainSubstring(session.Token), ContainSubstring(bob.Token)), "an access token was sent")
			Expect(request.Credentials.Kind).NotTo(BeElementOf(control.BearerHeader, control.BearerQuery))
		}
		Expect(withToken).To(HaveStatus(http.StatusOK))
		Expect(withToken.JSON["id_server_unbind_result"]).To(Equal(answer.JSON["id_server_unbind_result"]), "%s", withToken)
	}, both(Must("rem-009-no-identity-access-token")))

	DescribeTable("is not challenged", func(ctx SpecContext, path string) {
		alice, session := held(ctx)
		answer := alice.Post(ctx, path, session.Removal())
		Expect(answer).NotTo(BeChallenge())
		Expect(answer).To(HaveStatus(http.StatusOK))
	}, both(Should("rem-014-no-uia")))

	It("deletes an address in whatever letter case", Must("rem-015-canonical-address"), Operation("delete3pidFromAccount"), Needs(IdentityServer, Mail),
		func(ctx SpecContext) {
			alice, session := held(ctx)
			answer := alice.Post(ctx, "/account/3pid/delete", JSON{"medium": "email", "address": strings.ToUpper(session.Address)})
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(session.Address), "%s", answer)
		})

	It("unbinds an address in whatever letter case", Must("rem-015-canonical-address"), Operation("unbind3pidFromAccount"), Needs(IdentityServer, Mail),
		func(ctx SpecContext) {
			alice, session := held(ctx)
			answer := alice.Post(ctx, "/account/3pid/unbind", JSON{
				"medium": "email", "address": strings.ToUpper(session.Address), "id_server": session.Name,
			})
			Expect(answer).To(HaveStatus(http.StatusOK))
			for _, request := range askedToUnbind(ctx, session) {
				sent, err := request.JSON()
				Expect(err).NotTo(HaveOccurred())
				Expect(sent).To(HaveKeyWithValue("threepid", HaveKeyWithValue("address", session.Address)), "not the address that was bound")
			}
		})
})
