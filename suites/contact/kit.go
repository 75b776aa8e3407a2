// Package contact holds the specs of the Account Administrative Contact API, a
// file per operation or theme. What several files need is here.
package contact

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/run"
	"threepid-conformance/mockidserver/control"
)

// addedAndBound is an address that alice has added and bound, with what was seen
// of the bind at the identity server.
func addedAndBound(ctx SpecContext) (alice *users.User, session *identity.Session) {
	GinkgoHelper()
	alice, email := sessions.Email.Added(ctx)
	session = identity.New(ctx, alice).ValidateFor(ctx, alice, email)
	session.MustBind(ctx)
	return alice, session
}

// expectFree asserts that a user can have an address which was another's until
// now: validate it by a second mail, and add it.
func expectFree(ctx SpecContext, u *users.User, email *sessions.Recipient) {
	GinkgoHelper()
	session := email.Request(ctx)
	Expect(session.Response).To(BeGranted())
	mails, err := email.Await(ctx, 2) // the first one was the other user's
	Expect(err).NotTo(HaveOccurred())

	session.MustBeOpen()
	session.Message = mails[1]
	Expect(session.SubmitURL != "" || session.HasLink()).To(BeTrue(), "the mail %q leads nowhere", session.Message.Subject)
	session.Use(ctx)
	Expect(u.Add(ctx, session)).To(BeGranted())
}

// neverBound is an address that no identity server has from this homeserver, so
// that taking it away is granted without one. What is deleted has to be on the
// account, because anything else may be refused; what is unbound has not.
func neverBound(ctx SpecContext, operation string) (*users.User, users.Identifier) {
	GinkgoHelper()
	if operation == "delete3pidFromAccount" {
		return sessions.Email.Added(ctx)
	}
	return users.New(ctx), sessions.Email.Fresh(ctx)
}

// askedToUnbind are the requests to unbind, of which there has to be one.
func askedToUnbind(ctx SpecContext, session *identity.Session) []control.Entry {
	GinkgoHelper()
	requests := session.Requests(ctx, control.Unbind)
	if len(requests) == 0 {
		Blocked(run.CurrentOperation(), "rem-006-explicit-id-server", "the identity server was not asked to unbind")
	}
	return requests
}

// needsSuccess ends the spec as blocked unless a removal that has nothing wrong
// with it has unbound: what goes wrong beside it tells nothing then.
func needsSuccess(response *exchange.Response) {
	GinkgoHelper()
	if response.Text("id_server_unbind_result") != "success" {
		Blocked(run.CurrentOperation(), "rem-010-success-only-if-is-unbound", "a bound identifier could not be unbound:\n%s", response)
	}
}

// everythingIn is all that a request at the identity server holds.
func everythingIn(request control.Entry) string {
	var b strings.Builder
	b.WriteString(request.Target + "\n")
	for _, h := range request.Headers {
		b.WriteString(h.Name + ": " + h.Value + "\n")
	}
	b.Write(request.BodyRaw())
	return b.String()
}

// becameOf says what a request has made of the session's address. For bound, it
// is enough that the identity server was asked to bind.
func becameOf(ctx SpecContext, u *users.User, session *identity.Session) []string {
	GinkgoHelper()
	effects := []string{}
	if slices.Contains(u.Addresses(ctx), session.Address) {
		effects = append(effects, "listed")
	}
	if len(session.Requests(ctx, control.Bind)) > 0 || session.Owner(ctx, session.Address) != "" {
		effects = append(effects, "bound")
	}
	return effects
}
