// Package contact holds the specs of the Account Administrative Contact API, a
// file per operation or theme. What several files need is here.
package contact

import (
	"net/http"
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
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

	session.Message = mails[1]
	Expect(session.SubmitURL != "" || session.HasLink()).To(BeTrue(), "the mail %q leads nowhere", session.Message.Subject)
	session.Use(ctx)
	expectAddable(ctx, u, session)
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

// remove has alice take away an address that she has added and bound.
func remove(ctx SpecContext, operation string) (alice *users.User, session *identity.Session, response *exchange.Response) {
	GinkgoHelper()
	alice, session = addedAndBound(ctx)
	return alice, session, alice.Post(ctx, operation, session.Removal())
}

// unbindRequest is what the identity server is asked when alice takes away an address
// that she has added and bound.
func unbindRequest(ctx SpecContext, operation string) control.Entry {
	GinkgoHelper()
	_, session, response := remove(ctx, operation)
	return askedToUnbind(ctx, session, response)
}

// askedToUnbind is what the session's identity server was asked by a removal. Where it
// was not asked, the spec ends as blocked.
func askedToUnbind(ctx SpecContext, session *identity.Session, response *exchange.Response) control.Entry {
	GinkgoHelper()
	requests := session.Requests(ctx, control.Unbind)
	if len(requests) == 0 {
		Blocked(response.Operation, "rem-006-explicit-id-server", "the identity server was not asked to unbind:\n%s", response)
	}
	return requests[0]
}

// signedUnbind is unbindRequest with a signature that can be read.
func signedUnbind(ctx SpecContext, operation string) control.Entry {
	GinkgoHelper()
	request := unbindRequest(ctx, operation)
	switch {
	case request.Signature == nil:
		Blocked(operation, "rem-008-signed-by-homeserver", "it is not signed: %s", request)
	case request.Signature.Origin == "":
		Blocked(operation, "isc-002-x-matrix-header", "the header cannot be read: %s", request)
	}
	if _, err := request.JSON(); err != nil {
		Blocked(operation, "isc-001-https-and-json", "the identity server was not asked in JSON: %v", err)
	}
	return request
}

// bound is an address that alice has bound and, where that is what the operation takes
// away, added before.
func bound(ctx SpecContext, operation string) (alice *users.User, session *identity.Session) {
	GinkgoHelper()
	if operation == "delete3pidFromAccount" {
		return addedAndBound(ctx)
	}
	alice = users.New(ctx)
	return alice, identity.New(ctx, alice).MustBind(ctx, alice)
}

// bindRequest is what the identity server was asked when a session's address was to be
// bound, which was answered like this.
func bindRequest(ctx SpecContext, session *identity.Session, response *exchange.Response) control.Entry {
	GinkgoHelper()
	requests := session.Requests(ctx, control.Bind)
	if len(requests) == 0 {
		Granted(response)
		Blocked("bind3PID", "bind-002-calls-is-v2-bind", "the identity server was not asked to bind")
	}
	return requests[0]
}

// expectAddable asserts that a session was validated, so that its identifier can be
// added. Whether any can be is another matter, and ends the spec as blocked.
func expectAddable(ctx SpecContext, u *users.User, session *sessions.Session) {
	GinkgoHelper()
	response := u.Add(ctx, session)
	if !response.OK() {
		session.Recipient.Medium.Added(ctx)
	}
	Expect(response).To(BeGranted())
}

// expectNotAddable asserts that a session was not validated, so that its identifier
// cannot be added. Where nobody asks for that, the spec ends as blocked.
func expectNotAddable(ctx SpecContext, u *users.User, session *sessions.Session) {
	GinkgoHelper()
	response := u.Add(ctx, session)
	if response.OK() {
		if never := u.Add(ctx, session.Recipient.Medium.MustRequest(ctx)); never.OK() {
			Blocked("add3PID", "add-005-session-must-be-validated", "a session is accepted that nobody has validated:\n%s", never)
		}
	}
	Expect(response).NotTo(BeGranted())
}

// expectNoReset asserts that nobody can set a user's password by proving an address.
func expectNoReset(ctx SpecContext, u *users.User, email *sessions.Recipient) {
	GinkgoHelper()
	reset := email.RequestPasswordReset(ctx)
	if !reset.Response.OK() {
		Expect(reset.Response).To(BeRefused())
	}
	if reset.SID == "" {
		return
	}
	// The response may hide that the address is on no account. The first message was
	// for validating it.
	reset.UseAll(ctx, email.MessagesAtMost(ctx, 2))
	password, response := users.ResetPassword(ctx, reset)
	Expect(response).NotTo(BeGranted())
	Expect(u.LogIn(ctx, password)).NotTo(BeGranted())
}

// namingServer is a request of an operation that makes the homeserver call the identity
// server which its body names.
func namingServer(ctx SpecContext, operation string) (alice *users.User, session *identity.Session, body JSON) {
	GinkgoHelper()
	if operation != "bind3PID" {
		alice, session = bound(ctx, operation)
		return alice, session, session.Removal()
	}
	alice = users.New(ctx)
	session = identity.New(ctx, alice).Validate(ctx, alice)
	return alice, session, session.Binding()
}

// mustUnbindByName ends the spec as blocked unless an operation unbinds where the
// identity server is named and nothing is in the way.
func mustUnbindByName(ctx SpecContext, operation string) {
	GinkgoHelper()
	alice, session := bound(ctx, operation)
	response := alice.Post(ctx, operation, session.Removal())
	mustUnbind(response)
	if session.Owner(ctx, session.Address) != "" {
		Blocked(operation, "rem-010-success-only-if-is-unbound", "the binding is still there:\n%s", response)
	}
}

// mustUnbind ends the spec as blocked unless a removal that has nothing wrong with it
// has unbound: what goes wrong beside it tells nothing then.
func mustUnbind(response *exchange.Response) {
	GinkgoHelper()
	if Granted(response).JSON["id_server_unbind_result"] != "success" {
		Blocked(response.Operation, "rem-010-success-only-if-is-unbound", "a bound identifier could not be unbound:\n%s", response)
	}
}

// unbindResult is what a removal that was granted says of the identity server. Where
// that is none of the two words, the spec ends as blocked.
func unbindResult(response *exchange.Response) string {
	GinkgoHelper()
	result := Granted(response).Text("id_server_unbind_result")
	if result != "success" && result != "no-support" {
		Blocked(response.Operation, "rem-003-response-schema", "it does not say whether the identity server has unbound:\n%s", response)
	}
	return result
}

// mustNotHaveUnbound ends the spec as blocked where a removal claims a success at an
// identity server, though none was asked.
func mustNotHaveUnbound(response *exchange.Response) {
	GinkgoHelper()
	if unbindResult(response) == "success" {
		Blocked(response.Operation, "rem-004-unknown-id-server-no-support", "a success, though no identity server was asked:\n%s", response)
	}
}

// expectUnbound asserts that a removal which names no identity server was taken
// to where the identifier was bound, and not to another port of that server.
func expectUnbound(ctx SpecContext, session *identity.Session, response *exchange.Response) {
	GinkgoHelper()
	requests, unbinds := session.Requests(ctx, ""), session.Requests(ctx, control.Unbind)
	for _, request := range requests {
		Expect(request.Listener).To(Equal(requests[0].Listener), "not the identity server of the bind: %s", request)
	}
	if response.OK() && len(unbinds) == 0 && response.Text("id_server_unbind_result") == "no-support" {
		Decline("bind-not-tracked", response)
	}
	Granted(response)
	Expect(unbinds).NotTo(BeEmpty(), "the identity server was not asked to unbind\n%s", response)
	if unbinds[0].Status == http.StatusOK {
		Expect(response.JSON).To(HaveKeyWithValue("id_server_unbind_result", "success"), "%s", response)
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
