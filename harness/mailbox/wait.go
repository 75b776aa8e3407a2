package mailbox

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// A mail that is on its way comes within milliseconds, one that is not makes
// the spec wait for its context: the pauses between two searches grow from the
// first to the second.
const (
	shortestPause = 2 * time.Millisecond
	longestPause  = 50 * time.Millisecond
)

// WaitFor returns the mails to this address as soon as there are n of them,
// oldest first; there may be more. When the context ends before, the error says
// how many came and what else arrived; it wraps the context's error.
func (c *Client) WaitFor(ctx context.Context, address string, n int) ([]Mail, error) {
	started := time.Now()
	var found []Summary
	for pause := shortestPause; ; pause = min(2*pause, longestPause) {
		latest, err := c.search(ctx, address)
		if err == nil {
			found = latest
			if len(found) >= n {
				// Fewer when one has been deleted in between: keep waiting.
				if mails, err := c.read(ctx, found); err != nil || len(mails) >= n {
					return mails, err
				}
			}
		} else if ctx.Err() == nil {
			return nil, err // the mailbox is broken, which says nothing about mails
		}

		select {
		case <-ctx.Done():
			return nil, c.missing(ctx, address, n, found, time.Since(started))
		case <-time.After(pause):
		}
	}
}

// missing tells the reader of a log what came instead of the n mails: a mail to
// another spelling of the address is a usual reason.
func (c *Client) missing(ctx context.Context, address string, n int, found []Summary, waited time.Duration) error {
	var b strings.Builder
	fmt.Fprintf(&b, "mailbox %s: waited %s for %d mail(s) to %s, got %d", c.url, waited.Round(time.Millisecond), n, address, len(found))
	for _, s := range found {
		fmt.Fprintf(&b, "\n  %s", s)
	}
	switch others, err := c.latestOthers(ctx, address); {
	case err != nil: // then there is less to say
	case len(others) == 0:
		b.WriteString("\nno mail to another address came lately")
	default:
		b.WriteString("\nthe latest mails to other addresses:")
		for _, s := range others {
			fmt.Fprintf(&b, "\n  %s", s)
		}
	}
	return fmt.Errorf("%s\n%w", b.String(), ctx.Err())
}

// latestOthers lists a few recent mails to other addresses. The caller's time is
// up, so it takes a second of its own.
func (c *Client) latestOthers(ctx context.Context, address string) ([]Summary, error) {
	const few = 5
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer cancel()

	var latest Page
	if err := c.getJSON(ctx, "/api/v1/messages", url.Values{"limit": {strconv.Itoa(few)}}, &latest); err != nil {
		return nil, err
	}
	var others []Summary
	for _, s := range latest.Messages {
		if !s.isTo(address) {
			others = append(others, s)
		}
	}
	return others, nil
}
