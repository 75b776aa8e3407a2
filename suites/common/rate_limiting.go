package common

import (
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/exchange"
)

// What a homeserver says to one request too many. client-server-api/#rate-limiting
var _ = Describe("A request above the rate limit", func() {

	DescribeTable("is refused with a standard error, 429 and M_LIMIT_EXCEEDED", Each(Should("rl-001-429-shape")),
		func(ctx SpecContext, operation string) {
			refusal := limited(ctx, operation)
			Expect(refusal.IsStandardError()).To(BeTrue(), "no standard error\n%s", refusal)
			Strictly(func(g Gomega) {
				g.Expect(refusal).To(HaveStatus(http.StatusTooManyRequests))
				g.Expect(refusal).To(HaveErrcode("M_LIMIT_EXCEEDED"))
			})
		})

	DescribeTable("says in whole milliseconds how long to wait", Each(Must("rl-002-retry-after-ms-type")),
		func(ctx SpecContext, operation string) {
			refusal := limited(ctx, operation)
			wait, present := refusal.JSON["retry_after_ms"]
			if !present {
				Decline("no-retry-after-ms", refusal)
			}
			Expect(wait).To(BeAssignableToTypeOf(json.Number("")), "%s", refusal)
			Expect(wait).To(MatchRegexp(`\A\d+\z`), "%s", refusal)
		})

	DescribeTable("carries retry_after_ms", Each(Should("rl-003-retry-after-ms-presence")),
		func(ctx SpecContext, operation string) {
			refusal := limited(ctx, operation)
			if refusal.Header.Get("Retry-After") != "" && Advertises("v1.10") && refusal.JSON["retry_after_ms"] == nil {
				Decline("header-instead", refusal)
			}
			Expect(refusal.JSON).To(HaveKey("retry_after_ms"), "%s", refusal)
		})

	DescribeTable("carries Retry-After, which agrees with retry_after_ms", Each(Should("rl-004-retry-after-header")),
		func(ctx SpecContext, operation string) {
			refusal := limited(ctx, operation)
			header := refusal.Header.Get("Retry-After")
			if _, err := http.ParseTime(header); err != nil {
				Expect(header).To(MatchRegexp(`\A\d+\z`), "Retry-After is neither whole seconds nor a date\n%s", refusal)
			}
			if _, both := refusal.JSON["retry_after_ms"]; both {
				byKey, _ := calls.RetryAfter(refusal)
				byHeader, _ := calls.RetryAfterHeader(refusal)
				Expect(byHeader).To(BeNumerically("~", byKey, time.Second), "Retry-After and retry_after_ms differ\n%s", refusal)
			}
		})

	DescribeTable("is met sooner or later in a burst of requests", Each(Should("rl-006-rate-limiting-exists")),
		func(ctx SpecContext, operation string) {
			met := calls.RateLimited(ctx, operation) != nil
			Expect(met).To(BeTrue(), "expected a refusal for the rate; a burst of requests was answered as usual")
		})
})

// What becomes of a request that was refused for its rate.
var _ = Describe("A request refused for its rate", func() {

	It("sends no mail, and sends one when it is repeated after the wait", Must("rl-005-limited-request-no-effect"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			limited(ctx, "requestTokenTo3PIDEmail")
			calls.Granted(ctx, "requestTokenTo3PIDEmail")
			burst := meetLimit(ctx, calls.WellFormed(ctx, "requestTokenTo3PIDEmail"))
			email, due := burst.Call.Recipient, burst.Granted

			Pause(ctx, 500*time.Millisecond, "a mail that should not be has to arrive before the one that should")
			Expect(email.Received(ctx)).To(HaveLen(due), "mails, of which none is for the refused request")
			Expect(burst.Call.Send(ctx)).To(BeGranted(), "the same request after the wait")
			mails, err := email.Await(ctx, due+1)
			Expect(err).NotTo(HaveOccurred(), "the repeated request sent no mail")
			Expect(mails).To(HaveLen(due+1), "mails, of which one is for the repeated request")
			email.CountAgain(ctx, due+1)
		})

	It("sends no SMS, and sends one when it is repeated after the wait", Must("rl-005-limited-request-no-effect"), Operation("requestTokenTo3PIDMSISDN"),
		func(ctx SpecContext) {
			limited(ctx, "requestTokenTo3PIDMSISDN")
			calls.Granted(ctx, "requestTokenTo3PIDMSISDN")
			burst := meetLimit(ctx, calls.WellFormed(ctx, "requestTokenTo3PIDMSISDN"))
			due := burst.Granted
			Expect(burst.Call.Effects(ctx)).To(HaveLen(due), "SMS, of which none is for the refused request")
			Expect(burst.Call.Send(ctx)).To(BeGranted(), "the same request after the wait")
			Expect(burst.Call.Effects(ctx)).To(HaveLen(due+1), "SMS, of which one is for the repeated request")
		})

	DescribeTable("has no effect, and has one when it is repeated after the wait", Must("rl-005-limited-request-no-effect"),
		func(ctx SpecContext, operation string) {
			limited(ctx, operation)
			call := calls.NextToGranted(ctx, operation)
			complete := call.Authenticated(ctx)
			burst := meetLimit(ctx, call) // by requests without auth, or about nothing that exists
			if refused := api.SendOnce(ctx, complete); refused.Status != burst.Refusal.Status {
				NotTested("the limit wore off too soon:\n%s", refused)
			}
			Expect(call.Effects(ctx)).To(BeEmpty())
			Expect(api.Send(ctx, complete)).To(BeGranted(), "the same request after the wait")
			Expect(call.Effects(ctx)).To(ConsistOf(call.Address))
		},
		Entry("add3PID", Operation("add3PID"), "add3PID"),
		Entry("bind3PID", Operation("bind3PID"), "bind3PID"))

	DescribeTable("is not refused for its rate after the wait", Each(May("rl-007-add-and-bind-may-429")),
		func(ctx SpecContext, operation string) {
			limited(ctx, operation)
			burst := meetLimit(ctx, calls.WellFormed(ctx, operation))
			calls.WaitAfter(ctx, burst.Refusal)
			Expect(api.SendOnce(ctx, burst.Call.Request())).NotTo(HaveStatus(http.StatusTooManyRequests))
		})
})

// meetLimit repeats a call until it is refused for its rate.
func meetLimit(ctx SpecContext, call *calls.Call) calls.Burst {
	GinkgoHelper()
	burst := call.Burst(ctx)
	if burst.Refusal == nil {
		NotTested("the limit was not met again")
	}
	return burst
}

// limited is the answer to one request too many. Where there is none, the
// requirement does not concern the homeserver.
func limited(ctx SpecContext, operation string) *exchange.Response {
	GinkgoHelper()
	refusal := calls.RateLimited(ctx, operation)
	if refusal == nil {
		Decline("not-limited", nil)
	}
	return refusal
}
