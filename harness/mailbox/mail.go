package mailbox

import "time"

// Mail is one mail as its recipient reads it.
type Mail struct {
	ID      string // for Client.Delete
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
}
