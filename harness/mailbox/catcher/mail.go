package catcher

import (
	"bytes"
	"crypto/rand"
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // text parts in anything but UTF-8
	"github.com/emersion/go-message/mail"

	"threepid-conformance/harness/mailbox"
)

// received is a mail that came. It is never changed once made; its JSON is Mailpit's.
type received struct {
	mailbox.Summary
	mailbox.Content
	haystack string // everything that a search by address looks at, in lower case
}

// receive reads as much of a mail as can be read. A malformed mail is still a mail
// that was sent, so there is no error: what cannot be decoded appears as it came.
func receive(raw []byte, envelope []string, arrival time.Time) *received {
	m := &received{
		Summary: mailbox.Summary{ID: rand.Text(), Created: arrival},
		Content: mailbox.Content{Envelope: mailbox.Envelope{To: envelope}},
	}
	// An unknown charset or encoding leaves an entity to work with.
	if entity, _ := message.Read(bytes.NewReader(raw)); entity != nil {
		m.readHeader(mail.Header{Header: entity.Header})
		m.readParts(entity, raw)
	} else {
		m.Text = string(raw)
	}
	m.addHiddenRecipients(envelope)
	for _, address := range append(m.Recipients(), m.From.Name, m.From.Address) {
		m.haystack += strings.ToLower(address) + "\n"
	}
	return m
}

// readHeader leaves fields that do not parse empty, or undecoded in the subject's
// case.
func (m *received) readHeader(h mail.Header) {
	m.Subject, _ = h.Subject()
	addresses := func(key string) []netmail.Address {
		list := []netmail.Address{}
		parsed, _ := h.AddressList(key)
		for _, address := range parsed {
			list = append(list, netmail.Address(*address))
		}
		return list
	}
	m.To, m.Cc, m.Bcc = addresses("To"), addresses("Cc"), addresses("Bcc")
	if senders := addresses("From"); len(senders) > 0 {
		m.From = senders[0]
	} else {
		m.From.Name, _ = h.Text("From")
	}
}

// addHiddenRecipients lists the recipients of the envelope that no header names as
// Bcc, as Mailpit does. So a mail is found by the address that it was sent to,
// whatever its headers claim.
func (m *received) addHiddenRecipients(envelope []string) {
	named := map[string]bool{}
	for _, recipient := range m.Recipients() {
		named[strings.ToLower(recipient)] = true
	}
	for _, recipient := range envelope {
		if key := strings.ToLower(recipient); !named[key] {
			named[key] = true
			m.Bcc = append(m.Bcc, netmail.Address{Address: recipient})
		}
	}
}

func (m *received) readParts(entity *message.Entity, raw []byte) {
	err := entity.Walk(func(_ []int, part *message.Entity, _ error) error {
		m.addPart(part)
		return nil
	})
	if err != nil && m.Text == "" && m.HTML == "" { // a multipart without a boundary, or without a part
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		m.Text = string(body)
	}
}

// addPart appends a part that a mail program would show as text.
func (m *received) addPart(part *message.Entity) {
	if disposition, _, _ := part.Header.ContentDisposition(); disposition == "attachment" {
		return
	}
	kind, _, _ := part.Header.ContentType()
	kind, _, _ = strings.Cut(kind, ";") // malformed parameters: the type comes with them
	var target *string
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "text/plain":
		target = &m.Text
	case "text/html":
		target = &m.HTML
	default:
		return
	}
	body, _ := io.ReadAll(part.Body) // a part cut short counts as far as it goes
	if *target != "" && len(body) > 0 {
		*target += "\n"
	}
	*target += string(body)
}

// size is the memory that a mail takes, near enough.
func (m *received) size() int {
	const more = 1 << 10 // IDs, names and addresses
	return more + len(m.Text) + len(m.HTML) + len(m.haystack)
}
