package run

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/masking"
	"threepid-conformance/mockidserver/control"
)

// witnessing gives the process a recorder and returns what it has written.
func witnessing(t *testing.T) (written func() string) {
	before := current
	t.Cleanup(func() { current = before })
	path := filepath.Join(t.TempDir(), "exchanges.jsonl")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	current = &Run{}
	current.recorder = exchange.NewRecorder(file, masking.New(""), "p1-")
	return func() string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
}

func TestAnEntryOfAJournalAsARecord(t *testing.T) {
	witnessing(t)
	arrival := time.Date(2026, 1, 2, 3, 4, 5, 6000, time.FixedZone("", 3600))
	request := func(change func(*control.Entry)) control.Entry {
		e := control.Entry{
			Received: arrival, Listener: "identity", Connection: control.Connection{Handshake: control.HandshakeOK},
			Request: &control.Request{
				Method: "POST", Host: "is.example", Target: "/bind?x=1", Body: "{}", BodyBytes: 2,
				Headers: []control.Header{{Name: "Accept", Value: "a"}, {Name: "Accept", Value: "b"}},
				Status:  200, Answer: `{"a":1}`,
			},
		}
		change(&e)
		return e
	}
	for name, c := range map[string]struct {
		entry  control.Entry
		record types.GomegaMatcher // nil: there is none
	}{
		"a request": {request(func(*control.Entry) {}), And(
			HaveField("Party", "identity-server"), HaveField("Started", "2026-01-02T02:04:05.000006Z"),
			HaveField("Request", exchange.Message{Method: "POST", URL: "https://is.example/bind?x=1", Body: "{}", Headers: map[string][]string{"Accept": {"a", "b"}}}),
			HaveField("Response", &exchange.Message{Status: 200, Body: `{"a":1}`}), HaveField("Error", ""))},
		"at the delegate": {request(func(e *control.Entry) {
			e.Listener, e.Connection.Handshake, e.BodyBytes = "sms", control.HandshakeNone, 9
		}), And(HaveField("Party", "sms"), HaveField("Request.URL", HavePrefix("http://")), HaveField("Request.Truncated", true))},
		"no answer":        {request(func(e *control.Entry) { e.Status = 0 }), HaveField("Error", ContainSubstring("by the end of the spec"))},
		"a fault":          {request(func(e *control.Entry) { e.Status, e.Fault = 0, "f1" }), HaveField("Error", ContainSubstring("as the spec arranged"))},
		"what it did":      {request(func(e *control.Entry) { e.Effects = []control.Effect{{Name: "bound", Detail: "x"}} }), HaveField("Notes", []string{"bound x"})},
		"a signature":      {request(func(e *control.Entry) { e.Signature = &control.Signature{Verified: true, Origin: "hs", KeyID: "k"} }), HaveField("Notes", []string{"signed by hs with k"})},
		"a bad signature":  {request(func(e *control.Entry) { e.Signature = &control.Signature{Reason: "old"} }), HaveField("Notes", []string{"the signature does not verify: old"})},
		"a bad handshake":  {control.Entry{Connection: control.Connection{Handshake: control.HandshakeRefused, Error: "bad"}}, HaveField("Error", "the homeserver connected and did not accept the certificate (bad)")},
		"a good handshake": {control.Entry{Connection: control.Connection{Handshake: control.HandshakeOK}}, nil},
	} {
		g := NewWithT(t)
		r, ok := heard(c.entry)
		if c.record == nil {
			g.Expect(ok).To(BeFalse(), name)
			continue
		}
		g.Expect(ok).To(BeTrue(), name)
		g.Expect(r).To(c.record, name)
	}
}

func TestAMailIsEvidenceWithoutWhatValidates(t *testing.T) {
	g := NewWithT(t)
	witnessing(t)
	r := arrived(mailbox.Mail{
		Subject: "Confirm", From: "hs@example.org", Recipients: []string{"alice@example.org"},
		Text: "Open https://hs.example/v?token=t0ken-value or type\n482913\n",
	})
	current.recorder.Witness(r)
	g.Expect(r.Party).To(Equal(exchange.Mail))
	g.Expect(current.mask(r.Request.Body)).To(Equal("Open https://hs.example/v?token=<token 1> or type\n<code>\n"))
	g.Expect(arrived(mailbox.Mail{Text: " \n", HTML: "<p>x"}).Request.Body).To(Equal("<p>x"))
}

func TestOfManyRecordsTheFirstAreKept(t *testing.T) {
	g := NewWithT(t)
	written := witnessing(t)
	var records []exchange.Record
	for i := range mostWitnessed + 3 {
		records = append(records, exchange.Record{Party: exchange.SMS, Error: fmt.Sprint(i)})
	}
	witness(records, 2)
	lines := strings.Split(strings.TrimSpace(written()), "\n")
	g.Expect(lines).To(HaveLen(mostWitnessed))
	g.Expect(lines[len(lines)-1]).To(ContainSubstring("5 more were seen, of which no record is kept"))
	g.Expect(strings.Count(written(), "more were seen")).To(Equal(1))
	witness(nil, 0)
	g.Expect(unseen(exchange.Mail, errors.New("gone")).Error).To(HaveSuffix("gone"))
}

func TestAnAddressIsWatchedOnce(t *testing.T) {
	g := NewWithT(t)
	witnessing(t)
	current.spec = running{}
	WatchMails("alice@example.org")
	WatchMails("Alice@example.org")
	WatchMails("bob@example.org")
	g.Expect(current.spec.addresses).To(Equal([]string{"alice@example.org", "bob@example.org"}))
}
