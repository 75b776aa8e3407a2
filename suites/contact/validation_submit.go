package contact

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
)

// submit_url, where a client posts the code that its user read in the mail.
// client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
var _ = Describe("submit_url of an e-mail session", Operation("requestTokenTo3PIDEmail"), Needs(Mail), On(EmailSubmitURL), func() {

	It("validates the session", Must("val-006-submit-url-validates"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), submittable(ctx)
			Expect(session.SubmitURL).To(MatchRegexp(`^https?://`), "%s", session.Answer)
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())

			Expect(fixtures.Submit(ctx, session.SubmitURL, session.Submission())).To(HaveStatus(http.StatusOK))
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		})

	It("takes the code without an access token", Must("val-007-submit-url-needs-no-token"),
		func(ctx SpecContext) {
			session := submittable(ctx)
			Expect(fixtures.Submit(ctx, session.SubmitURL, session.Submission())).To(HaveStatus(http.StatusOK))
		})

	It("says that the validation succeeded", Must("val-008-submit-url-response"),
		func(ctx SpecContext) {
			session := submittable(ctx)
			answer := fixtures.Submit(ctx, session.SubmitURL, session.Submission())
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).To(HaveKeyWithValue("success", true), "%s", answer)
		})

	It("refuses a wrong code and still takes the right one", Must("val-009-submit-url-wrong-token"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), submittable(ctx)
			wrong := session.Submission()
			wrong["token"] = fixtures.OtherThan(session.MailedCode())

			answer := fixtures.Submit(ctx, session.SubmitURL, wrong)
			Expect(answer.JSON).NotTo(HaveKeyWithValue("success", true), "%s", answer)
			Expect(answer.Status).To(BeNumerically("<", 500), "%s", answer)
			Strictly(func(g Gomega) {
				g.Expect(answer).To(HaveStatus(http.StatusBadRequest))
				g.Expect(answer).To(HaveErrcode("M_TOKEN_INCORRECT"))
			})
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).NotTo(BeOK())

			fixtures.Submit(ctx, session.SubmitURL, session.Submission())
			Expect(alice.TryAdd(ctx, session.SID, session.ClientSecret)).To(HaveStatus(http.StatusOK))
		})

	DescribeTable("refuses other wrong parameters", Should("val-010-submit-url-bad-parameter"),
		func(ctx SpecContext, key, value string) {
			session := submittable(ctx)
			wrong := session.Submission()
			wrong[key] = value

			answer := fixtures.Submit(ctx, session.SubmitURL, wrong)
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_INVALID_PARAM", "M_NO_VALID_SESSION", "M_TOKEN_INCORRECT"))
		},
		Entry("a malformed client_secret", "client_secret", "not a secret!"),
		Entry("an unknown sid", "sid", "unknown"),
	)

	It("answers a POST in JSON although there is a next_link", Must("val-011-post-ignores-next-link"),
		func(ctx SpecContext) {
			body := JSON{
				"client_secret": fixtures.FreshSecret(), "email": fixtures.FreshEmail(), "send_attempt": 1,
				"next_link": "https://client.example/after",
			}
			if answer := fixtures.Post(ctx, emailRequestToken, body); Declined("next-link-refused", answer) {
				Decline("next-link-refused", answer)
			}
			session := submittable(ctx, JSON{"next_link": "https://client.example/after"})
			answer := fixtures.Submit(ctx, session.SubmitURL, session.Submission())
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).NotTo(BeNil(), "%s", answer)
		})
})

var _ = Describe("submit_url of an expired e-mail session", Operation("requestTokenTo3PIDEmail"), Needs(Mail), On(ShortTokenLifetime), func() {

	It("says that the session has expired", Should("val-010-submit-url-bad-parameter"),
		func(ctx SpecContext) {
			session := submittable(ctx)
			Pause(ctx, 1200*time.Millisecond, "the session has to expire")
			answer := fixtures.Submit(ctx, session.SubmitURL, session.Submission())
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_SESSION_EXPIRED"))
		})
})

// submittable opens a session that is to be validated by submit_url, and waits
// for its mail.
func submittable(ctx SpecContext, more ...JSON) *fixtures.EmailSession {
	GinkgoHelper()
	session := fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret(), more...)
	if session.SubmitURL == "" {
		Decline("no-submit-url", session.Answer)
	}
	session.Mail = fixtures.MailFor(ctx, session.Address, 1)
	return session
}
