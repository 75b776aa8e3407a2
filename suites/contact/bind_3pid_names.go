package contact

import (
	"maps"
	"net"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/mockidserver/control"
)

// naming are the three operations that call the identity server which their
// body names, each with a request that is granted with its right name.
var naming = map[string]func(SpecContext) namingRequest{
	"bind3PID": func(ctx SpecContext) namingRequest {
		alice := users.New(ctx)
		session := identity.New(ctx, alice).Validate(ctx, alice)
		return namingRequest{alice, session, "bind3PID", session.Binding()}
	},
	"delete3pidFromAccount": func(ctx SpecContext) namingRequest {
		alice, session := addedAndBound(ctx)
		return removalOf(alice, session, "delete3pidFromAccount")
	},
	"unbind3pidFromAccount": func(ctx SpecContext) namingRequest {
		alice := users.New(ctx)
		session := identity.New(ctx, alice).MustBind(ctx, alice)
		return removalOf(alice, session, "unbind3pidFromAccount")
	},
}

// A namingRequest is a request that names an identity server.
type namingRequest struct {
	user      *users.User
	session   *identity.Session
	operation string
	body      JSON
}

func removalOf(alice *users.User, session *identity.Session, operation string) namingRequest {
	return namingRequest{alice, session, operation, session.Removal()}
}

// asked are the requests at the identity server that are not of the set-up.
func (n namingRequest) asked(ctx SpecContext) []control.Entry {
	GinkgoHelper()
	requests := n.session.Requests(ctx, "")
	if n.operation == "bind3PID" {
		return requests
	}
	return requests[1:] // the first one has bound what is to be taken away
}

// The names by which an identity server is given.
var _ = Describe("The id_server in a request", func() {

	DescribeTable("is called at the port it has", Each(Must("bind-014-id-server-with-port")),
		func(ctx SpecContext, operation string) {
			request := naming[operation](ctx)
			if _, port, err := net.SplitHostPort(request.session.Name); err != nil || port == "443" {
				NotTested("our identity server is at the usual port: %s", request.session.Name)
			}
			Granted(request.user.Post(ctx, request.operation, request.body))
			asked := request.asked(ctx)
			Expect(asked).To(HaveLen(1), "nobody called %s", request.session.Name)
			Expect(asked[0].Host).To(Equal(request.session.Name))
			Expect(asked[0].Connection.TLS).NotTo(BeEmpty(), "the request did not come over TLS")
		})

	// Some homeservers are lenient and take the host out of what they got. That is
	// no harm as long as they then ask it by its API.
	DescribeTable("leads to no other path and to no crash when it is malformed", Each(Should("bind-015-malformed-id-server")),
		func(ctx SpecContext, operation string) {
			for _, malformed := range []string{"", "https://%s", "user@%s", "%s/elsewhere?x=", "%s/elsewhere#"} {
				request := naming[operation](ctx)
				body := maps.Clone(request.body)
				body["id_server"] = strings.ReplaceAll(malformed, "%s", request.session.Name)

				response := request.user.Post(ctx, request.operation, body)
				asked := request.asked(ctx)
				for _, entry := range asked {
					Expect(entry.Target).To(HavePrefix("/_matrix/identity/v2/3pid/"), "id_server %q has led elsewhere", body["id_server"])
				}
				if response.OK() && len(asked) == 0 {
					Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "no-support"), "nobody was asked about id_server %q:\n%s", body["id_server"], response)
				} else if !response.OK() {
					Expect(response).To(BeRefused(), "id_server %q", body["id_server"])
					Granted(request.user.Post(ctx, request.operation, request.body)) // by its name
				}
			}
		})
})
