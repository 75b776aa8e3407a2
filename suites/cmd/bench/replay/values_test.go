package replay

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestTemplateReplacesValuesInEveryForm(t *testing.T) {
	sid, at, part := &value{old: "a+b/c", now: "x y"}, &value{old: "127.0.0.1:1234", now: "127.0.0.1:9"}, &value{old: "token", now: "nekot"}
	long := &value{old: "token-2", now: "other"}
	for text, want := range map[string]string{
		"/mail/a+b%2Fc":            "/mail/x%20y",
		"/x?sid=a%2Bb%2Fc&at=1":    "/x?sid=x+y&at=1",
		`{"sid":"a+b/c"}`:          `{"sid":"x y"}`,
		"http://127.0.0.1:1234/":   "http://127.0.0.1:9/",
		"127.0.0.1%3A1234":         "127.0.0.1%3A9",
		"127.0.0.1:12345":          "127.0.0.1:12345", // another port
		"token-2 token tokens":     "other nekot tokens",
		"%3Atoken":                 "%3Anekot",
		"nothing that anyone gave": "nothing that anyone gave",
	} {
		t.Run(text, func(t *testing.T) {
			NewWithT(t).Expect(newTemplate(text, []*value{sid, at, part, long}).text()).To(Equal(want))
		})
	}
}

func TestAnswersAreReadByPlace(t *testing.T) {
	g := NewWithT(t)
	const body = `{"threepids":[{"address":"a@example.org"},{"address":"one two-2 three","n":12345}]}`
	met := map[string]bool{}
	for p, text := range texts(nil, []byte(body)) {
		read, ok := newAnswer(nil, []byte(body)).at(p)
		g.Expect(ok).To(BeTrue())
		g.Expect(read).To(Equal(text))
		met[text] = true
	}
	g.Expect(met).To(HaveLen(3))
	word, ok := newAnswer(nil, []byte(body)).at(place{path: []string{"threepids", "1", "address"}, word: 1})
	g.Expect(ok).To(BeTrue())
	g.Expect(word).To(Equal("two-2"))
	for _, p := range []place{
		{path: []string{"threepids", "2", "address"}, word: whole},
		{path: []string{"threepids", "0", "address", "x"}, word: whole},
		{path: []string{"threepids", "0", "address"}, word: 9},
	} {
		_, ok := newAnswer(nil, []byte(body)).at(p)
		g.Expect(ok).To(BeFalse(), "%v", p)
	}
}
