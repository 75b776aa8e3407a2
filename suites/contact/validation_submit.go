package contact

import (
	"maps"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// submit_url, where a client posts the code that its user read in the message.
// client-server-api/#post_matrixclientv3account3pidmsisdnrequesttoken
var (
	_ = Describe("submit_url of an e-mail session", Operation("requestTokenTo3PIDEmail"), On(EmailSubmitURL),
		func() { submitURL(submittableEmail) })
	_ = Describe("submit_url of a phone number's session", Operation("requestTokenTo3PIDMSISDN"),
		func() { submitURL(submittableNumber) })
)

func submitURL(submittable func(ctx SpecContext, more ...JSON) submission) {

	It("validates the session", Must("val-006-submit-url-validates"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), submittable(ctx)
			Expect(session.url).To(MatchRegexp(`^https?://`), "%s", session.answer)
			Expect(alice.TryAddWith(ctx, session.credentials())).NotTo(BeOK())

			Expect(fixtures.Submit(ctx, session.url, session.body)).To(HaveStatus(http.StatusOK))
			Expect(alice.TryAddWith(ctx, session.credentials())).To(HaveStatus(http.StatusOK))
		})

	It("takes the code without an access token", Must("val-007-submit-url-needs-no-token"),
		func(ctx SpecContext) {
			session := submittable(ctx)
			Expect(fixtures.Submit(ctx, session.url, session.body)).To(HaveStatus(http.StatusOK))
		})

	It("says that the validation succeeded", Must("val-008-submit-url-response"),
		func(ctx SpecContext) {
			session := submittable(ctx)
			answer := fixtures.Submit(ctx, session.url, session.body)
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).To(HaveKeyWithValue("success", true), "%s", answer)
		})

	It("refuses a wrong code and still takes the right one", Must("val-009-submit-url-wrong-token"),
		func(ctx SpecContext) {
			alice, session := fixtures.NewUser(ctx), submittable(ctx)
			answer := fixtures.Submit(ctx, session.url, session.with("token", fixtures.OtherThan(session.code())))
			Expect(answer.JSON).NotTo(HaveKeyWithValue("success", true), "%s", answer)
			Expect(answer.Status).To(BeNumerically("<", 500), "%s", answer)
			Strictly(func(g Gomega) {
				g.Expect(answer).To(HaveStatus(http.StatusBadRequest))
				g.Expect(answer).To(HaveErrcode("M_TOKEN_INCORRECT"))
			})
			Expect(alice.TryAddWith(ctx, session.credentials())).NotTo(BeOK())

			fixtures.Submit(ctx, session.url, session.body)
			Expect(alice.TryAddWith(ctx, session.credentials())).To(HaveStatus(http.StatusOK))
		})

	DescribeTable("refuses other wrong parameters", Should("val-010-submit-url-bad-parameter"),
		func(ctx SpecContext, key, value string) {
			session := submittable(ctx)
			answer := fixtures.Submit(ctx, session.url, session.with(key, value))
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_INVALID_PARAM", "M_NO_VALID_SESSION", "M_TOKEN_INCORRECT"))
		},
		Entry("a malformed client_secret", "client_secret", "not a secret!"),
		Entry("an unknown sid", "sid", "unknown"),
	)

	It("answers a POST in JSON although there is a next_link", Must("val-011-post-ignores-next-link"),
		func(ctx SpecContext) {
			session := submittable(ctx, JSON{"next_link": "https://client.example/after"})
			answer := fixtures.Submit(ctx, session.url, session.body)
			Expect(answer).To(HaveStatus(http.StatusOK))
			Expect(answer.JSON).NotTo(BeNil(), "%s", answer)
		})
}

var _ = Describe("submit_url of an expired e-mail session", func() {

	It("says that the session has expired", Should("val-010-submit-url-bad-parameter"), Operation("requestTokenTo3PIDEmail"), On(ShortTokenLifetime),
		func(ctx SpecContext) {
			session := submittableEmail(ctx)
			Pause(ctx, 1100*time.Millisecond, "the session has to expire")
			answer := fixtures.Submit(ctx, session.url, session.body)
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_SESSION_EXPIRED"))
		})
})

var _ = Describe("submit_url of a phone number's expired session", func() {

	It("says that the session has expired", Should("val-010-submit-url-bad-parameter"), Operation("requestTokenTo3PIDMSISDN"),
		func(ctx SpecContext) {
			session := fixtures.RequestSMS(ctx, fixtures.FreshNumber(ctx), fixtures.FreshSecret())
			session.Receive(ctx)
			session.Expire(ctx)
			answer := session.Submit(ctx, session.Submission())
			Expect(answer).To(HaveStatus(http.StatusBadRequest))
			Expect(answer).To(HaveErrcode("M_SESSION_EXPIRED"))
		})
})

// A submission is what is to be posted to a submit_url, and where that is.
type submission struct {
	answer *exchange.Response // of requestToken
	url    string
	body   JSON // sid, client_secret and token
}

func (s submission) credentials() JSON {
	return JSON{"sid": s.body["sid"], "client_secret": s.body["client_secret"]}
}

func (s submission) code() string { return s.body["token"].(string) }

// with is the body with another value under one key.
func (s submission) with(key, value string) JSON {
	changed := maps.Clone(s.body)
	changed[key] = value
	return changed
}

// submittableEmail opens a session that is to be validated by submit_url, and
// waits for its mail.
func submittableEmail(ctx SpecContext, more ...JSON) submission {
	GinkgoHelper()
	address, clientSecret := fixtures.FreshEmail(), fixtures.FreshSecret()
	body := JSON{"email": address, "client_secret": clientSecret, "send_attempt": 1}
	answer := requestSubmittable(ctx, emailRequestToken, body, more)
	session := fixtures.SessionOf(answer, address, clientSecret)
	if session.SubmitURL == "" {
		Decline("no-submit-url", session.Answer)
	}
	session.Mail = fixtures.MailFor(ctx, session.Address, 1)
	return submission{answer, session.SubmitURL, session.Submission()}
}

// submittableNumber opens a session for a phone number and waits for its SMS,
// which never has a link.
func submittableNumber(ctx SpecContext, more ...JSON) submission {
	GinkgoHelper()
	number, clientSecret := fixtures.FreshNumber(ctx), fixtures.FreshSecret()
	answer := requestSubmittable(ctx, msisdnRequestToken, number.Request(clientSecret), more)
	session := fixtures.PhoneSessionOf(answer, number, clientSecret)
	session.Receive(ctx)
	session.NeedSubmitURL()
	return submission{answer, session.SubmitURL, session.Submission()}
}

// requestSubmittable asks for a token, with more in the body. Where it is a
// next_link that the homeserver refuses, the spec ends as not-supported.
func requestSubmittable(ctx SpecContext, path string, body JSON, more []JSON) *exchange.Response {
	GinkgoHelper()
	for _, m := range more {
		maps.Copy(body, m)
	}
	answer := fixtures.Post(ctx, path, body)
	if _, linked := body["next_link"]; linked && Declined("next-link-refused", answer) {
		Decline("next-link-refused", answer)
	}
	return answer
}
