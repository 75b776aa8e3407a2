package catcher

import (
	"crypto/rand"
	"net/mail"
	"strings"
	"time"
)

// record is one mail as it came. It is never changed once made. Its text is read
// from raw when somebody asks for it, so that a mail is not in memory twice.
type record struct {
	id       string
	received time.Time

	envelopeFrom string
	envelopeTo   []string
	raw          []byte

	head
	haystack string // everything a search by address looks at, in lower case
}

func newRecord(from string, to []string, raw []byte, received time.Time) *record {
	r := &record{
		id:           rand.Text(),
		received:     received,
		envelopeFrom: from,
		envelopeTo:   to,
		raw:          raw,
		head:         parseHead(raw),
	}
	if r.date.IsZero() {
		r.date = received
	}
	r.bcc = append(r.bcc, hiddenRecipients(to, r.to, r.cc, r.bcc)...)
	r.haystack = searchText(r)
	return r
}

// hiddenRecipients lists the envelope recipients that no header names. Mailpit
// shows them as Bcc, which makes a mail findable by the address it was sent to
// whatever its headers claim.
func hiddenRecipients(envelope []string, headers ...[]*mail.Address) []*mail.Address {
	named := make(map[string]bool)
	for _, header := range headers {
		for _, address := range header {
			named[strings.ToLower(address.Address)] = true
		}
	}
	var hidden []*mail.Address
	for _, recipient := range envelope {
		if key := strings.ToLower(recipient); !named[key] {
			named[key] = true
			hidden = append(hidden, &mail.Address{Address: recipient})
		}
	}
	return hidden
}

// searchText joins what Mailpit's filter addressed: looks at: names and
// addresses of the recipients, the sender and Reply-To.
func searchText(r *record) string {
	var b strings.Builder
	for _, addresses := range [][]*mail.Address{{r.from}, r.to, r.cc, r.bcc, r.replyTo} {
		for _, address := range addresses {
			b.WriteString(strings.ToLower(address.Name + "\n" + address.Address + "\n"))
		}
	}
	return b.String()
}

// size is the memory a mail takes, near enough.
func (r *record) size() int {
	return len(r.raw) + len(r.haystack)
}
