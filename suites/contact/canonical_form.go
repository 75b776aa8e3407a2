package contact

import (
	"net/http"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/run"
)

// An address has many spellings and one canonical form: case-folded, with the
// domain in lower case and nothing around it. appendices/#e-mail
var _ = Describe("The canonical form of an e-mail address", func() {

	It("has the domain in lower case", Must("can-001-email-domain-lowercase"),
		func(ctx SpecContext) {
			alice, address := fixtures.NewUser(ctx), fixtures.FreshEmail()
			local, domain, _ := strings.Cut(address, "@")
			addAsTyped(ctx, alice, local+"@"+strings.ToUpper(domain))
			Expect(alice.Addresses(ctx)).To(ContainElement(address))
		})

	It("has no capitals before the @ either", Must("can-002-email-localpart-casefold"),
		func(ctx SpecContext) {
			alice, address := fixtures.NewUser(ctx), fixtures.FreshEmail()
			local, domain, _ := strings.Cut(address, "@")
			addAsTyped(ctx, alice, strings.ToUpper(local)+"@"+domain)
			Expect(alice.Addresses(ctx)).To(ContainElement(address))
		})

	It("is folded as Unicode defines it", Must("can-003-email-unicode-casefold"),
		func(ctx SpecContext) {
			alice := fixtures.NewUser(ctx)
			typed, folded := sharpS()
			session := requestOutsideASCII(ctx, typed)
			mails, err := run.AwaitMails(ctx, folded, 1)
			if err != nil { // then to the address as it was typed
				mails = fixtures.MailsTo(ctx, typed, 1)
			}
			if len(mails) == 0 {
				NotTested("no mail to %s arrived, so nobody can validate it", typed)
			}
			session.ValidateWith(ctx, mails[0])
			alice.Own(ctx, fixtures.ValidateEmail(ctx)) // one that is ASCII
			alice.Add(ctx, session)
			Expect(alice.Addresses(ctx)).To(ContainElement(folded))
		})

	It("is in use by all spellings that Unicode folds into it", Must("can-003-email-unicode-casefold"),
		func(ctx SpecContext) {
			typed, folded := sharpS()
			another, _ := sharpS()
			requestOutsideASCII(ctx, another) // such addresses are taken at all
			alice, bob := fixtures.NewUser(ctx), fixtures.NewUser(ctx)
			alice.Add(ctx, fixtures.ValidateAddress(ctx, folded))

			expectInUse(ctx, bob, folded, typed)
		})

	DescribeTable("is the bare address", Must("can-004-email-bare-address"),
		func(ctx SpecContext, around func(address string) string) {
			alice, bare := fixtures.NewUser(ctx), fixtures.FreshEmail()
			alice.Add(ctx, fixtures.ValidateEmail(ctx)) // a bare address is added as it is

			clientSecret := fixtures.FreshSecret()
			answer := fixtures.Post(ctx, emailRequestToken, JSON{
				"client_secret": clientSecret, "email": around(bare), "send_attempt": 1,
			})
			Expect(answer).To(Or(HaveStatus(http.StatusOK), BeRefused()))
			if answer.OK() {
				session := fixtures.SessionOf(answer, bare, clientSecret)
				session.UseAll(ctx, append(fixtures.MailsTo(ctx, bare, 1), fixtures.MailsTo(ctx, around(bare), 1)...))
				alice.TryAdd(ctx, session.SID, clientSecret)
			}
			withMore := And(ContainSubstring(bare), Not(Equal(bare)))
			Expect(alice.Addresses(ctx)).NotTo(ContainElement(withMore), "listed with other text around it\n%s", answer)
		},
		Entry("without a display name", func(address string) string { return "Bob <" + address + ">" }),
		Entry("without angle brackets", func(address string) string { return "<" + address + ">" }),
		Entry("without a scheme", func(address string) string { return "mailto:" + address }),
	)
})

