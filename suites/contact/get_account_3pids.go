package contact

import (
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// GET /account/3pid — client-server-api/#get_matrixclientv3account3pid
var _ = Describe("GET /account/3pid", func() {

	It("answers with an object whose threepids is an array", Must("get-001-200-schema"),
		func(ctx SpecContext) {
			response := users.New(ctx).Get(ctx, "/account/3pid")
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).NotTo(BeNil(), "%s", response)
			if list, present := response.JSON["threepids"]; present {
				Expect(list).To(BeAssignableToTypeOf([]any{}), "threepids is no array\n%s", response)
			}
		})

	It("lists nothing for a user who added nothing", Should("get-002-fresh-user-empty"),
		func(ctx SpecContext) {
			alice := users.New(ctx)
			if alice.Given {
				NotTested("the accounts are given, so the suite cannot know that this one never added anything")
			}
			response := Authorized(alice.Get(ctx, "/account/3pid"))
			Expect(response).To(BeGranted())
			Expect(users.List(response)).To(BeEmpty(), "%s", response)
			if _, present := response.JSON["threepids"]; !present {
				Decline("key-absent", response)
			}
		})

	Context("with one added address", func() {

		It("gives every item its four fields", Must("get-003-item-required-fields"),
			func(ctx SpecContext) {
				alice, _ := sessions.Email.Added(ctx)
				response := Granted(alice.Get(ctx, "/account/3pid"))
				Expect(response.JSON["threepids"]).To(ConsistOf(And(
					HaveKeyWithValue("medium", BeAssignableToTypeOf("")),
					HaveKeyWithValue("address", BeAssignableToTypeOf("")),
					HaveKeyWithValue("validated_at", BeAssignableToTypeOf(json.Number(""))),
					HaveKeyWithValue("added_at", BeAssignableToTypeOf(json.Number(""))),
				)), "%s", response)
			})

		It("calls the medium of an e-mail address email", Must("get-004-medium-enum"),
			func(ctx SpecContext) {
				alice, _ := sessions.Email.Added(ctx)
				response := Granted(alice.Get(ctx, "/account/3pid"))
				Expect(response.JSON["threepids"]).To(ConsistOf(HaveKeyWithValue("medium", "email")), "%s", response)
			})

		It("says in milliseconds when the address was added", Must("get-005-added-at-milliseconds"),
			func(ctx SpecContext) {
				alice := users.New(ctx)
				session := sessions.Email.Validate(ctx)
				before := api.ServerTime(session.Response)
				alice.MustAdd(ctx, session)

				response := alice.Get(ctx, "/account/3pid")
				after := api.ServerTime(response)
				Expect(users.List(response)).To(HaveLen(1), "%s", response)
				added := time.UnixMilli(users.List(response)[0].AddedAt)
				Expect(added).To(BeTemporally(">=", before.Add(-time.Minute)), "added_at\n%s", response)
				Expect(added).To(BeTemporally("<=", after.Add(time.Minute)), "added_at\n%s", response)
			})

		It("says in milliseconds when the owner confirmed the address", Must("get-006-validated-at-milliseconds"),
			func(ctx SpecContext) {
				session := sessions.AgedSession(ctx)
				alice := users.New(ctx)
				alice.MustAdd(ctx, session)

				response := alice.Get(ctx, "/account/3pid")
				Expect(users.List(response)).To(HaveLen(1), "%s", response)
				item := users.List(response)[0]
				if item.ValidatedAt == 0 || time.UnixMilli(item.AddedAt).Before(api.ServerTime(session.Response).Add(-time.Minute)) {
					Blocked("getAccount3PIDs", "get-005-added-at-milliseconds", "there are no two times to compare:\n%s", response)
				}
				// Both times are the server's, so no difference of clocks is in this.
				Expect(item.AddedAt-item.ValidatedAt).To(BeNumerically(">=", 1000),
					"validated_at has to lie at least a second before added_at\n%s", response)
				Expect(time.UnixMilli(item.ValidatedAt)).To(
					BeTemporally(">=", api.ServerTime(session.Response).Add(-time.Minute)), "validated_at\n%s", response)
			})

		It("gives the same items when it is read again later", Must("get-007-timestamps-stable"),
			func(ctx SpecContext) {
				alice, first := sessions.AgedList(ctx)
				second := Granted(alice.Get(ctx, "/account/3pid"))
				Expect(second.JSON["threepids"]).To(ConsistOf(first.JSON["threepids"]), "first reading:\n%s\nsecond reading:\n%s", first, second)
			})

		It("lists an address once although it was added twice", Should("get-010-no-duplicates"),
			func(ctx SpecContext) {
				alice, email := users.New(ctx), sessions.Email.Fresh(ctx)
				// Both sessions come first: an address in use gets no further one.
				first, second := email.Validate(ctx), email.Validate(ctx)

				alice.MustAdd(ctx, first)
				again := alice.Add(ctx, second) // may be refused
				Expect(alice.Addresses(ctx)).To(ConsistOf(email.Address), "after the second add:\n%s", again)
			})
	})
})
