package mailbox

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pageSize is how many summaries one search asks for.
const pageSize = 200

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
func (c *Client) search(ctx context.Context, address string) ([]Summary, error) {
	needle := searchable(address)
	if needle == "" {
		return nil, fmt.Errorf("mailbox %s: cannot search for the address %q: it has no letter or digit", c.url, address)
	}
	query := url.Values{
		"query": {`addressed:"` + needle + `"`},
		"limit": {strconv.Itoa(pageSize)},
	}

	var found []Summary
	seen := make(map[string]bool)
	for start := 0; ; start += pageSize {
		query.Set("start", strconv.Itoa(start))
		var page Page
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
func (c *Client) read(ctx context.Context, summaries []Summary) ([]Mail, error) {
	var mails []Mail
	for _, s := range summaries {
		var content Content
		err := c.getJSON(ctx, "/api/v1/message/"+url.PathEscape(s.ID), nil, &content)
		if errors.Is(err, errNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		mails = append(mails, Mail{
			ID:         s.ID,
			Subject:    s.Subject,
			From:       s.From.Address,
			Recipients: s.Recipients(),
			Text:       content.Text,
			HTML:       content.HTML,
			Received:   s.Created,
			Envelope:   content.Envelope.To,
		})
	}
	return mails, nil
}
