package exchange

import (
	"context"
	"net/http"
	"time"
)

// patience limits how long set-up waits for a rate limiter in all.
const patience = 30 * time.Second

type hurry struct{}

// Impatient returns a context in which DoPatiently does not wait: it tells of the
// 429 and returns it. It is for looking at whether a run would have to wait.
func Impatient(ctx context.Context, limited func(*Response)) context.Context {
	return context.WithValue(ctx, hurry{}, limited)
}

// DoPatiently is Do for requests that set something up or whose refusal by a
// rate limiter is not what a spec is about: on 429 it waits as long as the
// answer asks and sends the request again. It returns the 429 when waiting would
// take too long.
func (c *Client) DoPatiently(ctx context.Context, r Request) (*Response, error) {
	deadline := time.Now().Add(patience)
	for {
		answer, err := c.Do(ctx, r)
		if err != nil || answer.Status != http.StatusTooManyRequests {
			return answer, err
		}
		if limited, hurried := ctx.Value(hurry{}).(func(*Response)); hurried {
			limited(answer)
			return answer, nil
		}
		wait := answer.RetryAfter()
		if time.Now().Add(wait).After(deadline) {
			return answer, nil
		}
		began, timer := time.Now(), time.NewTimer(wait)
		select {
		case <-timer.C:
			c.waited(began)
		case <-ctx.Done():
			timer.Stop()
			return answer, nil
		}
	}
}
