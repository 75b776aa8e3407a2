package catcher

import (
	"net/mail"
	"time"
)

// The shapes of the API. Mailpit spells the keys of a mail with a capital and
// those of the list around them without.
type (
	// wireList is a page of the mailbox or of a search.
	wireList struct {
		Total    int           `json:"total"`          // mails in the mailbox
		Matching int           `json:"messages_count"` // mails that match the search
		Count    int           `json:"count"`          // mails in this page
		Start    int           `json:"start"`          // matching mails before this page
		Messages []wireSummary `json:"messages"`       // newest first
	}

	// wireHead is what a summary and a whole mail have in common.
	wireHead struct {
		ID        string
		MessageID string
		From      *mail.Address
		To        []*mail.Address
		Cc        []*mail.Address
		Bcc       []*mail.Address // with the recipients that only the envelope names
		ReplyTo   []*mail.Address
		Subject   string
		Size      int // bytes
	}
	wireSummary struct {
		wireHead
		Created time.Time // of the arrival
	}
	wireMessage struct {
		wireHead
		ReturnPath string
		Date       time.Time // of the header Date, else of the arrival
		Text       string
		HTML       string

		Envelope wireEnvelope // not Mailpit's
	}

	wireEnvelope struct {
		From string
		To   []string
	}

	wireInfo struct {
		Version  string
		Messages int
		Dropped  int // not Mailpit's
	}
)

func (r *record) wireHead() wireHead {
	return wireHead{
		ID:        r.id,
		MessageID: r.messageID,
		From:      r.from,
		To:        orEmpty(r.to),
		Cc:        orEmpty(r.cc),
		Bcc:       orEmpty(r.bcc),
		ReplyTo:   orEmpty(r.replyTo),
		Subject:   r.subject,
		Size:      len(r.raw),
	}
}

func (r *record) summary() wireSummary {
	return wireSummary{wireHead: r.wireHead(), Created: r.received}
}

func (r *record) message() wireMessage {
	c := parse(r.raw)
	return wireMessage{
		wireHead:   r.wireHead(),
		ReturnPath: r.envelopeFrom,
		Date:       r.date,
		Text:       c.text,
		HTML:       c.html,
		Envelope:   wireEnvelope{From: r.envelopeFrom, To: orEmpty(r.envelopeTo)},
	}
}

// orEmpty makes JSON say [] where Go has nil.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
