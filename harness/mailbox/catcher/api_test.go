package catcher_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/mailbox/catcher"
)

// A message is a whole mail.
type message struct {
	mailbox.Summary
	mailbox.Content
}

func theOnlyMail(t *testing.T, c *catcher.Catcher) message {
	t.Helper()
	var page mailbox.Page
	decode(t, get(t, c, "/api/v1/messages", http.StatusOK), &page)
	if len(page.Messages) != 1 {
		t.Fatalf("want one mail, got %d", len(page.Messages))
	}
	var m message
	decode(t, get(t, c, "/api/v1/message/"+page.Messages[0].ID, http.StatusOK), &m)
	return m
}

func TestTheAPIRefusesWhatItDoesNotKnow(t *testing.T) {
	c := start(t)
	get(t, c, "/api/v1/message/unknown", http.StatusNotFound)
	for _, query := range []string{"", "subject:x", `addressed:""`, "bob"} {
		get(t, c, "/api/v1/search?query="+url.QueryEscape(query), http.StatusBadRequest)
	}
}

func TestPages(t *testing.T) {
	c := start(t)
	client := dial(t, c)
	for i := range 60 {
		send(t, client, "bob@example.org", fmt.Sprintf("Subject: %d\r\n\r\nx\r\n", i))
	}
	for parameters, want := range map[string]struct {
		first  string
		length int
	}{
		"":                  {"59", 50},
		"limit=3":           {"59", 3},
		"limit=3&start=2":   {"57", 3},
		"limit=100":         {"59", 60},
		"limit=10&start=58": {"1", 2},
		"limit=10&start=60": {"", 0},
		"limit=x&start=-1":  {"59", 50},
		"limit=0":           {"", 0},
	} {
		for _, path := range []string{"/api/v1/messages?", "/api/v1/search?query=addressed:bob&"} {
			var l mailbox.Page
			decode(t, get(t, c, path+parameters, http.StatusOK), &l)
			if len(l.Messages) != want.length || l.Matching != 60 {
				t.Errorf("%s%s: want %d of 60 mails, got %d of %d", path, parameters, want.length, len(l.Messages), l.Matching)
			} else if want.length > 0 && l.Messages[0].Subject != want.first {
				t.Errorf("%s%s: want %s first, got %s", path, parameters, want.first, l.Messages[0].Subject)
			}
		}
	}
}
