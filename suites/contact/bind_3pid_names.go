package contact

import (
	"maps"
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	. "threepid-conformance/harness"
)

// The names by which an identity server is given.
var _ = Describe("The id_server in a request", func() {

	DescribeTable("is called at the port it has", Each(Must("bind-014-id-server-with-port")),
		func(ctx SpecContext, operation string) {
			alice, session, body := namingServer(ctx, operation)
			if _, port, err := net.SplitHostPort(session.Name); err != nil || port == "443" {
				NotTested("our identity server is at the usual port: %s", session.Name)
			}
			before := len(session.Requests(ctx, ""))
			response := Authorized(alice.Post(ctx, operation, body))
			requests := session.Requests(ctx, "")[before:]
			if response.OK() && len(requests) == 0 {
				if operation == "bind3PID" {
					Blocked(operation, "bind-002-calls-is-v2-bind", "granted, though nobody was called:\n%s", response)
				}
				Blocked(operation, "rem-006-explicit-id-server", "granted, though nobody was called:\n%s", response)
			}
			Expect(requests).NotTo(BeEmpty(), "nobody called %s\n%s", session.Name, response)
			Expect(requests[0].Host).To(Equal(session.Name))
			Expect(requests[0].Connection.TLS).NotTo(BeEmpty(), "the request did not come over TLS")
		})

	// Some homeservers are lenient and take the host out of what they got. That is
	// no harm as long as they then ask it by its API.
	DescribeTable("leads to no other path and to no crash when it is malformed", Each(Should("bind-015-malformed-id-server")),
		func(ctx SpecContext, operation string) {
			alice, _, body := namingServer(ctx, operation)
			Granted(alice.Post(ctx, operation, body)) // by its name
			for _, malformed := range []string{"", "https://%s", "user@%s", "%s/elsewhere?x=", "%s/elsewhere#"} {
				alice, session, body := namingServer(ctx, operation)
				body = maps.Clone(body)
				body["id_server"] = strings.ReplaceAll(malformed, "%s", session.Name)

				before := len(session.Requests(ctx, ""))
				response := alice.Post(ctx, operation, body)
				requests := session.Requests(ctx, "")[before:]
				for _, request := range requests {
					Expect(request.Target).To(HavePrefix("/_matrix/identity/v2/3pid/"), "id_server %q has led elsewhere", body["id_server"])
				}
				if !response.OK() {
					Expect(response).To(BeRefused(), "id_server %q", body["id_server"])
				}
				if response.OK() && len(requests) == 0 {
					Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "no-support"), "nobody was asked about id_server %q:\n%s", body["id_server"], response)
				}
			}
		})
})
