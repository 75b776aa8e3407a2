package mailbox_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"os"
	"strings"
	"testing"
	"time"

	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/mailbox/catcher"
)

// A mailServer is one of the two things the client must work with.
type mailServer struct {
	*mailbox.Client
	smtpAddr string
}

// onEachServer runs a test against the embedded catcher and, when the
// environment names one, against a real Mailpit.
func onEachServer(t *testing.T, test func(t *testing.T, server mailServer)) {
	t.Helper()
	t.Run("catcher", func(t *testing.T) { test(t, startCatcher(t)) })
	t.Run("mailpit", func(t *testing.T) { test(t, connectMailpit(t)) })
}

func startCatcher(t *testing.T) mailServer {
	t.Helper()
	c, err := catcher.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return mailServer{Client: mailbox.New(c.APIURL()), smtpAddr: c.SMTPAddr()}
}

func connectMailpit(t *testing.T) mailServer {
	t.Helper()
	apiURL, smtpAddr := os.Getenv("MAILPIT_URL"), os.Getenv("MAILPIT_SMTP")
	if apiURL == "" || smtpAddr == "" {
		t.Skip("not run against a real Mailpit: set MAILPIT_URL (http://host:port) and MAILPIT_SMTP (host:port) for that")
	}
	return mailServer{Client: mailbox.New(apiURL), smtpAddr: smtpAddr}
}

// fakeMailpit gives fixed answers by path, and for a search by path and start;
// anything else is 404, as what Mailpit does not have.
func fakeMailpit(t *testing.T, answers map[string]string) mailServer {
	t.Helper()
	fake := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.URL.Path
		if start := r.URL.Query().Get("start"); start != "" {
			key += "?start=" + start
		}
		answer, ok := answers[key]
		if !ok {
			http.NotFound(w, r)
			return
		}
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(fake.Close)
	return mailServer{Client: mailbox.New(fake.URL)}
}

// freshAddress is an address that no other test, and no earlier run against the
// same Mailpit, has used.
func freshAddress() string {
	return strings.ToLower(rand.Text()) + "@example.org"
}

// deliver sends a mail by SMTP. The lines are joined with CRLF.
func (s mailServer) deliver(t *testing.T, to []string, lines ...string) {
	t.Helper()
	if err := s.send(to, lines...); err != nil {
		t.Fatal(err)
	}
}

func (s mailServer) send(to []string, lines ...string) error {
	return smtp.SendMail(s.smtpAddr, nil, "homeserver@hs.test", to, []byte(strings.Join(lines, "\r\n")+"\r\n"))
}

// deliverText sends a short mail to one address that its headers name as well.
func (s mailServer) deliverText(t *testing.T, to, subject, text string) {
	t.Helper()
	s.deliver(t, []string{to}, textMail(to, subject, text)...)
}

func textMail(to, subject, text string) []string {
	return []string{"From: Home Server <homeserver@hs.test>", "To: " + to, "Subject: " + subject, "", text}
}

// waitFor is WaitFor with a deadline that is only met by a broken mailbox.
func (s mailServer) waitFor(t *testing.T, address string, n int) []mailbox.Mail {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	mails, err := s.WaitFor(ctx, address, n)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

func (s mailServer) find(t *testing.T, address string) []mailbox.Mail {
	t.Helper()
	mails, err := s.Find(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return mails
}

// theOnly returns the one mail to an address.
func (s mailServer) theOnly(t *testing.T, address string) mailbox.Mail {
	t.Helper()
	mails := s.find(t, address)
	if len(mails) != 1 {
		t.Fatalf("want one mail to %s, got %d: %s", address, len(mails), subjects(mails))
	}
	return mails[0]
}

func subjects(mails []mailbox.Mail) string {
	var all []string
	for _, m := range mails {
		all = append(all, fmt.Sprintf("%q", m.Subject))
	}
	return strings.Join(all, ", ")
}
