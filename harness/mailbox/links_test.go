package mailbox

import (
	"slices"
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
