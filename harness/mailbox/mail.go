package mailbox

import (
	"strings"
	"sync"
	"time"
)

// Mail is one mail as its recipient reads it.
type Mail struct {
	ID      string // for Client.Raw and Client.Delete
	Subject string // decoded
	From    string // the bare address of the header From

	// Recipients are the addresses in To, Cc and Bcc, and those of the envelope
	// that no header names. They do not prove a delivery: a header may name
	// anybody.
	Recipients []string

	// Envelope is what the homeserver gave as RCPT TO, or nil when the mailbox
	// cannot witness it: Mailpit shows one list made of envelope and headers.
	Envelope []string

	Text string // the text/plain parts; Mailpit renders the HTML when there are none
	HTML string // the text/html parts

	Received time.Time // by the mailbox's clock; Mailpit's has milliseconds

	read *reading // nil reads the HTML part each time
}

// A reading is what an HTML part says, for all copies of a mail: the spec reads it,
// and the report does once more.
type reading struct {
	once sync.Once
	page page
}

func (m Mail) inHTML() page {
	if m.read == nil {
		return readHTML(m.HTML)
	}
	m.read.once.Do(func() { m.read.page = readHTML(m.HTML) })
	return m.read.page
}

// sameAddress compares whole addresses without regard to case: a homeserver may
// mail to the address as typed or to its canonical form.
func sameAddress(a, b string) bool { return strings.EqualFold(a, b) }
