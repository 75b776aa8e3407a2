package catcher

import (
	"strings"
	"testing"
	"time"
)

func TestWhatIsReadOfBodies(t *testing.T) {
	for name, tc := range map[string]struct {
		lines      []string
		text, html string
	}{
		"no content type": {[]string{"Subject: x", "", "hello"}, "hello", ""},
		"HTML only":       {[]string{"Content-Type: text/html", "", "<p>hello</p>"}, "", "<p>hello</p>"},
		"quoted-printable in Latin-1": {[]string{
			"Content-Type: text/plain; charset=iso-8859-1", "Content-Transfer-Encoding: quoted-printable", "",
			"Gr=FC=DFe https://hs.test/?a=3D1=", "&b=3D2"}, "Grüße https://hs.test/?a=1&b=2", ""},
		"base64 in UTF-16": {[]string{
			"Content-Type: text/plain; charset=utf-16le", "Content-Transfer-Encoding: base64", "", "ZABhAA=="}, "da", ""},
		"KOI8-R":      {[]string{"Content-Type: text/plain; charset=koi8-r", "", "\xd0\xd2\xc9\xd7\xc5\xd4"}, "привет", ""},
		"ISO-2022-JP": {[]string{"Content-Type: text/plain; charset=iso-2022-jp", "", "\x1b$B%3!<%I\x1b(B"}, "コード", ""},
		"nested, with an attachment": {[]string{
			"Content-Type: multipart/mixed; boundary=out", "",
			"--out", "Content-Type: multipart/alternative; boundary=in", "",
			"--in", "Content-Type: text/plain", "", "plain",
			"--in", "Content-Type: text/html", "", "<b>rich</b>",
			"--in--",
			"--out", "Content-Type: text/plain", "Content-Disposition: attachment; filename=x.txt", "", "attached",
			"--out", "Content-Type: image/png", "Content-Transfer-Encoding: base64", "", "AAAA",
			"--out--"}, "plain", "<b>rich</b>"},
		"two text parts": {[]string{
			"Content-Type: multipart/mixed; boundary=b", "", "--b", "", "one", "--b", "Content-Type: text/plain", "", "two", "--b--"}, "one\ntwo", ""},
		"attachments only": {[]string{
			"Content-Type: multipart/mixed; boundary=b", "", "--b", "Content-Type: image/png", "", "AAAA", "--b--"}, "", ""},

		// Mailpit answers 250 to the first of these and stores nothing.
		"multipart without a boundary": {[]string{"Content-Type: multipart/alternative", "", "--b", "", "hello", "--b--"}, "--b\r\n\r\nhello\r\n--b--", ""},
		"multipart without a part":     {[]string{"Content-Type: multipart/alternative; boundary=b", "", "hello"}, "hello", ""},
		"multipart without an end":     {[]string{"Content-Type: multipart/alternative; boundary=b", "", "--b", "", "hello"}, "hello", ""},
		"unknown charset":              {[]string{"Content-Type: text/plain; charset=klingon", "", "hello"}, "hello", ""},
		"unknown encoding":             {[]string{"Content-Transfer-Encoding: rot13", "", "uryyb"}, "uryyb", ""},
		"base64 cut short":             {[]string{"Content-Transfer-Encoding: base64", "", "aGVsbG8gd29y!!"}, "hello wor", ""},
		"malformed content type":       {[]string{"Content-Type: TEXT/HTML; ;=", "", "<p>"}, "", "<p>"},
		"no header":                    {[]string{"hello there"}, "hello there", ""},
		"nothing":                      {nil, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			m := receive([]byte(strings.Join(tc.lines, "\r\n")+"\r\n"), nil, time.Now())
			if text := strings.TrimRight(m.Text, "\r\n"); text != tc.text {
				t.Errorf("text: want %q, got %q", tc.text, text)
			}
			if html := strings.TrimRight(m.HTML, "\r\n"); html != tc.html {
				t.Errorf("HTML: want %q, got %q", tc.html, html)
			}
		})
	}
}

func TestWhatIsReadOfMalformedHeaders(t *testing.T) {
	m := receive([]byte("From: Home Server\r\nTo: <broken\r\nSubject: =?klingon?q?x?=\r\n\r\n"), nil, time.Now())
	if m.From.Name != "Home Server" {
		t.Errorf("sender: want the words of the header as the name, got %v", m.From)
	}
	if len(m.To) != 0 || !strings.Contains(m.Subject, "klingon") {
		t.Errorf("want no recipient and the subject as it is, got %+v", m.Summary)
	}
}

func TestAnUnreadableMailIsFoundByItsEnvelope(t *testing.T) {
	m := receive([]byte("garbage"), []string{"Bob@example.org", "bob@example.org"}, time.Now())
	if len(m.Bcc) != 1 || m.Bcc[0].Address != "Bob@example.org" {
		t.Errorf("want the recipient once in Bcc, got %v", m.Bcc)
	}
	if !strings.Contains(m.haystack, "bob@example.org") {
		t.Errorf("want it in what a search looks at, got %q", m.haystack)
	}
}
