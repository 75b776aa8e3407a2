package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// What an application service may do for users by its own token. The accounts
// themselves are none of its business. application-service-api/#identity-assertion
var _ = Describe("An application service", May("acc-008-appservice-assertion"), func() {

	It("adds no address for a user that is not its own", Operation("add3PID"), func(ctx SpecContext) {
		service := fixtures.RegisteredService(ctx)
		alice, email := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
		body := JSON{"sid": email.SID, "client_secret": email.ClientSecret}

		Expect(service.Post(ctx, alice.ID, "/account/3pid/add", body)).NotTo(BeServerError())
		Expect(alice.Addresses(ctx)).To(BeEmpty())
		own := service.Post(ctx, service.Sender, "/account/3pid/add", body)
		Expect(own).NotTo(BeServerError())
		if Declined("not-for-appservices", own) {
			Decline("not-for-appservices", own)
		}
	})

	It("deletes no address of a user that is not its own", Operation("delete3pidFromAccount"), func(ctx SpecContext) {
		service := fixtures.RegisteredService(ctx)
		alice, address := fixtures.WithEmail(ctx)
		body := JSON{"medium": "email", "address": address}

		Expect(service.Post(ctx, alice.ID, "/account/3pid/delete", body)).NotTo(BeServerError())
		own := service.Post(ctx, service.Sender, "/account/3pid/delete", body)
		Expect(own).NotTo(BeServerError())
		Expect(alice.Addresses(ctx)).To(ConsistOf(address))
		// That an address is not on the account is no word on who asks.
		if own.Errcode() != "M_THREEPID_NOT_FOUND" && Declined("not-for-appservices", own) {
			Decline("not-for-appservices", own)
		}
	})
})
