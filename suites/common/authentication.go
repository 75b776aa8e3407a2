package common

import (
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/identity"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// Which access tokens count, and how they are sent. Apart from the token the
// requests are in order: in which order a server checks is its own business.
// client-server-api/#using-access-tokens
var _ = Describe("An access token", func() {

	DescribeTable("is required", Each(Must("auth-001-missing-token")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			call.MustSend(ctx) // with a token
			Expect(call.WithToken(ctx, "")).To(BeTokenError("M_MISSING_TOKEN"))
		})

	DescribeTable("has to be one that was issued", Each(Must("auth-002-unknown-token")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			for _, token := range []string{users.UnknownToken(), users.AlmostToken(call.User.Token)} {
				Expect(call.WithToken(ctx, token)).To(BeTokenError("M_UNKNOWN_TOKEN"))
			}
		})

	DescribeTable("is sent in a Bearer header", Each(Must("auth-003-bearer-header")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			first := call.SendOnce(ctx)
			if !first.IsChallenge() {
				Expect(first).NotTo(HaveErrcode("M_MISSING_TOKEN", "M_UNKNOWN_TOKEN"))
			}
			if !first.OK() {
				call.MustSend(ctx)
			}
			empty := call.SendOnce(ctx, api.WithToken(""), api.WithHeader("Authorization", "Bearer"))
			Expect(empty).To(HaveStatus(http.StatusUnauthorized))
		})

	DescribeTable("may be sent in the query of the URL", Each(Must("auth-004-query-token")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			unknown := call.SendOnce(ctx, api.WithToken(""), api.WithQuery("access_token", users.UnknownToken()))
			Expect(unknown).To(BeTokenError("M_UNKNOWN_TOKEN"))
			known := call.Send(ctx, api.WithToken(""), api.WithQuery("access_token", call.User.Token))
			Expect(known).To(BeGranted())
		})

	DescribeTable("is not accepted any more when its device is logged out", Each(Must("auth-005-logged-out-token")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			device := call.User.OtherDevice(ctx)
			call.MustTakeToken(ctx, device.Token)
			device.LogOut(ctx)
			Expect(call.WithToken(ctx, device.Token)).To(BeTokenError("M_UNKNOWN_TOKEN"))
		})

	DescribeTable("that is not known may be called softly logged out, by a boolean", Each(May("auth-006-soft-logout-type")),
		func(ctx SpecContext, operation string) {
			response := calls.Granted(ctx, operation).SendOnce(ctx, api.WithToken(users.UnknownToken()))
			if response.Status != http.StatusUnauthorized {
				Blocked(operation, "auth-002-unknown-token", "an unknown token was not refused with 401:\n%s", response)
			}
			soft, present := response.JSON["soft_logout"]
			if !present {
				Decline("no-soft-logout", response)
			}
			Expect(soft).To(BeAssignableToTypeOf(true), "%s", response)
		})

	DescribeTable("is not accepted any more when its lifetime is over", Each(Must("auth-007-expired-token")),
		func(ctx SpecContext, operation string) {
			const longest = 5 * time.Second
			call := calls.WellFormed(ctx, operation)
			call.MustTakeToken(ctx, call.User.Token)
			expired := users.ExpiredToken(ctx, longest)
			switch {
			case expired.Lifetime == 0:
				Decline("no-expiry", expired.Answer)
			case expired.Lifetime > longest:
				NotTested("access tokens live for %s, which is too long to wait for", expired.Lifetime)
			}
			Expect(call.WithToken(ctx, expired.Token)).To(BeTokenError("M_UNKNOWN_TOKEN"),
				"the access token was issued like this, and its lifetime is over:\n%s", expired.Answer)
			next := expired.Refresh(ctx)
			if first := call.WithToken(ctx, next.Token); !first.IsChallenge() {
				Expect(first).NotTo(HaveErrcode("M_MISSING_TOKEN", "M_UNKNOWN_TOKEN"))
			}
		})

	DescribeTable("of an identity server is not accepted", Each(Must("auth-010-identity-token-not-accepted")),
		func(ctx SpecContext, operation string) {
			call := calls.Granted(ctx, operation)
			session := identity.New(ctx).Validate(ctx, call.User)
			// The homeserver meets the token and its issuer, whatever it says to that.
			call.User.Post(ctx, "/account/3pid/bind", session.Binding())
			Expect(call.WithToken(ctx, session.Token)).To(BeTokenError("M_UNKNOWN_TOKEN"))
		})

	DescribeTable("is required for any effect", Each(Must("auth-009-unauthenticated-no-effect")),
		func(ctx SpecContext, operation string) {
			call := calls.NextToGranted(ctx, operation)
			call.SendInEachWay(ctx, api.WithToken("")) // that it is refused is for another row to see
			Expect(call.Effects(ctx)).To(BeEmpty())
			Expect(call.Heard(ctx)).To(BeEmpty(), "requests that reached the identity server")
		})

	DescribeTable("is not required, and does no harm", Each(Must("auth-011-requesttoken-needs-no-token")),
		func(ctx SpecContext, operation string) {
			alice := users.New(ctx)
			calls.New(ctx, operation).MustSend(ctx, api.WithToken(alice.Token))
			Expect(calls.New(ctx, operation).Send(ctx)).To(BeGranted())
		})
})
