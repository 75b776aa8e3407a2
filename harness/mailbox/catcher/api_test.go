package catcher_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
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

func TestSearchIsASubstringFilter(t *testing.T) {
	c := start(t, catcher.Options{})
	client := dial(t, c)
	send(t, client, "bob@example.org", "From: =?utf-8?q?H=C3=B6me?= <hs@hs.test>\r\nTo: Bob <bob@example.org>\r\nCc: carol@example.org\r\n\r\nHello\r\n")
	send(t, client, "abob@example.org", "To: abob@example.org\r\n\r\nx\r\n")

	for query, want := range map[string]int{
		`addressed:"bob@example.org"`: 2,
		`addressed:"ABOB@"`:           1,
		`addressed:carol@example`:     1,
		`addressed:"hs@hs.test"`:      1,
		`addressed:"höme"`:            1,
		`addressed:"nobody"`:          0,
	} {
		var page mailbox.Page
		decode(t, get(t, c, "/api/v1/search?query="+url.QueryEscape(query), http.StatusOK), &page)
		if page.Matching != want || len(page.Messages) != want {
			t.Errorf("%s: want %d of 2 mails, got %+v", query, want, page)
		}
	}
}

func TestSearchRefusesWhatItDoesNotKnow(t *testing.T) {
	c := start(t, catcher.Options{})
	for _, query := range []string{"", "subject:x", `addressed:""`, "bob"} {
		get(t, c, "/api/v1/search?query="+url.QueryEscape(query), http.StatusBadRequest)
	}
}

func TestPages(t *testing.T) {
	c := start(t, catcher.Options{})
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

func TestDelete(t *testing.T) {
	for name, tc := range map[string]struct {
		body         string // %s is the ID of the first mail
		status, left int
	}{
		"by ID":         {`{"IDs":["%s"]}`, http.StatusOK, 1},
		"an unknown ID": {`{"IDs":["unknown"]}`, http.StatusOK, 2},
		"an empty list": {`{"IDs":[]}`, http.StatusOK, 2},
		"not JSON":      {`IDs`, http.StatusBadRequest, 2},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, catcher.Options{})
			client := dial(t, c)
			send(t, client, "bob@example.org", "Subject: first\r\n\r\nx\r\n")
			id := theOnlyMail(t, c).ID
			send(t, client, "bob@example.org", "Subject: second\r\n\r\nx\r\n")

			request, err := http.NewRequest(http.MethodDelete, c.APIURL()+"/api/v1/messages", strings.NewReader(strings.Replace(tc.body, "%s", id, 1)))
			if err != nil {
				t.Fatal(err)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			_ = response.Body.Close()
			if response.StatusCode != tc.status || c.Count() != tc.left {
				t.Errorf("want %d and %d mails left, got %d and %d", tc.status, tc.left, response.StatusCode, c.Count())
			}
			if tc.left == 1 && theOnlyMail(t, c).Subject != "second" {
				t.Error("the wrong mail is left")
			}
		})
	}
}

func TestUnknownMail(t *testing.T) {
	get(t, start(t, catcher.Options{}), "/api/v1/message/unknown", http.StatusNotFound)
}
