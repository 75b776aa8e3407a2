package contact

import (
	"maps"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// What a client sends to have an identifier taken away.
var _ = Describe("A request to remove an identifier", func() {

	DescribeTable("is refused without a required key, and nothing happens", Each(Must("rem-001-required-fields")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			bob, email := neverBound(ctx, operation)
			Granted(bob.Post(ctx, operation, email.Identifier())) // id_server is not required

			alice, session := addedAndBound(ctx)
			for _, key := range []string{"medium", "address"} {
				incomplete := maps.Clone(session.Identifier())
				delete(incomplete, key)
				Expect(alice.Post(ctx, operation, incomplete)).NotTo(BeGranted(), "without %s", key)
			}
			Expect(session.Requests(ctx, control.Unbind)).To(BeEmpty(), "a refused request must call nobody")
			Expect(alice.Addresses(ctx)).To(ContainElement(session.Address), "a refused request must remove nothing")
		})

	DescribeTable("means the medium that it says", Each(Must("rem-002-medium-enum")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			bob, email := neverBound(ctx, operation)
			mustNotHaveUnbound(bob.Post(ctx, operation, email.Identifier()))

			alice, session := addedAndBound(ctx)
			for _, medium := range []string{"msisdn", "phone", "Email", ""} {
				response := alice.Post(ctx, operation, JSON{"medium": medium, "address": session.Address})
				if !response.OK() {
					Expect(response).To(BeRefused(), "medium %q", medium)
				}
				Expect(response.JSON).NotTo(HaveKeyWithValue("id_server_unbind_result", "success"), "medium %q\n%s", medium, response)
				Expect(session.Owner(ctx, session.Address)).To(Equal(alice.ID), "medium %q has unbound an e-mail address", medium)
				Expect(alice.Addresses(ctx)).To(ContainElement(session.Address), "medium %q has removed an e-mail address", medium)
			}
		})

	DescribeTable("needs no id_access_token", Each(Must("rem-009-no-identity-access-token")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			_, session, response := remove(ctx, operation)
			Authorized(response)
			if response.OK() {
				askedToUnbind(ctx, session, response)
			}
			Expect(session.Requests(ctx, control.Unbind)).NotTo(BeEmpty(), "the identity server was not asked to unbind\n%s", response)
		})

	DescribeTable("is answered as without one when it has an id_access_token, which goes nowhere", Each(Must("rem-009-no-identity-access-token")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			_, _, without := remove(ctx, operation)
			Authorized(without)
			bob, session := addedAndBound(ctx)
			body := session.Removal()
			body["id_access_token"] = session.Token
			with := bob.Post(ctx, operation, body)
			for _, request := range session.Requests(ctx, control.Unbind) {
				Expect(everythingIn(request)).NotTo(Or(ContainSubstring(session.Token), ContainSubstring(bob.Token)), "an access token was sent")
				Expect(request.Credentials.Kind).NotTo(BeElementOf(control.BearerHeader, control.BearerQuery))
			}
			Expect(with).To(HaveStatus(without.Status))
			Expect(with.Text("id_server_unbind_result")).To(Equal(without.Text("id_server_unbind_result")), "%s", with)
		})

	DescribeTable("is not challenged", Each(Should("rem-014-no-uia")), Needs(Mail, IdentityServer),
		func(ctx SpecContext, operation string) {
			_, _, response := remove(ctx, operation)
			Expect(response).NotTo(BeChallenge())

			bob, email := neverBound(ctx, operation)
			Expect(bob.Post(ctx, operation, email.Identifier())).NotTo(BeChallenge())
		})

	It("deletes an address in whatever letter case", Must("rem-015-canonical-address"), Operation("delete3pidFromAccount"),
		func(ctx SpecContext) {
			bob, plain := sessions.Email.Added(ctx)
			bob.MustDelete(ctx, plain) // in the letter case of the list

			alice, email := sessions.Email.Added(ctx)
			response := Authorized(alice.Post(ctx, "delete3pidFromAccount", JSON{"medium": "email", "address": strings.ToUpper(email.Address)}))
			Expect(response).To(BeGranted())
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(email.Address), "%s", response)
		})

	It("unbinds an address in whatever letter case", Must("rem-015-canonical-address"), Operation("unbind3pidFromAccount"),
		func(ctx SpecContext) {
			mustUnbindByName(ctx, "unbind3pidFromAccount")
			alice, session := addedAndBound(ctx)
			response := alice.Post(ctx, "unbind3pidFromAccount", JSON{
				"medium": "email", "address": strings.ToUpper(session.Address), "id_server": session.Name,
			})
			requests := session.Requests(ctx, control.Unbind)
			Expect(requests).NotTo(BeEmpty(), "the identity server was not asked to unbind\n%s", response)
			for _, request := range requests {
				Expect(string(request.BodyRaw())).To(ContainSubstring(session.Address), "not the address that was bound")
			}
		})
})
