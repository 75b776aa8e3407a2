package contact

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
)

// Limits of the server's resources, and of its users.
// client-server-api/#other-error-codes
var _ = Describe("A limit", func() {

	DescribeTable("comes with whom to turn to", Each(Must("acc-007-resource-limit-shape")),
		func(ctx SpecContext, operation string) {
			response := calls.WellFormed(ctx, operation).SendOnce(ctx)
			if response.OK() || response.IsChallenge() {
				Decline("no-limit-met", response)
			}
			Authorized(response)
			// What comes with the error is looked at in every answer of a run.
			Expect(response).To(HaveErrcode("M_RESOURCE_LIMIT_EXCEEDED", "M_USER_LIMIT_EXCEEDED"))
		})
})
