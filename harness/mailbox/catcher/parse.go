package catcher

import (
	"bytes"
	"io"
	netmail "net/mail"
	"strings"
	"time"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // text parts in anything but UTF-8
	"github.com/emersion/go-message/mail"
)

// head is what the headers of a mail say, decoded.
type head struct {
	messageID            string
	subject              string
	date                 time.Time // zero when the mail has none
	from                 *netmail.Address
	to, cc, bcc, replyTo []*netmail.Address
}

// content is the text parts of a mail, as UTF-8.
type content struct{ text, html string }

// parseHead reads as much of the headers as can be read. A malformed mail is still
// a mail that was sent, so there is no error: what cannot be decoded appears as it
// came.
func parseHead(raw []byte) head {
	entity, _ := message.Read(bytes.NewReader(raw)) // an unknown charset or encoding leaves an entity to work with
	if entity == nil {
		return head{from: &netmail.Address{}}
	}
	return decodeHead(mail.Header{Header: entity.Header})
}

// parse reads as much of the text as can be read, like parseHead.
func parse(raw []byte) (c content) {
	entity, _ := message.Read(bytes.NewReader(raw))
	if entity == nil {
		return content{text: string(raw)}
	}
	err := entity.Walk(func(_ []int, part *message.Entity, _ error) error {
		c.addPart(part)
		return nil
	})
	if err != nil && c.text == "" && c.html == "" { // a multipart without a boundary, or without a part
		_, body, _ := bytes.Cut(raw, []byte("\r\n\r\n"))
		c.text = string(body)
	}
	return c
}

func decodeHead(h mail.Header) head {
	c := head{from: &netmail.Address{}}
	// Fields that do not parse stay empty, or undecoded in the subject's case.
	c.subject, _ = h.Subject()
	c.messageID, _ = h.MessageID()
	c.date, _ = h.Date()
	c.to, _ = h.AddressList("To")
	c.cc, _ = h.AddressList("Cc")
	c.bcc, _ = h.AddressList("Bcc")
	c.replyTo, _ = h.AddressList("Reply-To")
	if senders, _ := h.AddressList("From"); len(senders) > 0 {
		c.from = senders[0]
	} else {
		c.from.Name, _ = h.Text("From")
	}
	return c
}

// addPart appends a part that a mail program would show as text.
func (c *content) addPart(part *message.Entity) {
	if disposition, _, _ := part.Header.ContentDisposition(); disposition == "attachment" {
		return
	}
	var target *string
	switch mediaType(part.Header) {
	case "text/plain":
		target = &c.text
	case "text/html":
		target = &c.html
	default:
		return
	}
	body, _ := io.ReadAll(part.Body) // a part cut short counts as far as it goes
	if *target != "" && len(body) > 0 {
		*target += "\n"
	}
	*target += string(body)
}

func mediaType(h message.Header) string {
	t, _, _ := h.ContentType()
	t, _, _ = strings.Cut(t, ";") // malformed parameters: the type comes with them
	return strings.ToLower(strings.TrimSpace(t))
}
