package mailbox_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestFindReturnsTheWholeMail(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		before := time.Now().Truncate(time.Millisecond) // Mailpit's clock has milliseconds
		server.deliverText(t, address, "Validate your email", "Follow https://hs.test/validate?token=a&sid=1 please.")

		m := server.theOnly(t, address)
		if m.ID == "" || m.Subject != "Validate your email" || m.From != "homeserver@hs.test" {
			t.Errorf("ID, subject or sender: %+v", m)
		}
		if !slices.Equal(m.Recipients, []string{address}) {
			t.Errorf("recipients: want %s, got %q", address, m.Recipients)
		}
		if strings.TrimSpace(m.Text) != "Follow https://hs.test/validate?token=a&sid=1 please." {
			t.Errorf("text: got %q", m.Text)
		}
		if m.Received.Before(before) || m.Received.After(time.Now()) {
			t.Errorf("received: want between %s and now, got %s", before, m.Received)
		}
	})
}

func TestFindIsEmptyForAnUnknownAddress(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		server.deliverText(t, freshAddress(), "for somebody else", "hello")
		if mails := server.find(t, freshAddress()); len(mails) != 0 {
			t.Errorf("want no mail, got %s", subjects(mails))
		}
	})
}

func TestFindComparesWholeAddresses(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		bob := freshAddress()
		server.deliverText(t, "a"+bob, "longer in front", "x")
		server.deliverText(t, bob+".uk", "longer behind", "x")
		server.deliver(t, []string{"a" + bob}, "From: "+bob, "To: a"+bob, "Reply-To: "+bob, "Subject: sender", "", "x")
		server.deliverText(t, bob, "exact", "x")

		if m := server.theOnly(t, bob); m.Subject != "exact" {
			t.Errorf("want the mail with the exact address, got %q", m.Subject)
		}
	})
}

func TestFindIgnoresCase(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		server.deliverText(t, strings.ToUpper(address), "upper", "x")
		server.deliverText(t, address, "lower", "x")

		for _, spelling := range []string{address, strings.ToUpper(address)} {
			if mails := server.find(t, spelling); len(mails) != 2 {
				t.Errorf("%s: want both mails, got %s", spelling, subjects(mails))
			}
		}
	})
}

// Mailpit stores & and < in escaped form, and its search drops quotes.
func TestFindTakesAddressesThatASearchCannotSpell(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		for _, localPart := range []string{"tom&jerry.", "o'hara.", "100%.", "{x}~!#$.", "under_score.", "plus+tag."} {
			address := localPart + freshAddress()
			server.deliverText(t, address, localPart, "x")
			if m := server.theOnly(t, address); m.Subject != localPart {
				t.Errorf("%s: got %q", address, m.Subject)
			}
		}
	})
}

func TestFindRefusesAnAddressWithNothingToSearchFor(t *testing.T) {
	server := startCatcher(t)
	if _, err := server.Find(t.Context(), ""); err == nil {
		t.Error("want an error instead of every mail there is")
	}
}

func TestFindSeesCcAndHiddenRecipients(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		to, cc, hidden := freshAddress(), freshAddress(), freshAddress()
		server.deliver(t, []string{to, cc, hidden}, "To: To <"+to+">", "Cc: "+cc, "Subject: three", "", "x")

		for _, address := range []string{to, cc, hidden} {
			m := server.theOnly(t, address)
			if !slices.Equal(m.Recipients, []string{to, cc, hidden}) {
				t.Errorf("%s: want three recipients, got %q", address, m.Recipients)
			}
		}
	})
}

func TestFindIsOldestFirstAndSeesEveryPage(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		const mailsSent = 205 // Mailpit's own default is 50 a page, ours 200
		address := freshAddress()
		var want []string
		for i := range mailsSent {
			subject := fmt.Sprintf("number %d", i)
			want = append(want, subject)
			server.deliverText(t, address, subject, "x")
		}

		mails := server.find(t, address)
		if len(mails) != mailsSent {
			t.Fatalf("want %d mails, got %d", mailsSent, len(mails))
		}
		for i, m := range mails {
			if m.Subject != want[i] {
				t.Fatalf("mail %d: want %q, got %q", i, want[i], m.Subject)
			}
		}
	})
}

