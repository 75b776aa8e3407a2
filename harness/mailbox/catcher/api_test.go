package catcher_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/harness/mailbox/catcher"
)

type address struct{ Name, Address string }

type message struct {
	ID, MessageID, Subject, ReturnPath, Text, HTML string
	From                                           address
	To, Cc, Bcc, ReplyTo                           []address
	Date                                           string
}

type list struct {
	Total    int       `json:"total"`
	Matching int       `json:"messages_count"`
	Messages []message `json:"messages"`
}

func theOnlyMail(t *testing.T, c *catcher.Catcher) message {
	t.Helper()
	var l list
	decode(t, get(t, c, "/api/v1/messages", http.StatusOK), &l)
	if len(l.Messages) != 1 {
		t.Fatalf("want one mail, got %d", len(l.Messages))
	}
	var m message
	decode(t, get(t, c, "/api/v1/message/"+l.Messages[0].ID, http.StatusOK), &m)
	return m
}

func search(t *testing.T, c *catcher.Catcher, query string) list {
	t.Helper()
	var l list
	decode(t, get(t, c, "/api/v1/search?query="+url.QueryEscape(query), http.StatusOK), &l)
	return l
}

const exampleMail = "Message-ID: <1@hs.test>\r\n" +
	"Date: Mon, 02 Jan 2006 15:04:05 -0700\r\n" +
	"From: =?utf-8?q?H=C3=B6me?= <hs@hs.test>\r\n" +
	"To: Bob <bob@example.org>\r\n" +
	"Cc: carol@example.org\r\n" +
	"Reply-To: noreply@hs.test\r\n" +
	"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n" +
	"\r\n" +
	"Hello\r\n"

func TestMessage(t *testing.T) {
	c := start(t, catcher.Options{})
	client := dial(t, c)
	if err := client.SendMail("bounce@hs.test", []string{"BOB@example.org", "dave@example.org"}, strings.NewReader(exampleMail)); err != nil {
		t.Fatal(err)
	}

	m := theOnlyMail(t, c)
	want := message{
		ID: m.ID, MessageID: "1@hs.test", Subject: "Grüße", ReturnPath: "bounce@hs.test", Text: "Hello\r\n",
		From: address{"Höme", "hs@hs.test"},
		To:   []address{{"Bob", "bob@example.org"}}, Cc: []address{{"", "carol@example.org"}},
		Bcc: []address{{"", "dave@example.org"}}, ReplyTo: []address{{"", "noreply@hs.test"}},
		Date: "2006-01-02T15:04:05-07:00",
	}
	if got, want := fmt.Sprintf("%+v", m), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("want\n%s\ngot\n%s", want, got)
	}

	if raw := string(get(t, c, "/api/v1/message/"+m.ID+"/raw", http.StatusOK)); raw != exampleMail {
		t.Errorf("want the mail as it was sent, got\n%q", raw)
	}
	var headers map[string][]string
	decode(t, get(t, c, "/api/v1/message/"+m.ID+"/headers", http.StatusOK), &headers)
	if got := headers["Cc"]; !slices.Equal(got, []string{"carol@example.org"}) || headers["Message-Id"] == nil {
		t.Errorf("want all headers, got %v", headers)
	}
	envelope := envelopeOf(t, c)
	if envelope.From != "bounce@hs.test" || !slices.Equal(envelope.To, []string{"BOB@example.org", "dave@example.org"}) {
		t.Errorf("want the envelope as it was given, got %+v", envelope)
	}
}

// The keys are what a client of Mailpit looks for, and lists are never null.
func TestShapes(t *testing.T) {
	c := start(t, catcher.Options{})
	empty := string(get(t, c, "/api/v1/messages", http.StatusOK))
	if !strings.Contains(empty, `"messages":[]`) {
		t.Errorf("want an empty list, got %s", empty)
	}
	send(t, dial(t, c), "bob@example.org", "Subject: x\r\n\r\nx\r\n")
	id := theOnlyMail(t, c).ID

	for path, keys := range map[string][]string{
		"/api/v1/info":             {"Version", "Messages", "Dropped"},
		"/api/v1/messages?limit=1": {"total", "count", "messages_count", "start", "messages"},
		"/api/v1/message/" + id: {"ID", "MessageID", "From", "To", "Cc", "Bcc", "ReplyTo", "Subject", "Size",
			"ReturnPath", "Date", "Text", "HTML", "Envelope"},
	} {
		var object map[string]json.RawMessage
		decode(t, get(t, c, path, http.StatusOK), &object)
		got, want := slices.Sorted(maps.Keys(object)), slices.Sorted(slices.Values(keys))
		if !slices.Equal(got, want) {
			t.Errorf("%s: want keys %q, got %q", path, want, got)
		}
		for key, value := range object {
			if string(value) == "null" {
				t.Errorf("%s: %s is null", path, key)
			}
		}
	}
}

func TestSearchIsASubstringFilter(t *testing.T) {
	c := start(t, catcher.Options{})
	client := dial(t, c)
	send(t, client, "bob@example.org", exampleMail)
	send(t, client, "abob@example.org", "To: abob@example.org\r\n\r\nx\r\n")

	for query, want := range map[string]int{
		`addressed:"bob@example.org"`: 2,
		`addressed:"ABOB@"`:           1,
		`addressed:carol@example`:     1,
		`addressed:"hs@hs.test"`:      1,
		`addressed:"noreply"`:         1,
		`addressed:"höme"`:            1,
		`addressed:"nobody"`:          0,
	} {
		l := search(t, c, query)
		if l.Matching != want || len(l.Messages) != want || l.Total != 2 {
			t.Errorf("%s: want %d of 2 mails, got %+v", query, want, l)
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
			var l list
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
		"an empty list": {`{"IDs":[]}`, http.StatusOK, 0},
		"no list":       {`{}`, http.StatusOK, 0},
		"no body":       {``, http.StatusOK, 0},
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
	c := start(t, catcher.Options{})
	for _, part := range []string{"", "/raw", "/headers"} {
		get(t, c, "/api/v1/message/unknown"+part, http.StatusNotFound)
	}
}

func TestHeadersOfAMalformedMail(t *testing.T) {
	c := start(t, catcher.Options{})
	send(t, dial(t, c), "bob@example.org", "no header here\r\n")
	get(t, c, "/api/v1/message/"+theOnlyMail(t, c).ID+"/headers", http.StatusBadRequest)
}
