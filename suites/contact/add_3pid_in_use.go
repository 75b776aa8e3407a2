package contact

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// Addresses that another account has already. As requestToken refuses those, all
// sessions are validated before anybody adds the address.
var _ = Describe("POST /account/3pid/add for an address of somebody else", func() {

	It("does not take the address away from its owner", Should("add-009-in-use-by-other-user"),
		func(ctx SpecContext) {
			alice, bob, email := users.New(ctx), users.New(ctx), sessions.Email.Fresh(ctx)
			hers, his := email.Validate(ctx), email.Validate(ctx)
			alice.MustAdd(ctx, hers)

			response := bob.Add(ctx, his)
			Strictly(func(g Gomega) {
				g.Expect(response).To(BeRefused(), "somebody else has added it")
				g.Expect(bob.Addresses(ctx)).NotTo(ContainElement(email.Address), "somebody else has added it\n%s", response)
			})
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address), "somebody else has added it\n%s", response)
		})

	It("recognises the address in another letter case", Should("add-010-in-use-case-variant"),
		func(ctx SpecContext) {
			alice, bob, email := users.New(ctx), users.New(ctx), sessions.Email.Fresh(ctx)
			hers, his := email.Validate(ctx), email.As(strings.ToUpper(email.Address)).Validate(ctx)
			alice.MustAdd(ctx, hers)

			response := bob.Add(ctx, his)
			Expect(response).To(BeRefused())
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(WithTransform(strings.ToLower, Equal(email.Address))))
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address))
		})

	It("gives the address to one of several who add it at once", Should("add-011-concurrent-add-single-owner"),
		func(ctx SpecContext) {
			const rounds, contending = 3, 4
			users.New(ctx).MustAdd(ctx, sessions.Email.Validate(ctx)) // one who adds an address gets it
			for range rounds {
				email := sessions.Email.Fresh(ctx)
				everybody, lastSteps := contenders(ctx, email, contending)
				api.AtOnce(ctx, lastSteps) // several may be told that they have it; the lists show

				var owners []string
				for _, user := range everybody {
					for _, listed := range user.Addresses(ctx) {
						if listed == email.Address {
							owners = append(owners, user.ID)
						}
					}
				}
				Expect(len(owners)).To(BeNumerically("<=", 1), "the address is listed for %v", owners)
			}
		})
})

// contenders are users who have each validated one address, and the requests by
// which they add it.
func contenders(ctx SpecContext, email *sessions.Recipient, n int) (everybody []*users.User, lastSteps []exchange.Request) {
	GinkgoHelper()
	var validated []*sessions.Session
	for range n {
		validated = append(validated, email.Validate(ctx))
	}
	for _, session := range validated {
		user := users.New(ctx)
		everybody = append(everybody, user)
		lastSteps = append(lastSteps, user.BeginAdd(ctx, session).LastStep(ctx))
	}
	return everybody, lastSteps
}