// A mail that arrives between two pages pushes the last one of the first page
// onto the second.
func TestFindCountsAMailOnTwoPagesOnce(t *testing.T) {
	entry := func(i int) string {
		return fmt.Sprintf(`{"ID":"m%d","Subject":"%d","To":[{"Address":"bob@x"}]}`, i, i)
	}
	answers := map[string]string{}
	var first []string
	for i := 200; i > 0; i-- {
		first = append(first, entry(i))
		answers[fmt.Sprintf("/api/v1/message/m%d", i)] = `{"Text":"x"}`
	}
	answers["/api/v1/message/m0"] = `{"Text":"x"}`
	answers["/api/v1/search?start=0"] = `{"messages_count":201,"messages":[` + strings.Join(first, ",") + `]}`
	answers["/api/v1/search?start=200"] = `{"messages_count":202,"messages":[` + entry(1) + "," + entry(0) + `]}`
	server := fakeMailpit(t, answers)

	mails := server.find(t, "bob@x")
	if len(mails) != 201 || mails[0].Subject != "0" || mails[1].Subject != "1" {
		t.Errorf("want 201 mails from 0 up, got %s", subjects(mails))
	}
}

func TestFindLeavesOutWhatIsDeletedMeanwhile(t *testing.T) {
	server := fakeMailpit(t, map[string]string{
		"/api/v1/search?start=0": `{"messages_count":2,"messages":[{"ID":"kept","To":[{"Address":"bob@x"}]},{"ID":"gone","To":[{"Address":"bob@x"}]}]}`,
		"/api/v1/message/kept":   `{"Text":"x"}`,
	})
	if m := server.theOnly(t, "bob@x"); m.ID != "kept" {
		t.Errorf("want the mail that is there, got %q", m.ID)
	}
}

func TestFindSaysWhenTheAnswerIsNotMailpits(t *testing.T) {
	server := fakeMailpit(t, map[string]string{"/api/v1/search?start=0": `<html>`})
	if _, err := server.Find(t.Context(), "bob@x"); err == nil || !strings.Contains(err.Error(), "expected JSON") {
		t.Errorf("want an error about the answer, got %v", err)
	}
}

// Synapse sends multipart/alternative with both parts in base64.
func TestFindDecodesWhatHomeserversSend(t *testing.T) {
	const text = "Grüße: https://hs.test/submit_token?token=abc&client_secret=s&sid=d"
	const html = `<p>Gr&uuml;&szlig;e: <a href="https://hs.test/submit_token?token=abc&amp;client_secret=s&amp;sid=d">here</a></p>`
	base64Lines := func(s string) string {
		encoded := base64.StdEncoding.EncodeToString([]byte(s))
		return encoded[:60] + "\r\n" + encoded[60:]
	}
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		server.deliver(t, []string{address},
			"To: "+address,
			"Subject: =?utf-8?q?Best=C3=A4tigen_Sie_bitte_Ihre_E-Mail-Adresse_auf_dem?=",
			" =?utf-8?b?IEhlaW1zZXJ2ZXIg4oCTIGRhbmtl?=",
			"MIME-Version: 1.0",
			`Content-Type: multipart/alternative; boundary="===1=="`,
			"",
			"--===1==",
			`Content-Type: text/plain; charset="utf-8"`,
			"Content-Transfer-Encoding: base64",
			"",
			base64Lines(text),
			"--===1==",
			`Content-Type: text/html; charset="utf-8"`,
			"Content-Transfer-Encoding: base64",
			"",
			base64Lines(html),
			"--===1==--")

		m := server.theOnly(t, address)
		if want := "Bestätigen Sie bitte Ihre E-Mail-Adresse auf dem Heimserver – danke"; m.Subject != want {
			t.Errorf("subject: want %q, got %q", want, m.Subject)
		}
		if strings.TrimSpace(m.Text) != text {
			t.Errorf("text: want %q, got %q", text, m.Text)
		}
		if strings.TrimSpace(m.HTML) != html {
			t.Errorf("HTML: want %q, got %q", html, m.HTML)
		}
		if want := []string{"https://hs.test/submit_token?token=abc&client_secret=s&sid=d"}; !slices.Equal(m.Links(), want) {
			t.Errorf("links: want %q once, got %q", want, m.Links())
		}
	})
}

func TestHTMLOnlyMailHasLinks(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		server.deliver(t, []string{address},
			"To: "+address, "Subject: HTML", "MIME-Version: 1.0", "Content-Type: text/html; charset=utf-8",
			"Content-Transfer-Encoding: quoted-printable",
			"",
			`<p>Click <a href=3D"https://hs.test/v?token=3Da&amp;sid=3Db">this li=`,
			`nk</a>.</p>`)

		want := []string{"https://hs.test/v?token=a&sid=b"}
		if got := server.theOnly(t, address).Links(); !slices.Equal(got, want) {
			t.Errorf("links: want %q, got %q", want, got)
		}
	})
}
