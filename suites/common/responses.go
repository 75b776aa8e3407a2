package common

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/api"
	"threepid-conformance/fixtures/calls"
	"threepid-conformance/fixtures/sessions"
	. "threepid-conformance/harness"
)

// What every response looks like, whatever it says. client-server-api/#api-standards
//
// All responses of the operations are judged in this way as they come. These specs
// see to it that there is something to judge: of each operation a success and
// several refusals.
var _ = Describe("The responses of an operation", func() {

	DescribeTable("are JSON objects", Each(Must("gen-001-json-object-body")),
		func(ctx SpecContext, operation string) {
			granted, refused := calls.Responses(ctx, operation)
			for _, response := range append(refused, granted) {
				Expect(response.JSON).NotTo(BeNil(), "%v\n%s", response.Malformed, response)
			}
		})

	DescribeTable("have the Content-Type of JSON", Each(Must("gen-002-content-type-json")),
		func(ctx SpecContext, operation string) {
			granted, refused := calls.Responses(ctx, operation)
			for _, response := range append(refused, granted) {
				Expect(response.Header.Get("Content-Type")).To(MatchRegexp(`(?i)^application/json *(;|$)`), "%s", response)
			}
		})

	DescribeTable("have errcode and error where they refuse", Each(Must("gen-004-standard-error-shape")),
		func(ctx SpecContext, operation string) {
			_, refused := calls.Responses(ctx, operation)
			for _, response := range refused {
				if !response.IsChallenge() {
					Expect(response.IsStandardError()).To(BeTrue(), "no standard error\n%s", response)
				}
			}
		})

	DescribeTable("have an errcode of the form that the spec gives it", Each(Should("gen-005-errcode-form")),
		func(ctx SpecContext, operation string) {
			_, refused := calls.Responses(ctx, operation)
			for _, response := range refused {
				if _, present := response.JSON["errcode"]; present || !response.IsChallenge() {
					// All that is wrong with these requests is in the spec, so its codes serve.
					Expect(response.Errcode()).To(MatchRegexp(`\AM_[A-Z0-9._]+\z`), "%s", response)
				}
			}
		})
})

// Text in requests and responses. client-server-api/#api-standards
var _ = Describe("Text", func() {

	DescribeTable("is UTF-8 in responses, and means the same in requests as its escaped form", Each(Must("gen-003-utf8")),
		func(ctx SpecContext, operation string) {
			granted, refused := calls.Responses(ctx, operation)
			for _, response := range append(refused, granted) {
				Expect(utf8.Valid(response.Body)).To(BeTrue(), "no UTF-8\n%s", response)
			}
			if granted.Sent == nil {
				return // there is no text in such requests
			}
			escaped := calls.New(ctx, operation).Send(ctx, api.With("org.example.name", json.RawMessage(`"Zo\u00eb"`)))
			plain := calls.New(ctx, operation).Send(ctx, api.With("org.example.name", "Zoë"))
			Expect(plain).To(And(HaveStatus(escaped.Status), HaveErrcode(escaped.Errcode())), "with an escape instead:\n%s", escaped)

			invalid := calls.New(ctx, operation).Send(ctx, api.With("org.example.name", json.RawMessage("\"Zo\xeb\"")))
			Strictly(func(g Gomega) { g.Expect(invalid).To(BeRefused()) })
		})

	It("names the same mailbox whether its letters are escaped or not",
		Must("gen-003-utf8"), Operation("requestTokenTo3PIDEmail"),
		func(ctx SpecContext) {
			fresh := func() *sessions.Recipient {
				email := sessions.Email.Fresh(ctx)
				return email.As("zoë." + email.Address)
			}
			// With an escape the request is ASCII, which no decoder gets wrong.
			first, second := fresh(), fresh()
			escaped := first.Request(ctx, api.With("email", json.RawMessage(strings.Replace(`"`+first.Spelling+`"`, "ë", `\u00eb`, 1)))).Response
			plain := second.Request(ctx).Response
			Expect(plain).To(And(HaveStatus(escaped.Status), HaveErrcode(escaped.Errcode())), "with an escape instead:\n%s", escaped)
			if !escaped.OK() {
				NotTested("the homeserver does not take addresses with such letters:\n%s", escaped)
			}
			if _, err := first.Await(ctx, 1); err != nil {
				NotTested("the homeserver sends no mail to addresses with such letters: %v", err)
			}
			_, err := second.Await(ctx, 1)
			Expect(err).NotTo(HaveOccurred(), "without an escape the address is another one to the homeserver")
		})
})
