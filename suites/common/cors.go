package common

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

const origin = "https://client.example"

// Pages of other origins. client-server-api/#web-browser-clients
var _ = Describe("A web browser", func() {

	DescribeTable("may send OPTIONS without a token", Each(Must("cors-001-options-supported")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			asked := preflight(ctx, call)
			Expect(asked.OK()).To(BeTrue(), "no 2xx status\n%s", asked)
			bare := call.SendOnce(ctx, api.WithMethod(http.MethodOptions), api.WithToken(""), api.WithoutBody())
			Expect(bare.OK()).To(BeTrue(), "no 2xx status\n%s", bare)
		})

	DescribeTable("changes nothing by OPTIONS, whatever it sends along", Each(Must("cors-002-options-no-logic")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			call.SendInEachWay(ctx, api.WithMethod(http.MethodOptions))
			call.SendInEachWay(ctx, api.WithMethod(http.MethodOptions), api.WithHeader("Origin", origin),
				api.WithHeader("Access-Control-Request-Method", call.Operation.Method))
			Expect(call.Effects(ctx)).To(BeEmpty())
		})

	DescribeTable("may come from any origin", Each(Should("cors-003-allow-origin")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			asked := preflight(ctx, call)
			Expect(asked.Header.Values("Access-Control-Allow-Origin")).To(allowOurs, "%s", asked)
			granted := call.MustSend(ctx, api.WithHeader("Origin", origin))
			Expect(granted.Header.Values("Access-Control-Allow-Origin")).To(allowOurs, "%s", granted)
		})

	DescribeTable("is told all methods that it may use", Each(Should("cors-004-allow-methods")),
		func(ctx SpecContext, operation string) {
			response := preflight(ctx, calls.Granted(ctx, operation))
			Expect(words(response, "Access-Control-Allow-Methods")).To(ContainElements("get", "post", "put", "delete", "options"), "%s", response)
		})

	DescribeTable("is told the headers that it may send", Each(Should("cors-005-allow-headers")),
		func(ctx SpecContext, operation string) {
			response := preflight(ctx, calls.Granted(ctx, operation))
			Expect(words(response, "Access-Control-Allow-Headers")).To(ContainElements("x-requested-with", "content-type", "authorization"), "%s", response)
		})

	DescribeTable("can read why it was refused", Each(Should("cors-006-headers-on-errors")),
		func(ctx SpecContext, operation string) {
			_, refused := calls.Responses(ctx, operation, api.WithHeader("Origin", origin))
			for _, response := range refused {
				Expect(response.Header.Values("Access-Control-Allow-Origin")).To(allowOurs, "%s", response)
			}
		})
})

// allowOurs holds for the values of a header that lets a page of our origin read
// the answer.
var allowOurs = HaveExactElements(BeElementOf("*", origin))

// preflight asks like a browser whether it may send a call.
func preflight(ctx SpecContext, call *calls.Call) *exchange.Response {
	GinkgoHelper()
	return call.SendOnce(ctx,
		api.WithMethod(http.MethodOptions), api.WithToken(""), api.WithoutBody(),
		api.WithHeader("Origin", origin),
		api.WithHeader("Access-Control-Request-Method", call.Operation.Method),
		api.WithHeader("Access-Control-Request-Headers", "authorization, content-type"))
}

// words are what a header lists, in lower case.
func words(a *exchange.Response, header string) []string {
	var list []string
	for _, word := range strings.Split(strings.Join(a.Header.Values(header), ","), ",") {
		list = append(list, strings.ToLower(strings.TrimSpace(word)))
	}
	return list
}
