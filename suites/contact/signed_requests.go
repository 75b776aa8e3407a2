package contact

import (
	"net"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// The homeserver as a client of an identity server. What it asks there for the
// three operations is read from the journal of ours.
// identity-service-api/#api-standards
var _ = Describe("A request to an identity server", func() {

	DescribeTable("is JSON over TLS", Each(Must("isc-001-https-and-json")),
		func(ctx SpecContext, operation string) {
			request := bindOrUnbindRequest(ctx, operation)
			Expect(request.Connection.TLS).NotTo(BeEmpty(), "it did not come over TLS: %s", request)
			Expect(utf8.Valid(request.BodyRaw())).To(BeTrue(), "its body is not UTF-8: %s", request)
			if operation != "bind3PID" || request.Arguments != "form" {
				_, err := request.JSON()
				Expect(err).NotTo(HaveOccurred())
			}
			Strictly(func(g Gomega) {
				g.Expect(request.Header("Content-Type")).To(ConsistOf(HavePrefix("application/json")))
			})
		})

	DescribeTable("does not come without TLS where there is none", Each(Must("isc-001-https-and-json")),
		func(ctx SpecContext, operation string) {
			alice, session, body := namingServer(ctx, operation)
			body["id_server"] = session.Listen(ctx, control.ProfilePlainHTTP)
			response := alice.Post(ctx, operation, body)
			for _, request := range session.Requests(ctx, "") {
				Expect(request.Connection.TLS).NotTo(BeEmpty(), "plain HTTP was spoken: %s\n%s", request, response)
			}
		})
})

// The header that signs an unbind. server-server-api/#request-authentication
var _ = Describe("The Authorization header of an unbind", Needs(Mail, IdentityServer), func() {

	DescribeTable("is one of scheme X-Matrix with origin, key and sig", Each(Must("isc-002-x-matrix-header")),
		func(ctx SpecContext, operation string) {
			signature := unbindRequest(ctx, operation).Signature
			if signature == nil {
				Blocked(operation, "rem-008-signed-by-homeserver", "the unbind is not signed")
			}
			// A header that cannot be read has no origin, and the reason says what is wrong with it.
			Expect(signature.Origin).NotTo(BeEmpty(), "%s", signature.Reason)
		})

	DescribeTable("names the identity server as its destination", Each(Must("isc-003-destination-parameter")),
		func(ctx SpecContext, operation string) {
			request := signedUnbind(ctx, operation)
			host, _, err := net.SplitHostPort(request.Host)
			Expect(err).NotTo(HaveOccurred())
			Expect(request.Signature.Destination).To(BeElementOf(request.Host, host))
		})
})

// bindOrUnbindRequest is what the identity server is asked by an operation.
func bindOrUnbindRequest(ctx SpecContext, operation string) control.Entry {
	GinkgoHelper()
	if operation != "bind3PID" {
		return unbindRequest(ctx, operation)
	}
	alice, session, body := namingServer(ctx, operation)
	return bindRequest(ctx, session, alice.Post(ctx, operation, body))
}
