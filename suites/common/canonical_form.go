package common

import (
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures/sessions"
	"threepid-conformance/fixtures/users"
	. "threepid-conformance/harness"
)

// An address has many spellings and one canonical form: case-folded, with the
// domain in lower case and nothing around it. appendices/#e-mail
var _ = Describe("The canonical form of an e-mail address", func() {

	It("has the domain in lower case", Must("can-001-email-domain-lowercase"),
		func(ctx SpecContext) {
			alice, email := users.New(ctx), sessions.Email.Fresh(ctx)
			local, domain, _ := strings.Cut(email.Address, "@")
			addAsTyped(ctx, alice, email.As(local+"@"+strings.ToUpper(domain)))
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address))
		})

	It("has the local part in lower case", Must("can-002-email-localpart-casefold"),
		func(ctx SpecContext) {
			alice, email := users.New(ctx), sessions.Email.Fresh(ctx)
			local, domain, _ := strings.Cut(email.Address, "@")
			addAsTyped(ctx, alice, email.As(strings.ToUpper(local)+"@"+domain))
			Expect(alice.Addresses(ctx)).To(ContainElement(email.Address))
		})

	It("is case-folded as Unicode defines it", Must("can-003-email-unicode-casefold"),
		func(ctx SpecContext) {
			alice, typed := users.New(ctx), sharpS(ctx)
			session := requestOutsideASCII(ctx, typed)
			mails, err := typed.As(typed.Address).Await(ctx, 1)
			if err != nil { // then to the address as it was typed
				mails = typed.MessagesAtMost(ctx, 1)
			}
			if len(mails) == 0 {
				NotTested("no mail to %s arrived, so nobody can validate it", typed.Spelling)
			}
			session.Message = mails[0]
			session.Use(ctx)
			alice.MustAdd(ctx, sessions.Email.Validate(ctx)) // one that is ASCII
			Granted(alice.Add(ctx, session))
			Expect(alice.Addresses(ctx)).To(ContainElement(typed.Address))
		})

	It("is in use when a spelling that Unicode folds into it is", Must("can-003-email-unicode-casefold"),
		func(ctx SpecContext) {
			typed := sharpS(ctx)
			requestOutsideASCII(ctx, sharpS(ctx)) // such addresses are taken at all
			alice, bob := users.New(ctx), users.New(ctx)
			alice.MustAdd(ctx, typed.As(typed.Address).Validate(ctx))

			expectInUse(ctx, bob, typed)
		})

	DescribeTable("has nothing around the address", Must("can-004-email-bare-address"),
		func(ctx SpecContext, around func(address string) string) {
			alice, bare := users.New(ctx), sessions.Email.Fresh(ctx)
			alice.MustAdd(ctx, sessions.Email.Validate(ctx)) // a bare address is added as it is

			adorned := bare.As(around(bare.Address))
			session := adorned.Request(ctx)
			Expect(session.Response).To(Or(BeGranted(), BeRefused()))
			if session.Response.OK() {
				session.MustBeOpen()
				session.UseAll(ctx, append(bare.MessagesAtMost(ctx, 1), adorned.MessagesAtMost(ctx, 1)...))
				alice.Add(ctx, session)
			}
			withMore := And(ContainSubstring(bare.Address), Not(Equal(bare.Address)))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(withMore), "listed with other text around it\n%s", session.Response)
		},
		Entry("without a display name", func(address string) string { return "Bob <" + address + ">" }),
		Entry("without angle brackets", func(address string) string { return "<" + address + ">" }),
		Entry("without a scheme", func(address string) string { return "mailto:" + address }),
	)
})

// Whatever way numbers are written, they are listed as E.164 without a plus.
// appendices/#pstn-phone-numbers
var _ = Describe("The canonical form of a phone number", func() {

	It("has no plus and no spaces", Must("can-005-msisdn-no-plus"),
		func(ctx SpecContext) {
			alice, number := users.New(ctx), sessions.MSISDN.Fresh(ctx)
			sessions.MSISDN.Added(ctx) // one that is written as at home
			session := number.As(number.Number.International()).MustRequest(ctx)
			session.Validate(ctx)
			Expect(alice.Add(ctx, session)).To(BeGranted())
			Expect(alice.Addresses(ctx)).To(ConsistOf(number.Address))
		})
})

