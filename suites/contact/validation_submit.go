package contact

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// submit_url, where a client posts the code that its user read in the message.
// client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
var (
	_ = Describe("submit_url of an e-mail session", Operation("requestTokenTo3PIDEmail"), On(EmailSubmitURL),
		func() { submitURLOf(sessions.Email) })
	_ = Describe("submit_url of a phone number's session", Operation("requestTokenTo3PIDMSISDN"),
		func() { submitURLOf(sessions.MSISDN) })
)

func submitURLOf(medium sessions.Medium) {

	It("validates the session", Must("val-006-submit-url-validates"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), submittable(ctx, medium)
			Expect(session.SubmitURL).To(MatchRegexp(`^https?://`), "%s", session.Response)
			expectNotAddable(ctx, alice, session)

			Expect(session.Submit(ctx)).To(BeGranted())
			Expect(alice.Add(ctx, session)).To(BeGranted())
		})

	It("takes the code without an access token", Must("val-007-submit-url-needs-no-token"),
		func(ctx SpecContext) {
			session := submittable(ctx, medium)
			Expect(session.Submit(ctx)).To(BeGranted())
		})

	It("says that the validation succeeded", Must("val-008-submit-url-response"),
		func(ctx SpecContext) {
			submittable(ctx, medium).MustSubmit(ctx)
			session := submittable(ctx, medium)
			response := session.Submit(ctx)
			Expect(response).To(HaveStatus(http.StatusOK))
			Expect(response.JSON).To(HaveKeyWithValue("success", true), "%s", response)
		})

	It("refuses a wrong code and still takes the right one", Must("val-009-submit-url-wrong-token"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), submittable(ctx, medium)
			response := session.Submit(ctx, api.With("token", sessions.OtherThan(session.Code())))
			Expect(response.JSON).NotTo(HaveKeyWithValue("success", true), "%s", response)
			Expect(response.Status).To(BeNumerically("<", 500), "%s", response)
			Strictly(func(g Gomega) {
				g.Expect(response).To(HaveStatus(http.StatusBadRequest))
				g.Expect(response).To(HaveErrcode("M_TOKEN_INCORRECT"))
			})
			expectNotAddable(ctx, alice, session)

			session.Submit(ctx)
			expectAddable(ctx, alice, session)
		})

	DescribeTable("refuses other wrong parameters", Should("val-010-submit-url-bad-parameter"),
		func(ctx SpecContext, key, value string) {
			submittable(ctx, medium).MustSubmit(ctx) // with the right ones
			session := submittable(ctx, medium)
			response := session.Submit(ctx, api.With(key, value))
			Expect(response).To(HaveStatus(http.StatusBadRequest))
			Expect(response).To(HaveErrcode("M_INVALID_PARAM", "M_NO_VALID_SESSION", "M_TOKEN_INCORRECT"))
		},
		Entry("a malformed client_secret", "client_secret", "not a secret!"),
		Entry("an unknown sid", "sid", "unknown"),
	)

	It("answers a POST in JSON although there is a next_link", Must("val-011-post-ignores-next-link"),
		func(ctx SpecContext) {
			submittable(ctx, medium).MustSubmit(ctx) // without one
			session := submittable(ctx, medium, api.With("next_link", "https://client.example/after"))
			response := session.Submit(ctx)
			Expect(response).To(BeGranted())
			Expect(response.JSON).NotTo(BeNil(), "%s", response)
		})
}

var _ = Describe("submit_url of an expired e-mail session", func() {

	It("says that the session has expired", Should("val-010-submit-url-bad-parameter"), Operation("requestTokenTo3PIDEmail"), On(ShortTokenLifetime),
		func(ctx SpecContext) {
			session := submittable(ctx, sessions.Email)
			Pause(ctx, 1100*time.Millisecond, "the session has to expire")
			response := session.Submit(ctx)
			Expect(response).To(HaveStatus(http.StatusBadRequest))
			Expect(response).To(HaveErrcode("M_SESSION_EXPIRED"))
		})
})

var _ = Describe("submit_url of a phone number's expired session", func() {

	It("says that the session has expired", Should("val-010-submit-url-bad-parameter"), Operation("requestTokenTo3PIDMSISDN"),
		func(ctx SpecContext) {
			session := sessions.MSISDN.Receive(ctx)
			session.Expire(ctx)
			response := session.Submit(ctx)
			Expect(response).To(HaveStatus(http.StatusBadRequest))
			Expect(response).To(HaveErrcode("M_SESSION_EXPIRED"))
		})
})

// submittable opens a session that is to be validated by submit_url, and waits
// for its message. An SMS never has a link; an e-mail session may do without a
// submit_url. Where the homeserver refuses a next_link, the spec ends as
// not-supported.
func submittable(ctx SpecContext, medium sessions.Medium, changes ...api.Change) *sessions.Session {
	GinkgoHelper()
	session := medium.Request(ctx, changes...)
	if len(changes) > 0 && Declined("next-link-refused", session.Response) {
		Decline("next-link-refused", session.Response)
	}
	session.MustBeOpen()
	if session.SubmitURL == "" && medium == sessions.Email {
		Decline("no-submit-url", session.Response)
	}
	session.Receive(ctx)
	session.MustHaveSubmitURL()
	return session
}
