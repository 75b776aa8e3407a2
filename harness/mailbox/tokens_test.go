package mailbox

import (
	"slices"
	"strings"
	"testing"
)

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
