package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// What an application service may do for users by its own token. The accounts
// themselves are none of its business. application-service-api/#identity-assertion
var _ = Describe("An application service", May("acc-008-appservice-assertion"), func() {

	It("adds no address for a user that is not its own", Operation("add3PID"),
		func(ctx SpecContext) {
			service := users.RegisteredService(ctx)
			alice, email := users.New(ctx), sessions.Email.Validate(ctx)
			body := email.Credentials()

			Expect(service.Post(ctx, alice.ID, "/account/3pid/add", body)).NotTo(BeServerError())
			Expect(alice.Addresses(ctx)).To(BeEmpty())
			own := service.Post(ctx, service.Sender, "/account/3pid/add", body)
			Expect(own).NotTo(BeServerError())
			MayDecline("not-for-appservices", own)
		})

	It("deletes no address of a user that is not its own", Operation("delete3pidFromAccount"),
		func(ctx SpecContext) {
			service := users.RegisteredService(ctx)
			alice, email := sessions.Email.Added(ctx)
			body := email.Identifier()

			Expect(service.Post(ctx, alice.ID, "/account/3pid/delete", body)).NotTo(BeServerError())
			own := service.Post(ctx, service.Sender, "/account/3pid/delete", body)
			Expect(own).NotTo(BeServerError())
			Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address))
			// That an email.Address is not on the account is no word on who asks.
			if own.Errcode() != "M_THREEPID_NOT_FOUND" && Declined("not-for-appservices", own) {
				Decline("not-for-appservices", own)
			}
		})
})
