package mailbox

import (
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"time"
)

// The part of Mailpit's REST API that is read here, and served by package catcher.
// Mailpit spells the keys of a mail with a capital and those of the list around them
// without.
type (
	// A Page is a part of the mailbox, or of what a search found.
	Page struct {
		Matching int       `json:"messages_count"` // on all pages
		Messages []Summary `json:"messages"`       // newest first
	}

	// A Summary is a mail without its text.
	Summary struct {
		ID          string
		Subject     string
		From        mail.Address
		To, Cc, Bcc []mail.Address // Bcc has the recipients that only the envelope names
		Created     time.Time      // of the arrival
	}

	// A Content is what a whole mail has on top of its summary.
	Content struct {
		Text, HTML string
		Envelope   Envelope
	}

	// An Envelope is what came as RCPT TO; Mailpit does not tell.
	Envelope struct{ To []string }
)

// Recipients are the addresses of all recipient headers, each of them once.
func (s Summary) Recipients() []string {
	var addresses []string
	for _, a := range slices.Concat(s.To, s.Cc, s.Bcc) {
		isKnown := func(known string) bool { return strings.EqualFold(known, a.Address) }
		if !slices.ContainsFunc(addresses, isKnown) {
			addresses = append(addresses, a.Address)
		}
	}
	return addresses
}

// isTo compares whole addresses without regard to case: a homeserver may mail to the
// address as typed or to its canonical form.
func (s Summary) isTo(address string) bool {
	return slices.ContainsFunc(s.Recipients(), func(r string) bool { return strings.EqualFold(r, address) })
}

// String names a mail by its subject and recipients.
func (s Summary) String() string {
	return fmt.Sprintf("%.80q to %s", s.Subject, strings.Join(s.Recipients(), ", "))
}
