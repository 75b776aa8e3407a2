package mailbox

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestWhatALinkValidatesWithIsASecret(t *testing.T) {
	g := NewWithT(t)
	m := Mail{
		Text: "https://hs.example/_matrix/client/unstable/registration/email/submit_token?sid=7&token=T0ken&client_secret=s",
		HTML: `<a href="https://hs.example/validate/0123456789abcdef0123?next=home">here</a>`,
	}
	g.Expect(m.LinkSecrets()).To(ConsistOf("T0ken", "s", "0123456789abcdef0123"))
	g.Expect(Mail{Text: "https://hs.example/help?lang=en"}.LinkSecrets()).To(BeEmpty())
}

func TestAMailIsShownWithoutItsCode(t *testing.T) {
	for text, want := range map[string]string{
		"Your code is:\n\n482913\n":        "Your code is:\n\n<code>\n",
		"Your code: x7.\nThank you":        "Your code: x7.\nThank you",
		"Your code: x7b9.\nThank you":      "Your code: <code>\nThank you",
		"Welcome\nto hs.example, 24 times": "Welcome\nto hs.example, 24 times",
	} {
		g := NewWithT(t)
		g.Expect(Mail{Text: text}.WithoutCodes(text)).To(Equal(want))
	}
}
