package mailbox_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"threepid-conformance/harness/mailbox"
)

func TestReady(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		if err := server.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		if err := mailbox.New(server.URL() + "/").Ready(t.Context()); err != nil {
			t.Errorf("with a slash at the end: %v", err)
		}
	})
}

func TestReadyNamesTheMistake(t *testing.T) {
	elsewhere := httptest.NewServer(http.NotFoundHandler())
	defer elsewhere.Close()
	impostor := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }))
	defer impostor.Close()
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	smtpURL := "http://" + startCatcher(t).smtpAddr

	for name, tc := range map[string]struct{ url, says string }{
		"another web server": {elsewhere.URL, "answered 404"},
		"answers anything":   {impostor.URL, "names no version"},
		"nobody":             {gone.URL, "connection refused"},
		"the SMTP port":      {smtpURL, "not the SMTP port"},
	} {
		t.Run(name, func(t *testing.T) {
			err := mailbox.New(tc.url).Ready(t.Context())
			if err == nil || !strings.Contains(err.Error(), tc.url) || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("want an error with %q and %q, got: %v", tc.url, tc.says, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("want one sentence, got: %v", err)
			}
		})
	}
}

func TestDelete(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		for _, subject := range []string{"keep", "go", "go too"} {
			server.deliverText(t, address, subject, "x")
		}
		var ids []string
		for _, m := range server.find(t, address) {
			if m.Subject != "keep" {
				ids = append(ids, m.ID)
			}
		}

		if err := server.Delete(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
		if m := server.theOnly(t, address); m.Subject != "keep" {
			t.Errorf("the wrong mail is left: %q", m.Subject)
		}
	})
}

func TestDeleteRefusesAnEmptyList(t *testing.T) {
	server := startCatcher(t)
	server.deliverText(t, "bob@example.org", "keep", "x")
	if err := server.Delete(t.Context()); err == nil {
		t.Error("want an error")
	}
	server.theOnly(t, "bob@example.org")
}

func TestEnvelopeTellsWhenHeadersLie(t *testing.T) {
	server := startCatcher(t)
	server.deliver(t, []string{"real@example.org"}, "To: Ghost@example.org", "Bcc: bcc@example.org", "Subject: x", "", "x")

	for _, address := range []string{"real@example.org", "ghost@example.org", "bcc@example.org"} {
		m := server.theOnly(t, address)
		if !slices.Equal(m.Envelope, []string{"real@example.org"}) {
			t.Errorf("found by %s: want the true recipient, got %q", address, m.Envelope)
		}
		if want := []string{"Ghost@example.org", "bcc@example.org", "real@example.org"}; !slices.Equal(m.Recipients, want) {
			t.Errorf("found by %s: want recipients %q, got %q", address, want, m.Recipients)
		}
	}
}

func TestMailpitDoesNotSeeEnvelopes(t *testing.T) {
	server := connectMailpit(t)
	address := freshAddress()
	server.deliverText(t, address, "x", "x")
	if m := server.theOnly(t, address); m.Envelope != nil {
		t.Errorf("want no envelope, got %q", m.Envelope)
	}
}

func TestWithoutEnvelope(t *testing.T) {
	server := fakeMailpit(t, map[string]string{
		"/api/v1/info":           `{"Version":"v1.30.5","LatestVersion":"v1.30.5","Messages":1}`,
		"/api/v1/search?start=0": `{"total":1,"messages_count":1,"start":0,"messages":[{"ID":"m1","From":null,"To":[{"Name":"","Address":"bob@x"}],"Cc":null,"Bcc":[],"Subject":"S","Created":"2026-01-02T03:04:05.006Z","Attachments":0}]}`,
		"/api/v1/message/m1":     `{"ID":"m1","Text":"T","HTML":"H","Attachments":[]}`,
	})

	m := server.theOnly(t, "Bob@X")
	if m.Envelope != nil {
		t.Errorf("want no envelope, got %q", m.Envelope)
	}
	if m.Text != "T" || m.HTML != "H" || m.Subject != "S" || !m.Received.Equal(time.Date(2026, 1, 2, 3, 4, 5, 6e6, time.UTC)) {
		t.Errorf("got %+v", m)
	}
}

func TestAnswersAreBounded(t *testing.T) {
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		block := bytes.Repeat([]byte(" "), 1<<20)
		for range 17 {
			_, _ = w.Write(block)
		}
	}))
	defer endless.Close()
	if _, err := mailbox.New(endless.URL).Find(t.Context(), "bob@x"); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("want a refusal, got %v", err)
	}
}
