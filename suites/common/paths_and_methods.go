package common

import (
	"net/http"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
	"threepid-conformance/schemas"
)

// Paths that there are, paths that there are not, and methods that a path does
// not have. client-server-api/#common-error-codes
var _ = Describe("The path of an operation", func() {

	DescribeTable("is served below /_matrix/client/v3", Each(Must("gen-016-v3-prefix")),
		func(ctx SpecContext, operation string) {
			response := calls.WellFormed(ctx, operation).SendOnce(ctx)
			Expect(response).NotTo(HaveErrcode("M_UNRECOGNIZED"))
			if response.Status == http.StatusNotFound {
				Expect(response.Errcode()).NotTo(BeEmpty(), "not even an error of the API\n%s", response)
			}
			calls.Granted(ctx, operation) // and what answers there is the operation
		})

	DescribeTable("has nothing below it", Each(Should("gen-013-unknown-path-404")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			response := call.SendOnce(ctx, api.Below("no-such-endpoint"))
			Expect(response).To(HaveStatus(http.StatusNotFound))
			Expect(response).To(HaveErrcode("M_UNRECOGNIZED"))
		})

	DescribeTable("refuses methods that it does not have", Each(Should("gen-014-wrong-method-405")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			for _, method := range otherMethods(call.Operation) {
				response := call.SendOnce(ctx, api.WithMethod(method), api.WithoutBody())
				Expect(response).To(HaveStatus(http.StatusMethodNotAllowed))
				Expect(response).To(HaveErrcode("M_UNRECOGNIZED"))
			}
		})

	DescribeTable("changes nothing for a method that it does not have", Each(Must("gen-015-wrong-method-no-effect")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			for _, method := range otherMethods(call.Operation) {
				call.SendInEachWay(ctx, api.WithMethod(method))
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
		})
})

// otherMethods are those that no operation has at this one's path. HEAD and
// OPTIONS are not among them: a path may have both unasked.
func otherMethods(at schemas.Operation) []string {
	methods := []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodPatch}
	for _, op := range schemas.Operations() {
		if op.Path == at.Path {
			methods = slices.DeleteFunc(methods, func(method string) bool { return method == op.Method })
		}
	}
	return methods
}