// Spellings of one address, wherever an operation is given one.
var _ = Describe("Spellings of one e-mail address", func() {

	It("are in use when one of them is", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			_, email := sessions.Email.Added(ctx)
			bob := users.New(ctx)
			expectInUse(ctx, bob, email.Recipient.As(strings.ToUpper(email.Address)))
		})

	It("log in the same user", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordLogin(ctx); !offers {
				Decline("no-password-login", response)
			}
			alice, email := sessions.Email.Added(ctx)
			alice.NeedPassword()
			if plain := alice.LogInBy(ctx, email.Address); !plain.OK() {
				Blocked("add3PID", "add-015-login-with-added-3pid", "the address does not log its owner in:\n%s", plain)
			}
			login := alice.LogInBy(ctx, strings.ToUpper(email.Address))
			Expect(login).To(BeGranted())
			Expect(login.JSON).To(HaveKeyWithValue("user_id", alice.ID), "%s", login)
		})

	It("reset the password of the same user", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			if response, offers := users.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", response)
			}
			alice, session := users.New(ctx), sessions.Email.Validate(ctx)
			alice.NeedThrowAway()
			alice.MustAdd(ctx, session)
			email := session.Recipient
			reset := email.As(strings.ToUpper(email.Address)).RequestPasswordReset(ctx)
			if !reset.Response.OK() {
				if plain := email.RequestPasswordReset(ctx); !plain.Response.OK() {
					Blocked("add3PID", "add-013-password-reset-uses-added-3pid", "the address gets its owner no new password:\n%s", plain.Response)
				}
			}
			Expect(reset.Response).To(BeGranted())
			mails, err := email.Await(ctx, 2) // the first one was for adding the address
			Expect(err).NotTo(HaveOccurred(), "no mail for a new password arrived")
			reset.UseAll(ctx, mails[1:])
			_, response := users.ResetPassword(ctx, reset)
			Expect(response).To(BeGranted())
		})
})

// expectInUse asserts that nobody can validate and add a spelling of an address
// that an account has. Where that is possible even with the owner's spelling, it
// ends the spec as blocked.
func expectInUse(ctx SpecContext, u *users.User, spelling *sessions.Recipient) {
	GinkgoHelper()
	free := func(spelling *sessions.Recipient) (bool, *sessions.SessionInUse) {
		session := spelling.RequestInUse(ctx)
		added := session.SID != "" && u.Add(ctx, session).OK()
		return added || session.Validated, session
	}
	isFree, session := free(spelling)
	if isFree {
		_, email := sessions.Email.Added(ctx)
		if isFree, session := free(email.Recipient); isFree {
			Blocked("requestTokenTo3PIDEmail", "email-007-must-check-in-use", "an address in use was validated by somebody else:\n%s", session.Response)
		}
	}
	Expect(isFree).To(BeFalse(), "another spelling of an address in use was validated by somebody else\n%s", session.Response)
}

// addAsTyped adds an address that is written in an unusual way.
func addAsTyped(ctx SpecContext, u *users.User, typed *sessions.Recipient) {
	GinkgoHelper()
	u.MustAdd(ctx, sessions.Email.Validate(ctx)) // one that is written as usual
	session := typed.Request(ctx)
	Expect(session.Response).To(BeGranted())
	mails, err := typed.Await(ctx, 1)
	Expect(err).NotTo(HaveOccurred(), "no mail arrived at the address in any letter case")
	session.MustBeOpen()
	session.Message = mails[0]
	session.Use(ctx)
	Granted(u.Add(ctx, session))
}

// sharpS is a fresh address that is written with a letter which case folding
// makes two of.
func sharpS(ctx SpecContext) *sessions.Recipient {
	email := sessions.Email.Fresh(ctx)
	email.Address, email.Spelling = "strauss."+email.Address, "Strauß."+email.Address
	return email
}

// requestOutsideASCII opens a session for an address with letters outside ASCII,
// which a homeserver may refuse to mail to.
func requestOutsideASCII(ctx SpecContext, typed *sessions.Recipient) *sessions.Session {
	GinkgoHelper()
	sessions.Email.MustRequest(ctx) // within ASCII
	session := typed.Request(ctx)
	MayDecline("non-ascii-refused", session.Response)
	Expect(session.Response).To(BeGranted())
	session.MustBeOpen()
	return session
}
