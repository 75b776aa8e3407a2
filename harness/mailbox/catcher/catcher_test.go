package catcher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"threepid-conformance/harness/mailbox/catcher"
)

func start(t *testing.T) *catcher.Catcher {
	t.Helper()
	c, err := catcher.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func dial(t *testing.T, c *catcher.Catcher) *smtp.Client {
	t.Helper()
	client, err := smtp.Dial(c.SMTPAddr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func send(t *testing.T, client *smtp.Client, to, mail string) {
	t.Helper()
	if err := client.SendMail("hs@hs.test", []string{to}, strings.NewReader(mail)); err != nil {
		t.Fatal(err)
	}
}

func TestLoopbackByDefault(t *testing.T) {
	c := start(t)
	for _, addr := range []string{c.SMTPAddr(), strings.TrimPrefix(c.APIURL(), "http://")} {
		if host, port, err := net.SplitHostPort(addr); err != nil || host != "127.0.0.1" || port == "0" {
			t.Errorf("want a port of 127.0.0.1, got %s", addr)
		}
	}
}

func TestStartNamesTheAddressThatIsTaken(t *testing.T) {
	taken := start(t).SMTPAddr()
	if _, err := catcher.Start(t.Context(), taken); err == nil || !strings.Contains(err.Error(), taken) {
		t.Errorf("want an error that names the address, got %v", err)
	}
}

func TestOutlivesTheContextOfItsStart(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, err := catcher.Start(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	cancel()

	send(t, dial(t, c), "bob@example.org", "Subject: x\r\n\r\nx\r\n")
	if c.Count() != 1 {
		t.Errorf("want one mail, got %d", c.Count())
	}
}

func TestCloseStopsBothListenersAndMayBeRepeated(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	send(t, client, "bob@example.org", "Subject: x\r\n\r\nx\r\n")
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for _, addr := range []string{c.SMTPAddr(), strings.TrimPrefix(c.APIURL(), "http://")} {
		if conn, err := net.Dial("tcp", addr); err == nil {
			_ = conn.Close()
			t.Errorf("%s still accepts connections", addr)
		}
	}
	if err := client.Noop(); err == nil {
		t.Error("an open SMTP connection still answers")
	}
}

func TestCloseRightAfterStart(t *testing.T) {
	for range 50 { // Close may come before either server has begun to serve
		c, err := catcher.Start(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnyPasswordIsAccepted(t *testing.T) {
	c := start(t)
	for name, mechanism := range map[string]sasl.Client{
		"PLAIN":                          sasl.NewPlainClient("", "hs", "any"),
		"LOGIN":                          sasl.NewLoginClient("hs", "any"),
		"LOGIN without initial response": &lateLogin{},
	} {
		t.Run(name, func(t *testing.T) {
			client := dial(t, c)
			if err := client.Auth(mechanism); err != nil {
				t.Fatal(err)
			}
			send(t, client, "bob@example.org", "Subject: x\r\n\r\nx\r\n")
		})
	}
	client := dial(t, c)
	if err := client.Auth(cramMD5{}); err == nil {
		t.Error("want other mechanisms to be refused")
	}
}

// lateLogin sends the name only when it is asked, as smtplib's does.
type lateLogin struct{ asked []string }

func (l *lateLogin) Start() (string, []byte, error) { return sasl.Login, nil, nil }

func (l *lateLogin) Next(challenge []byte) ([]byte, error) {
	l.asked = append(l.asked, string(challenge))
	switch strings.Join(l.asked, " ") {
	case "Username:":
		return []byte("hs"), nil
	case "Username: Password:":
		return []byte("any"), nil
	default:
		return nil, errors.New("unexpected challenges " + strings.Join(l.asked, " "))
	}
}

type cramMD5 struct{}

func (cramMD5) Start() (string, []byte, error) { return "CRAM-MD5", nil, nil }
func (cramMD5) Next(_ []byte) ([]byte, error)  { return []byte("x"), nil }

func TestUTF8AddressesAnd8BitBodies(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	if err := client.Mail("hs@hs.test", &smtp.MailOptions{UTF8: true, Body: smtp.Body8BitMIME}); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt("strauß@example.org", nil); err != nil {
		t.Fatal(err)
	}
	writeData(t, client, "To: strauß@example.org\r\nSubject: Grüße\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nöffnen\r\n")

	mail := theOnlyMail(t, c)
	if mail.Subject != "Grüße" || mail.To[0].Address != "strauß@example.org" || mail.Text != "öffnen\r\n" {
		t.Errorf("got %+v", mail)
	}
	if len(mail.Bcc) != 0 {
		t.Errorf("the recipient is in To, got also Bcc %v", mail.Bcc)
	}
}

func TestTooLargeMailIsRefused(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	err := client.SendMail("hs@hs.test", []string{"bob@example.org"}, bytes.NewReader(bytes.Repeat([]byte("x\r\n"), 1<<19)))
	var refusal *smtp.SMTPError
	if !errors.As(err, &refusal) || refusal.Code != 552 {
		t.Errorf("want 552, got %v", err)
	}
	if c.Count() != 0 {
		t.Errorf("want no mail, got %d", c.Count())
	}
	send(t, client, "bob@example.org", "Subject: x\r\n\r\nstill there\r\n")
}

func TestLongLinesAreAccepted(t *testing.T) {
	c := start(t)
	line := strings.Repeat("x", 10_000)
	send(t, dial(t, c), "bob@example.org", "Subject: x\r\n\r\n"+line+"\r\n")
	if got := theOnlyMail(t, c).Text; strings.TrimSpace(got) != line {
		t.Errorf("want a line of %d characters, got %d", len(line), len(got))
	}
}

func TestMailIsThereWhenItIsAccepted(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	for want := 1; want <= 100; want++ {
		send(t, client, "bob@example.org", "Subject: x\r\n\r\nx\r\n")
		if c.Count() != want {
			t.Fatalf("after %d answers of 250 there are %d mails", want, c.Count())
		}
	}
}

func TestTransactionsOfAConnectionDoNotMix(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	if err := client.Mail("hs@hs.test", nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Rcpt("abandoned@example.org", nil); err != nil {
		t.Fatal(err)
	}
	if err := client.Reset(); err != nil {
		t.Fatal(err)
	}
	send(t, client, "bob@example.org", "Subject: x\r\n\r\nx\r\n")
	if to := theOnlyMail(t, c).Envelope.To; len(to) != 1 || to[0] != "bob@example.org" {
		t.Errorf("want only bob@example.org, got %q", to)
	}
}

func writeData(t *testing.T, client *smtp.Client, mail string) {
	t.Helper()
	w, err := client.Data()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, mail); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// get reads an API path and checks the status.
func get(t *testing.T, c *catcher.Catcher, path string, status int) []byte {
	t.Helper()
	response, err := http.Get(c.APIURL() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if response.StatusCode != status {
		t.Fatalf("GET %s: want %d, got %s: %s", path, status, response.Status, body)
	}
	return body
}

func decode(t *testing.T, body []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(body, into); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
}
