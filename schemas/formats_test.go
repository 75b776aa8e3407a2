package schemas

import (
	"math/big"
	"testing"

	. "github.com/onsi/gomega"
)

func TestURIFormat(t *testing.T) {
	g := NewWithT(t)
	for text, valid := range map[string]bool{
		"https://hs.example/_matrix/submit?token=a%20b#c": true,
		"http://127.0.0.1:8008/":                          true,
		"http://[::1]:8008/a":                             true,
		"HTTPS://hs.example":                              true,
		"https://hs.example/a;b=c,d@e:f!$&'()*+":          true,
		"":                                                false,
		"submit":                                          false,
		"/submit":                                         false,
		"//hs.example/submit":                             false,
		"a:b":                                             false,
		"http:":                                           false,
		"http://":                                         false,
		"http:///path":                                    false,
		"http://:8008/":                                   false,
		"http://h:port/":                                  false,
		"http://h/ space":                                 false,
		"http://h/<sid>":                                  false,
		"http://h/{sid}":                                  false,
		"http://h/é":                                      false,
		"http://é/":                                       false,
		"http://h/%zz":                                    false,
		"http://h/?a=%zz":                                 false,
		"http://h/\n":                                     false,
		"http://user:pw@h/":                               false,
		"mailto:a@example.org":                            false,
		"javascript:alert(1)":                             false,
		"mxc://hs.example/media":                          false,
	} {
		g.Expect(webURI{}.IsFormat(text)).To(Equal(valid), "%q", text)
	}
}

func TestInt64Format(t *testing.T) {
	g := NewWithT(t)
	for text, valid := range map[string]bool{
		"0": true, "-1": true, "9223372036854775807": true, "-9223372036854775808": true,
		"9223372036854775808": false, "-9223372036854775809": false, "1/2": false,
	} {
		number, ok := new(big.Rat).SetString(text)
		g.Expect(ok).To(BeTrue())
		g.Expect(int64Range{}.IsFormat(number)).To(Equal(valid), text)
		g.Expect(webURI{}.IsFormat(number)).To(BeTrue(), "a format of strings")
	}
}
