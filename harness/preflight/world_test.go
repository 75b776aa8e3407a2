package preflight_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/smtp"
	"testing"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/mailbox/catcher"
	"threepid-conformance/harness/masking"
)

// enough is a patience that nothing on the loopback interface exhausts.
const enough = 20 * time.Second

// soon is one that is meant to be exhausted.
const soon = 100 * time.Millisecond

// serve runs a fake homeserver and returns a client for it.
func serve(t *testing.T, handler http.HandlerFunc, deadline time.Duration) *exchange.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return exchange.NewClient(server.URL, nil, exchange.NewRecorder(nil, masking.New(""), ""), deadline)
}

// answer is a handler that always says the same, as JSON unless it looks like
// HTML.
func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if body != "" && body[0] == '<' {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// hang is a handler that answers when the client has gone.
func hang(_ http.ResponseWriter, r *http.Request) {
	// The server notices that the client is gone only after the body is read.
	_ = json.NewDecoder(r.Body).Decode(new(any))
	<-r.Context().Done()
}

func startCatcher(t *testing.T) (*catcher.Catcher, *mailbox.Client) {
	t.Helper()
	c, err := catcher.Start(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, mailbox.New(c.APIURL())
}

// A probe is the request for a mail that a fake homeserver received.
type probe struct {
	ClientSecret string `json:"client_secret"`
	Email        string `json:"email"`
	SendAttempt  int    `json:"send_attempt"`
}

// mailing is a homeserver that sends a mail to the address of each probe, by
// SMTP, before it answers; readdress may send it elsewhere.
func mailing(t *testing.T, c *catcher.Catcher, readdress func(string) string, received chan<- probe) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/_matrix/client/v3/account/3pid/email/requestToken" {
			t.Errorf("unexpected request %s %s", r.Method, r.URL)
		}
		var p probe
		if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
			t.Errorf("the probe is no JSON: %v", err)
		}
		received <- p
		to := readdress(p.Email)
		mail := fmt.Sprintf("Subject: Validate your address\r\nTo: <%s>\r\n\r\nhttps://hs.example/?token=x\r\n", to)
		if err := smtp.SendMail(c.SMTPAddr(), nil, "hs@hs.example", []string{to}, []byte(mail)); err != nil {
			t.Errorf("the fake homeserver cannot send: %v", err)
		}
		answer(200, `{"sid":"1"}`)(w, r)
	}
}
