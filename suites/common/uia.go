package common

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// stageOAuth is for uploading cross-signing keys only.
const stageOAuth = "m.oauth"

// User-Interactive Authentication, of every operation that asks for it.
// client-server-api/#user-interactive-authentication-api
//
// This file is about the challenge; uia_password.go is about whom the password
// stage lets through, uia_stages.go about flows and their order, uia_sessions.go
// about the session that a challenge names.
var _ = Describe("The challenge of User-Interactive Authentication", func() {

	DescribeTable("has flows with stages", Each(Must("uia-001-challenge-schema")),
		func(ctx SpecContext, operation string) {
			challenge := calls.New(ctx, operation).Begin(ctx).Challenge
			text, object := BeAssignableToTypeOf(""), BeAssignableToTypeOf(map[string]any{})
			each := func(m types.GomegaMatcher) types.GomegaMatcher { return Or(BeEmpty(), HaveEach(m)) }
			texts := And(BeAssignableToTypeOf([]any{}), each(text))

			Expect(challenge.JSON["flows"]).To(And(
				BeAssignableToTypeOf([]any{}), each(HaveKeyWithValue("stages", texts)),
			), "%s", challenge)
			for key, wanted := range map[string]types.GomegaMatcher{
				"session": text, "completed": texts, "params": And(object, each(object)),
			} {
				if value, present := challenge.JSON[key]; present {
					Expect(value).To(wanted, "%s\n%s", key, challenge)
				}
			}
		})

	DescribeTable("offers at least one flow, of at least one stage each", Each(Must("uia-002-flows-non-empty")),
		func(ctx SpecContext, operation string) {
			challenge := calls.New(ctx, operation).Begin(ctx).Challenge
			if users.Malformed(challenge) {
				Blocked(operation, "uia-001-challenge-schema", "the flows cannot be read:\n%s", challenge)
			}
			Expect(users.Flows(challenge)).NotTo(BeEmpty(), "%s", challenge)
			Expect(users.Flows(challenge)).NotTo(ContainElement(BeEmpty()), "%s", challenge)
		})

	DescribeTable("cannot be taken for a missing or unknown token", Each(Must("uia-003-challenge-is-not-token-error")),
		func(ctx SpecContext, operation string) {
			call := calls.New(ctx, operation)
			Expect(call.Begin(ctx).Challenge).NotTo(HaveErrcode("M_MISSING_TOKEN", "M_UNKNOWN_TOKEN"))
			Expect(call.WithToken(ctx, "")).NotTo(BeChallenge())
			call.MustSend(ctx) // with the token
		})

	DescribeTable("offers no stage that is for something else", Each(Must("uia-019-inapplicable-auth-types-not-offered")),
		func(ctx SpecContext, operation string) {
			ui := calls.New(ctx, operation).Begin(ctx)
			Expect(ui.Offers(users.StageRegistrationToken)).To(BeFalse(), "%s", ui.Challenge)
			Strictly(func(g Gomega) {
				g.Expect(ui.Offers(stageOAuth)).To(BeFalse(), "%s", ui.Challenge)
			})
		})
})

// Stages that clients may leave to a page of the homeserver.
// client-server-api/#fallback
var _ = Describe("The fallback pages of User-Interactive Authentication", func() {

	haveOne := func(ctx SpecContext, operation string) {
		GinkgoHelper()
		ui := calls.New(ctx, operation).Begin(ctx)
		var foreign []string
		for _, stage := range ui.Stages() {
			switch stage {
			case users.StagePassword, users.StageDummy: // every client knows them
			case users.StageRegistrationToken, stageOAuth: // uia-019 has something to say about them
			default:
				foreign = append(foreign, stage)
			}
		}
		if len(foreign) == 0 {
			Decline("native-stages-only", ui.Challenge)
		}
		if ui.ID() == "" { // a page is that of a session
			Decline("no-session", ui.Challenge)
		}
		for _, stage := range foreign {
			page := users.FallbackPage(ctx, stage, ui.ID())
			Expect(page).To(HaveStatus(http.StatusOK))
			Expect(page.Header.Get("Content-Type")).To(HavePrefix("text/html"), "%s", page)
			Expect(page.Body).NotTo(BeEmpty(), "%s", page)
		}
	}

	DescribeTable("exist for all stages that not every client knows", Each(Must("uia-020-fallback-page")), haveOne)
	DescribeTable("exist for all stages of longer flows", Each(Must("uia-020-fallback-page")), On(TwoStageUIA), haveOne)
})
