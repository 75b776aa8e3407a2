package contact

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// The operations that change what identity servers know, by the end of their paths.
var paths = map[string]string{
	"bind3PID":              "/account/3pid/bind",
	"delete3pidFromAccount": "/account/3pid/delete",
	"unbind3pidFromAccount": "/account/3pid/unbind",
}

// held is an address that alice has added and bound, with what was seen of the
// bind at the identity server.
func held(ctx SpecContext) (alice *users.User, session *identity.Session) {
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
	Expect(session.Response).To(HaveStatus(http.StatusOK))
	mails, err := email.Await(ctx, 2) // the first one was the other user's
	Expect(err).NotTo(HaveOccurred())

	session.MustBeOpen()
	session.Message = mails[1]
	Expect(session.SubmitURL != "" || session.HasLink()).To(BeTrue(), "the mail %q leads nowhere", session.Message.Subject)
	session.Use(ctx)
	Expect(u.Add(ctx, session)).To(HaveStatus(http.StatusOK))
}
