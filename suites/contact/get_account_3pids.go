// Package contact holds the specs of the Account Administrative Contact API:
// one file per operation, and one per set of rules that operations share.
package contact

import (
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// GET /account/3pid — client-server-api/#get_matrixclientv3account3pid
var _ = Describe("GET /account/3pid", func() {

	It("answers with an object whose threepids is an array", Must("get-001-200-schema"),
		func(ctx SpecContext) {
			answer := fixtures.NewUser(ctx).Get(ctx, "/account/3pid")
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).NotTo(BeNil(), "%s", answer)
			if list, present := answer.JSON["threepids"]; present {
				Expect(list).To(BeAssignableToTypeOf([]any{}), "threepids is no array\n%s", answer)
			}
		})

	It("lists nothing for a user who added nothing", Should("get-002-fresh-user-empty"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			if alice.Given {
				NotTested("the accounts are given, so the suite cannot know that this one never added anything")
			}
			answer := alice.Get(ctx, "/account/3pid")
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(fixtures.List(answer)).To(BeEmpty(), "%s", answer)
			if _, present := answer.JSON["threepids"]; !present {
				Decline("key-absent", answer)
			}
		})

	Context("with one added address", func() {

		It("gives every item its four fields", Must("get-003-item-required-fields"),
			func(ctx SpecContext) {
				alice, _ := fixtures.WithEmail(ctx)
				answer := alice.Get(ctx, "/account/3pid")
				Expect(answer.JSON["threepids"]).To(ConsistOf(And(
					HaveKeyWithValue("medium", BeAssignableToTypeOf("")),
					HaveKeyWithValue("address", BeAssignableToTypeOf("")),
					HaveKeyWithValue("validated_at", BeAssignableToTypeOf(json.Number(""))),
					HaveKeyWithValue("added_at", BeAssignableToTypeOf(json.Number(""))),
				)), "%s", answer)
			})

		It("calls the medium of an e-mail address email", Must("get-004-medium-enum"),
			func(ctx SpecContext) {
				alice, _ := fixtures.WithEmail(ctx)
				answer := alice.Get(ctx, "/account/3pid")
				Expect(answer.JSON["threepids"]).To(ConsistOf(HaveKeyWithValue("medium", "email")), "%s", answer)
			})

		It("says in milliseconds when the address was added", Must("get-005-added-at-milliseconds"),
			func(ctx SpecContext) {
				alice := fixtures.NewUser(ctx)
				session := fixtures.ValidateEmail(ctx)
				before := fixtures.ServerTime(session.Answer)
				alice.Add(ctx, session)

				answer := alice.Get(ctx, "/account/3pid")
				after := fixtures.ServerTime(answer)
				Expect(fixtures.List(answer)).To(HaveLen(1), "%s", answer)
				added := time.UnixMilli(fixtures.List(answer)[0].AddedAt)
				Expect(added).To(BeTemporally(">=", before.Add(-time.Minute)), "added_at\n%s", answer)
				Expect(added).To(BeTemporally("<=", after.Add(time.Minute)), "added_at\n%s", answer)
			})

		It("says in milliseconds when the owner confirmed the address", Must("get-006-validated-at-milliseconds"),
			func(ctx SpecContext) {
				session := fixtures.AgedSession(ctx)
				alice := fixtures.NewUser(ctx)
				alice.Add(ctx, session)

				answer := alice.Get(ctx, "/account/3pid")
				Expect(fixtures.List(answer)).To(HaveLen(1), "%s", answer)
				item := fixtures.List(answer)[0]
				// Both times are the server's, so no difference of clocks is in this.
				Expect(item.AddedAt-item.ValidatedAt).To(BeNumerically(">=", 1000),
					"validated_at has to lie at least a second before added_at\n%s", answer)
				Expect(time.UnixMilli(item.ValidatedAt)).To(
					BeTemporally(">=", fixtures.ServerTime(session.Answer).Add(-time.Minute)), "validated_at\n%s", answer)
			})

		It("gives the same items when it is read again later", Must("get-007-timestamps-stable"),
			func(ctx SpecContext) {
				alice, first := fixtures.AgedList(ctx)
				second := alice.Get(ctx, "/account/3pid")
				Expect(second.JSON["threepids"]).To(ConsistOf(first.JSON["threepids"]), "first reading:\n%s\nsecond reading:\n%s", first, second)
			})

		It("lists an address once although it was added twice", Should("get-010-no-duplicates"),
			func(ctx SpecContext) {
				alice, address := fixtures.NewUser(ctx), fixtures.FreshEmail()
				// Both sessions come first: an address in use gets no further one.
				first := fixtures.RequestEmailToken(ctx, address, fixtures.FreshSecret())
				first.Validate(ctx)
				second := fixtures.RequestEmailToken(ctx, address, fixtures.FreshSecret())
				second.ValidateWith(ctx, fixtures.MailFor(ctx, address, 2))

				alice.Add(ctx, first)
				again := alice.TryAdd(ctx, second.SID, second.ClientSecret) // may be refused
				Expect(alice.Addresses(ctx)).To(ConsistOf(address), "after the second add:\n%s", again)
			})
	})
})
