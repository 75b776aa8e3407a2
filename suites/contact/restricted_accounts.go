package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Accounts that an administrator has locked. client-server-api/#account-locking
var _ = Describe("A locked account", func() {

	DescribeTable("is refused until it is unlocked", Each(Must("acc-002-locked")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			complete := call.Authenticated(ctx) // the lock is all there is to object to
			admin := users.NewAdministrator(ctx)
			admin.Lock(ctx, call.User)
			refused := api.Send(ctx, complete)
			admin.Unlock(ctx, call.User)

			Expect(refused).To(BeTokenError("M_USER_LOCKED"))
			Expect(refused.JSON["soft_logout"]).To(Equal(true), "%s", refused)
			Expect(call.User.Get(ctx, "/account/3pid")).NotTo(HaveErrcode("M_UNKNOWN_TOKEN", "M_USER_LOCKED"), "with the same token, once it is unlocked")
			Expect(call.Effects(ctx)).To(BeEmpty(), "of the request that was refused")
			Expect(call.Send(ctx)).To(BeGranted(), "once it is unlocked")
		})
})

// Accounts that an administrator has suspended.
// client-server-api/#account-suspension
var _ = Describe("A suspended account", Should("acc-003-suspended"), func() {

	It("still adds an address", Operation("add3PID"),
		func(ctx SpecContext) {
			alice, email := users.New(ctx), sessions.Email.Validate(ctx)
			users.NewAdministrator(ctx).Suspend(ctx, alice)
			expectAddable(ctx, alice, email)
			Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address))
		})

	It("deletes none", Operation("delete3pidFromAccount"),
		func(ctx SpecContext) {
			alice, email := sessions.Email.Added(ctx)
			users.NewAdministrator(ctx).Suspend(ctx, alice)
			refused := alice.Delete(ctx, email)
			Expect(refused).To(And(HaveStatus(http.StatusForbidden), HaveErrcode("M_USER_SUSPENDED")))
			Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address))
		})
})
