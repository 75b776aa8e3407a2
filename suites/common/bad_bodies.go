package common

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
)

// Bodies that have one thing wrong with them. The answer has to be a refusal:
// after User-Interactive Authentication where a server asks for that first.
// client-server-api/#common-error-codes
var _ = Describe("A defective body", func() {

	DescribeTable("that is no JSON is refused without effect", Each(Must("gen-007-not-json")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			for _, text := range []string{"no JSON", strings.TrimSuffix(call.Text(), "}"), strings.ReplaceAll(call.Text(), `"`, `'`)} {
				response := call.Send(ctx, api.WithBody(text))
				Expect(response).To(BeRefused())
				Strictly(func(g Gomega) { g.Expect(response).To(HaveErrcode("M_NOT_JSON")) })
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
		})

	DescribeTable("that lacks a required key is refused without effect", Each(Must("gen-008-missing-required-key")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			for _, key := range calls.RequiredKeys(operation) {
				response := call.Send(ctx, api.Without(key.Path))
				Expect(response).To(BeRefused(), "without %s", key.Path)
				Strictly(func(g Gomega) {
					g.Expect(response).To(HaveErrcode("M_MISSING_PARAM", "M_BAD_JSON", "M_INVALID_PARAM"), "without %s", key.Path)
				})
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
		})

	DescribeTable("with a value of another type is refused without effect", Each(Must("gen-009-wrong-json-type")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			for _, key := range calls.RequiredKeys(operation) {
				for _, wrong := range key.WrongTypes {
					response := call.Send(ctx, api.With(key.Path, wrong))
					Expect(response).To(BeRefused(), "%s is %v", key.Path, wrong)
					Strictly(func(g Gomega) {
						g.Expect(response).To(HaveErrcode("M_BAD_JSON", "M_INVALID_PARAM", "M_MISSING_PARAM"), "%s is %v", key.Path, wrong)
					})
				}
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
		})

	DescribeTable("that is JSON but no object is refused", Each(Must("gen-010-non-object-body")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			for _, text := range []string{"[]", `"x"`, "1", "null"} {
				response := call.Send(ctx, api.WithBody(text))
				Expect(response).To(BeRefused())
				Strictly(func(g Gomega) { g.Expect(response).To(HaveErrcode("M_BAD_JSON", "M_NOT_JSON")) })
			}
		})

	DescribeTable("that is not there is refused without effect", Each(Must("gen-011-absent-body")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			Expect(call.Send(ctx, api.WithoutBody())).To(BeRefused())
			Expect(call.Effects(ctx)).To(BeEmpty())
		})
})

// Requests that cannot be granted, most of them though nothing is wrong with
// their bodies. client-server-api/#standard-error-response
var _ = Describe("A request that fails", func() {

	DescribeTable("leaves everything as it was", Each(Must("gen-017-failed-request-no-effect")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			failed := 0
			for _, vain := range call.Failing(ctx) {
				listed, effects := call.User.Addresses(ctx), vain.Effects(ctx)
				if response := vain.Send(ctx); !response.OK() { // that it fails is for other rows to see
					failed++
					Expect(call.User.Addresses(ctx)).To(ConsistOf(listed), "after\n%s", response)
					Expect(vain.Effects(ctx)).To(ConsistOf(effects), "after\n%s", response)
				}
			}
			if failed == 0 {
				NotTested("the homeserver grants whatever it is asked, so nothing failed")
			}
		})
})
