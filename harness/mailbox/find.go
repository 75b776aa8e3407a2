package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// pageSize is how many summaries one search asks for.
const pageSize = 200

// summary is an entry of a list, without the text of the mail.
type summary struct {
	ID          string
	Subject     string
	From        mail.Address
	To, Cc, Bcc []mail.Address
	Created     time.Time
}

// list is a page of summaries, newest first.
type list struct {
	Matching int       `json:"messages_count"`
	Messages []summary `json:"messages"`
}

// Find returns the mails to this address, oldest first. The address must be
// equal but for case to one in To, Cc or Bcc, the last of which holds the
// recipients that only the envelope names.
func (c *Client) Find(ctx context.Context, address string) ([]Mail, error) {
	found, err := c.search(ctx, address)
	if err != nil {
		return nil, err
	}
	return c.read(ctx, found)
}

// search finds the summaries of the mails to this address, oldest first.
//
// The mailbox is only asked for a part of the address: its own filter looks for
// substrings anyway, and Mailpit fails to find what it stores in escaped form
// (&, letters outside ASCII in the other case) or strips from queries (quotes).
func (c *Client) search(ctx context.Context, address string) ([]summary, error) {
	needle := searchable(address)
	if needle == "" {
		return nil, fmt.Errorf("mailbox %s: cannot search for the address %q: it has no letter or digit", c.URL(), address)
	}
	query := url.Values{
		"query": {`addressed:"` + needle + `"`},
		"limit": {strconv.Itoa(pageSize)},
	}

	var found []summary
	seen := make(map[string]bool)
	for start := 0; ; start += pageSize {
		query.Set("start", strconv.Itoa(start))
		var page list
		if err := c.getJSON(ctx, "/api/v1/search", query, &page); err != nil {
			return nil, err
		}
		for _, s := range page.Messages {
			// A mail that arrives meanwhile moves the last one of a page to the next.
			if !seen[s.ID] && s.isTo(address) {
				found = append(found, s)
			}
			seen[s.ID] = true
		}
		if len(page.Messages) == 0 || start+len(page.Messages) >= page.Matching {
			slices.Reverse(found)
			return found, nil
		}
	}
}

// searchable returns the longest part of an address that every mailbox finds as
// it is.
func searchable(address string) string {
	var longest string
	for part := range strings.FieldsFuncSeq(address, isUnsearchable) {
		if len(part) > len(longest) {
			longest = part
		}
	}
	return longest
}

func isUnsearchable(r rune) bool {
	return !isDigit(r) && !isLetter(r) && !strings.ContainsRune("@.+-_", r)
}

// read fetches whole mails. One that has been deleted since the search is left
// out.
func (c *Client) read(ctx context.Context, summaries []summary) ([]Mail, error) {
	if len(summaries) == 0 {
		return nil, nil
	}
	mails := make([]Mail, 0, len(summaries))
	for _, s := range summaries {
		m, err := c.readOne(ctx, s)
		if errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mails = append(mails, m)
	}
	return mails, nil
}

// readOne fetches a mail, or remembers it: what a spec waited for is read again
// when the spec ends, and a mail does not change.
func (c *Client) readOne(ctx context.Context, s summary) (Mail, error) {
	if m, known := c.mails.get(s.ID); known {
		return m, nil
	}
	var body struct {
		Text, HTML string
		Envelope   struct{ To []string } // the catcher's only
	}
	if err := c.getJSON(ctx, "/api/v1/message/"+url.PathEscape(s.ID), nil, &body); err != nil {
		return Mail{}, err
	}
	m := Mail{
		ID:         s.ID,
		Subject:    s.Subject,
		From:       s.From.Address,
		Recipients: s.recipients(),
		Text:       body.Text,
		HTML:       body.HTML,
		Received:   s.Created,
		Envelope:   body.Envelope.To,
		read:       new(reading),
	}
	c.mails.keep(m)
	return m, nil
}

// recipients are the addresses of all recipient headers, each of them once.
func (s summary) recipients() []string {
	var addresses []string
	for _, a := range slices.Concat(s.To, s.Cc, s.Bcc) {
		isKnown := func(known string) bool { return sameAddress(known, a.Address) }
		if !slices.ContainsFunc(addresses, isKnown) {
			addresses = append(addresses, a.Address)
		}
	}
	return addresses
}

func (s summary) isTo(address string) bool {
	return slices.ContainsFunc(s.recipients(), func(r string) bool { return sameAddress(r, address) })
}
