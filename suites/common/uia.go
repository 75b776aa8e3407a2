package common

import (
	"net/http"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// stageOAuth is for uploading cross-signing keys only.
const stageOAuth = "m.oauth"

// User-Interactive Authentication as POST /account/3pid/add uses it.
// client-server-api/#user-interactive-authentication-api
//
// This file is about the challenge; uia_password.go is about whom the password
// stage lets through, uia_stages.go about flows and their order, uia_sessions.go
// about sessions.
var _ = Describe("The challenge of POST /account/3pid/add", func() {

	It("has flows with stages", Must("uia-001-challenge-schema"),
		func(ctx SpecContext) {
			challenge := users.New(ctx).BeginAdd(ctx, sessions.Email.Validate(ctx)).Challenge
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

	It("offers at least one flow, of at least one stage each", Must("uia-002-flows-non-empty"),
		func(ctx SpecContext) {
			challenge := users.New(ctx).BeginAdd(ctx, sessions.Email.Validate(ctx)).Challenge
			if users.Malformed(challenge) {
				Blocked("add3PID", "uia-001-challenge-schema", "the flows cannot be read:\n%s", challenge)
			}
			Expect(users.Flows(challenge)).NotTo(BeEmpty(), "%s", challenge)
			Expect(users.Flows(challenge)).NotTo(ContainElement(BeEmpty()), "%s", challenge)
		})

	It("cannot be taken for a missing or unknown token", Must("uia-003-challenge-is-not-token-error"),
		func(ctx SpecContext) {
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			challenge := alice.BeginAdd(ctx, session).Challenge
			Expect(challenge).NotTo(HaveErrcode("M_MISSING_TOKEN", "M_UNKNOWN_TOKEN"))

			tokenless := api.Post(ctx, "/account/3pid/add", session.Credentials())
			Expect(tokenless).NotTo(BeChallenge())
			alice.MustAdd(ctx, session) // with the token
		})

	It("offers no stage that is for something else", Must("uia-019-inapplicable-auth-types-not-offered"),
		func(ctx SpecContext) {
			ui := users.New(ctx).BeginAdd(ctx, sessions.Email.Validate(ctx))
			Expect(ui.Offers(users.StageRegistrationToken)).To(BeFalse(), "%s", ui.Challenge)
			Strictly(func(g Gomega) {
				g.Expect(ui.Offers(stageOAuth)).To(BeFalse(), "%s", ui.Challenge)
			})
		})
})

// Stages that clients may leave to a page of the homeserver.
// client-server-api/#fallback
var _ = Describe("The fallback pages for POST /account/3pid/add", func() {

	judge := func(ctx SpecContext) {
		GinkgoHelper()
		ui := users.New(ctx).BeginAdd(ctx, sessions.Email.Validate(ctx))
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
		needSession(ui) // the page is that of a session
		for _, stage := range foreign {
			page := users.FallbackPage(ctx, stage, ui.ID())
			Expect(page).To(HaveStatus(http.StatusOK))
			Expect(page.Header.Get("Content-Type")).To(HavePrefix("text/html"), "%s", page)
			Expect(page.Body).NotTo(BeEmpty(), "%s", page)
		}
	}

	It("are there for all stages that not every client knows", Must("uia-020-fallback-page"), judge)
	It("are there for all stages of longer flows, too", Must("uia-020-fallback-page"), On(TwoStageUIA), judge)
})
