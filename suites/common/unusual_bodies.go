package common

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
)

// Bodies that are not what clients usually send, and still have to do.
// client-server-api/#api-standards
var _ = Describe("An unusual body", func() {

	DescribeTable("is taken without a Content-Type", Each(Must("gen-006-request-content-type-optional")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			Expect(call.Send(ctx, api.WithHeader("Content-Type"))).To(BeGranted())
		})

	DescribeTable("is taken with keys that the homeserver does not know", Each(Should("gen-012-unknown-keys-tolerated")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			more := api.With("org.example.more", JSON{"a": []int{1}})
			Expect(call.Send(ctx, more)).To(BeGranted())
		})
})
