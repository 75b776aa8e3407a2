package exchange

import (
	"context"
	"net/http"
	"time"
)

// patience limits how long set-up waits for a rate limiter in all.
const patience = 30 * time.Second

// DoPatiently is Do for requests that set something up or whose refusal by a
// rate limiter is not what a spec is about: on 429 it waits as long as the
// answer asks and sends the request again. It returns the 429 when waiting would
// take too long.
func (c *Client) DoPatiently(ctx context.Context, r Request) (*Answer, error) {
	deadline := time.Now().Add(patience)
	for {
		answer, err := c.Do(ctx, r)
		if err != nil || answer.Status != http.StatusTooManyRequests {
			return answer, err
		}
		wait := answer.RetryAfter()
		if time.Now().Add(wait).After(deadline) {
			return answer, nil
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return answer, nil
		}
	}
}
