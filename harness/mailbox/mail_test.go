package mailbox

import (
	"slices"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	for name, tc := range map[string]struct {
		mail Mail
		want []string
	}{
		"none":           {Mail{Text: "http and https:// are schemes, ftp://a.b too, and so is mailto:a@b.c"}, nil},
		"in order":       {Mail{Text: "http://b.test/2\r\nhttps://a.test/1?x=1&y=2\r\n"}, []string{"http://b.test/2", "https://a.test/1?x=1&y=2"}},
		"once":           {Mail{Text: "http://a.test/ http://a.test/", HTML: `<a href="http://a.test/">`}, []string{"http://a.test/"}},
		"text first":     {Mail{HTML: `<a href="http://h.test/">x</a>`, Text: "http://t.test/"}, []string{"http://t.test/", "http://h.test/"}},
		"scheme in caps": {Mail{Text: "HTTPS://a.test/x"}, []string{"HTTPS://a.test/x"}},

		"end of a sentence":   {Mail{Text: "See https://a.test/x."}, []string{"https://a.test/x"}},
		"more punctuation":    {Mail{Text: `Is it "https://a.test/x"?! Or https://a.test/y... or https://a.test/z, hm`}, []string{"https://a.test/x", "https://a.test/y", "https://a.test/z"}},
		"angle brackets":      {Mail{Text: "<https://a.test/x>"}, []string{"https://a.test/x"}},
		"round brackets":      {Mail{Text: "(see https://a.test/x)."}, []string{"https://a.test/x"}},
		"brackets of a URL":   {Mail{Text: "(https://a.test/x_(y))"}, []string{"https://a.test/x_(y)"}},
		"Markdown":            {Mail{Text: "[here](https://a.test/x) and *https://a.test/y*"}, []string{"https://a.test/x", "https://a.test/y"}},
		"no-break space":      {Mail{Text: "https://a.test/x\u00a0and"}, []string{"https://a.test/x"}},
		"IPv6":                {Mail{Text: "http://[::1]:8008/x http://[::1]"}, []string{"http://[::1]:8008/x", "http://[::1]"}},
		"token characters":    {Mail{Text: "https://a.test/?token=a.b=_- https://a.test/?token=x-_="}, []string{"https://a.test/?token=a.b=_-", "https://a.test/?token=x-_="}},
		"Mailpit's HTML text": {Mail{Text: "Click here ( https://a.test/x?a=1&b=2 ) ."}, []string{"https://a.test/x?a=1&b=2"}},

		"entities in HTML":    {Mail{HTML: `<a href="https://a.test/?a=1&amp;b=2&#38;c=3">`}, []string{"https://a.test/?a=1&b=2&c=3"}},
		"quoting in HTML":     {Mail{HTML: `<A class=x HREF='https://a.test/1'>1</A><a href=https://a.test/2>2</a>`}, []string{"https://a.test/1", "https://a.test/2"}},
		"not a link in HTML":  {Mail{HTML: `<link href="https://css.test/"><img src="https://img.test/"><a href="mailto:a@b.c">x</a><a href="/x">y</a><a>z</a>`}, nil},
		"to read in HTML":     {Mail{HTML: `<p>Open https://a.test/?a=1&amp;b=2.</p>`}, []string{"https://a.test/?a=1&b=2"}},
		"shortened in a link": {Mail{HTML: `<a href="https://a.test/long">https://a.test/lo…</a> or https://a.test/other`}, []string{"https://a.test/long", "https://a.test/other"}},
		"hidden in HTML":      {Mail{HTML: `<style>@import "https://css.test/"</style><script>"https://js.test/"</script><title>https://title.test/</title><!-- https://comment.test/ -->`}, nil},
		"broken HTML":         {Mail{HTML: `<p><a href="https://a.test/x"><b`}, []string{"https://a.test/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.mail.Links(); !slices.Equal(got, tc.want) {
				t.Errorf("want %q, got %q", tc.want, got)
			}
		})
	}
}

func TestTokens(t *testing.T) {
	for name, tc := range map[string]struct {
		mail Mail
		want []string
	}{
		"none":                 {Mail{Text: "Hi there, Bob,\nvisit https://hs.test:8448/x or mail to: a@b.c"}, nil},
		"on a line of its own": {Mail{Text: "Your code is\r\n\r\n  483921  \r\n\r\nand nothing else"}, []string{"483921"}},
		"after a colon":        {Mail{Text: "Code: 483921 (valid for an hour)"}, []string{"483921"}},
		"without a blank":      {Mail{Text: "Code:483921"}, []string{"483921"}},
		"all characters":       {Mail{Text: "Code: aZ09.=_-x"}, []string{"aZ09.=_-x"}},
		"with decoration":      {Mail{Text: "Code: **483921**\n\"77cd88\"\n"}, []string{"483921", "77cd88"}},
		"at a full stop":       {Mail{Text: "Code: 483921."}, []string{"483921", "483921."}},
		"a digit is likelier":  {Mail{Text: "Hello\nNote: important\nabcd\ncode: ab3d\n5678\n"}, []string{"ab3d", "5678", "Hello", "important", "abcd"}},
		"once":                 {Mail{Text: "483921\nCode: 483921"}, []string{"483921"}},
		"too short":            {Mail{Text: "at 10:30 or\n123\n"}, nil},
		"longer than allowed":  {Mail{Text: strings.Repeat("a1", 500)}, []string{strings.Repeat("a1", 500)}},
		"too long":             {Mail{Text: strings.Repeat("a1", 501)}, nil},
		"a ruler":              {Mail{Text: "--------\n========\n____\n"}, nil},
		"other characters":     {Mail{Text: "Code: 48/3921\nstraße1\n"}, nil},
		"HTML":                 {Mail{HTML: "<style>body1</style><p>Your code: <b>483921</b></p><td>77cd88</td>"}, []string{"483921", "77cd88"}},
		"HTML with a new line": {Mail{HTML: "<p>\n  Your&nbsp;code:\n  483921\n</p>"}, []string{"483921"}},
		"text before HTML":     {Mail{Text: "1111\n", HTML: "<p>2222</p><p>1111</p>"}, []string{"1111", "2222"}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.mail.Tokens(); !slices.Equal(got, tc.want) {
				t.Errorf("want %q, got %q", tc.want, got)
			}
		})
	}
}

func TestWhatALinkValidatesWithIsASecret(t *testing.T) {
	m := Mail{
		Text: "https://hs.example/_matrix/client/unstable/registration/email/submit_token?sid=7&token=T0ken&client_secret=s",
		HTML: `<a href="https://hs.example/validate/0123456789abcdef0123?next=home">here</a>`,
	}
	if got := slices.Sorted(slices.Values(m.LinkSecrets())); !slices.Equal(got, []string{"0123456789abcdef0123", "T0ken", "s"}) {
		t.Errorf("got %q", got)
	}
	if got := (Mail{Text: "https://hs.example/help?lang=en"}).LinkSecrets(); len(got) > 0 {
		t.Errorf("want none, got %q", got)
	}
}

func TestAMailIsShownWithoutItsCode(t *testing.T) {
	for text, want := range map[string]string{
		"Your code is:\n\n482913\n":        "Your code is:\n\n<code>\n",
		"Your code: x7.\nThank you":        "Your code: x7.\nThank you",
		"Your code: x7b9.\nThank you":      "Your code: <code>\nThank you",
		"Welcome\nto hs.example, 24 times": "Welcome\nto hs.example, 24 times",
	} {
		if got := (Mail{Text: text}).WithoutCodes(text); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}