// Spellings of one address, wherever an operation is given one.
var _ = Describe("Spellings of one e-mail address", func() {

	It("are in use when one of them is", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			_, address := fixtures.WithEmail(ctx)
			bob := fixtures.NewUser(ctx)
			expectInUse(ctx, bob, address, strings.ToUpper(address))
		})

	It("log the same user in", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordLogin(ctx); !offers {
				Decline("no-password-login", answer)
			}
			alice, address := fixtures.WithEmail(ctx)
			alice.NeedPassword()
			if plain := fixtures.LogIn(ctx, fixtures.EmailIdentifier(address), alice.Password); !plain.OK() {
				Blocked("add3PID", "add-015-login-with-added-3pid", "the address does not log its owner in:\n%s", plain)
			}
			login := fixtures.LogIn(ctx, fixtures.EmailIdentifier(strings.ToUpper(address)), alice.Password)
			Expect(login).To(BeOK())
			Expect(login.Text("user_id")).To(Equal(alice.ID), "%s", login)
		})

	It("get the same user a new password", Must("can-006-canonical-equality-across-operations"),
		func(ctx SpecContext) {
			if answer, offers := fixtures.OffersPasswordReset(ctx); !offers {
				Decline("no-password-reset", answer)
			}
			alice, session := fixtures.NewUser(ctx), fixtures.ValidateEmail(ctx)
			alice.NeedThrowAway()
			alice.Add(ctx, session)
			address := session.Address
			reset := fixtures.RequestPasswordReset(ctx, strings.ToUpper(address))
			if !reset.Answer.OK() {
				if plain := fixtures.RequestPasswordReset(ctx, address); !plain.Answer.OK() {
					Blocked("add3PID", "add-013-password-reset-uses-added-3pid", "the address gets its owner no new password:\n%s", plain.Answer)
				}
			}
			Expect(reset.Answer).To(BeOK())
			mails, err := run.AwaitMails(ctx, address, 2) // the first one was for adding the address
			Expect(err).NotTo(HaveOccurred(), "no mail for a new password arrived")
			reset.UseAll(ctx, mails[1:])
			_, answer := fixtures.ResetPassword(ctx, reset)
			Expect(answer).To(BeOK())
		})
})

// expectInUse asserts that nobody can validate and add a spelling of an address
// that an account has. Where that is possible even with the owner's spelling, it
// ends the spec as blocked.
func expectInUse(ctx SpecContext, u *fixtures.User, address, spelling string) {
	GinkgoHelper()
	free := func(address, spelling string) (bool, *fixtures.SessionInUse) {
		session := fixtures.RequestInUseAs(ctx, nil, address, spelling)
		added := session.SID != "" && u.TryAdd(ctx, session.SID, session.ClientSecret).OK()
		return added || session.Validated, session
	}
	isFree, session := free(address, spelling)
	if isFree {
		_, own := fixtures.WithEmail(ctx)
		if isFree, session := free(own, own); isFree {
			Blocked("requestTokenTo3PIDEmail", "email-007-must-check-in-use", "an address in use was validated by somebody else:\n%s", session.Answer)
		}
	}
	Expect(isFree).To(BeFalse(), "another spelling of an address in use was validated by somebody else\n%s", session.Answer)
}

// addAsTyped adds an address that is written in an unusual way.
func addAsTyped(ctx SpecContext, u *fixtures.User, typed string) {
	GinkgoHelper()
	u.Own(ctx, fixtures.ValidateEmail(ctx)) // one that is written as usual
	clientSecret := fixtures.FreshSecret()
	answer := fixtures.Post(ctx, emailRequestToken, JSON{"client_secret": clientSecret, "email": typed, "send_attempt": 1})
	Expect(answer).To(BeOK())
	mails, err := run.AwaitMails(ctx, typed, 1)
	Expect(err).NotTo(HaveOccurred(), "no mail arrived at the address in any letter case")
	session := fixtures.SessionOf(answer, typed, clientSecret)
	session.ValidateWith(ctx, mails[0])
	u.Add(ctx, session)
}

// sharpS is a fresh address with a letter that case folding makes two of, and
// its canonical form.
func sharpS() (typed, canonical string) {
	address := fixtures.FreshEmail()
	return "Strauß." + address, "strauss." + address
}

// requestOutsideASCII opens a session for an address with letters outside ASCII,
// which a homeserver may refuse to mail to.
func requestOutsideASCII(ctx SpecContext, address string) *fixtures.EmailSession {
	GinkgoHelper()
	fixtures.RequestEmailToken(ctx, fixtures.FreshEmail(), fixtures.FreshSecret()) // within ASCII
	clientSecret := fixtures.FreshSecret()
	answer := fixtures.Post(ctx, emailRequestToken, JSON{"client_secret": clientSecret, "email": address, "send_attempt": 1})
	if Declined("non-ascii-refused", answer) {
		Decline("non-ascii-refused", answer)
	}
	Expect(answer).To(BeOK())
	return fixtures.SessionOf(answer, address, clientSecret)
}
