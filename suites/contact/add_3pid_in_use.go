package contact

import (
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/run"
)

// Addresses that another account has already. As requestToken refuses those, all
// sessions are validated before anybody adds the address.
var _ = Describe("POST /account/3pid/add for an address of somebody else", func() {

	It("does not take the address away from its owner", Should("add-009-in-use-by-other-user"),
		func(ctx SpecContext) {
			alice, bob, address := fixtures.NewUser(ctx), fixtures.NewUser(ctx), fixtures.FreshEmail()
			sessions := fixtures.ValidateEach(ctx, address, address)
			alice.Own(ctx, sessions[0])

			answer := bob.TryAdd(ctx, sessions[1].SID, sessions[1].ClientSecret)
			Strictly(func(g Gomega) {
				g.Expect(answer).To(BeRefused(), "somebody else has added it")
				g.Expect(bob.Addresses(ctx)).NotTo(ContainElement(address), "somebody else has added it\n%s", answer)
			})
			Expect(alice.Addresses(ctx)).To(ContainElement(address), "somebody else has added it\n%s", answer)
		})

	It("recognises the address in another letter case", Should("add-010-in-use-case-variant"),
		func(ctx SpecContext) {
			alice, bob, address := fixtures.NewUser(ctx), fixtures.NewUser(ctx), fixtures.FreshEmail()
			sessions := fixtures.ValidateEach(ctx, address, strings.ToUpper(address))
			alice.Own(ctx, sessions[0])

			answer := bob.TryAdd(ctx, sessions[1].SID, sessions[1].ClientSecret)
			Expect(answer).To(BeRefused())
			Expect(bob.Addresses(ctx)).NotTo(ContainElement(WithTransform(strings.ToLower, Equal(address))))
			Expect(alice.Addresses(ctx)).To(ContainElement(address))
		})

	It("gives the address to one of several who add it at once", Should("add-011-concurrent-add-single-owner"),
		func(ctx SpecContext) {
			const rounds, users = 3, 4
			fixtures.NewUser(ctx).Own(ctx, fixtures.ValidateEmail(ctx)) // one who adds an address gets it
			for range rounds {
				address := fixtures.FreshEmail()
				everybody, lastSteps := contenders(ctx, address, users)
				atOnce(ctx, lastSteps)

				var owners []string
				for _, user := range everybody {
					for _, listed := range user.Addresses(ctx) {
						if listed == address {
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
func contenders(ctx SpecContext, address string, n int) (users []*fixtures.User, lastSteps []exchange.Request) {
	GinkgoHelper()
	spellings := make([]string, n)
	for i := range spellings {
		spellings[i] = address
	}
	for _, session := range fixtures.ValidateEach(ctx, spellings...) {
		user := fixtures.NewUser(ctx)
		users = append(users, user)
		lastSteps = append(lastSteps, user.BeginAdd(ctx, session).LastStep(ctx))
	}
	return users, lastSteps
}

// atOnce sends requests at the same instant and waits for the answers. What came
// of them is for the lists to show: several users may be told that they have it.
func atOnce(ctx SpecContext, requests []exchange.Request) {
	client := run.Homeserver()
	start := make(chan struct{})
	var sent sync.WaitGroup
	for _, request := range requests {
		sent.Go(func() {
			<-start
			_, _ = client.DoPatiently(ctx, request) // recorded, like every exchange
		})
	}
	close(start)
	sent.Wait()
}
