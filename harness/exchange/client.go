// Package exchange sends the suite's requests and is the only place that does.
//
// A transport sends a request and reads the response, a judge says what the response
// breaks, and a recorder writes both down without secrets. Each of them knows nothing
// of those before it. What the judge sees is filed as findings; it never fails the
// running spec.
package exchange

import (
	"context"
	"crypto/x509"
	"net/http"
	"time"
)

// A Client talks to one homeserver.
type Client struct {
	// Waited is called when DoPatiently has waited because a response asked for it.
	Waited func(started time.Time)

	transport *transport
	versions  []string
	recorder  *Recorder
}

// NewClient returns a client for the homeserver at base, which advertises these
// versions of the spec and is judged by them; deadline limits each request, body
// included.
func NewClient(base string, versions []string, recorder *Recorder, deadline time.Duration) *Client {
	return &Client{
		Waited:    func(time.Time) {},
		transport: newTransport(base, deadline),
		versions:  versions,
		recorder:  recorder,
	}
}

// Trust has the client trust these certificate authorities and no other.
func (c *Client) Trust(roots *x509.CertPool) { c.transport.tls.RootCAs = roots }

// Base is the homeserver's base URL without a trailing slash.
func (c *Client) Base() string { return c.transport.base }

// Unresponsive reports how many requests to an operation in a row were not
// answered in time.
func (c *Client) Unresponsive(operation string) int { return c.transport.unresponsive(operation) }

// Do sends a request. An error means that no response came; it is a [NoResponse].
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	response, failure := c.transport.send(ctx, r)
	if response == nil {
		return nil, failure
	}
	c.recorder.add(response, failure, judge(c.versions, response, failure))
	if failure != nil {
		failure.Exchange = response.ID
		return nil, failure
	}
	return response, nil
}

// patience limits how long set-up waits for a rate limiter in all.
const patience = 30 * time.Second

type impatient struct{}

// Impatient returns a context in which DoPatiently does not wait: it tells of the
// 429 and returns it. It is for looking at whether a run would have to wait.
func Impatient(ctx context.Context, limited func(*Response)) context.Context {
	return context.WithValue(ctx, impatient{}, limited)
}

// DoPatiently is Do for requests that set something up or whose refusal by a
// rate limiter is not what a spec is about: on 429 it waits as long as the
// response asks and sends the request again. It returns the 429 when waiting would
// take too long.
func (c *Client) DoPatiently(ctx context.Context, r Request) (*Response, error) {
	deadline := time.Now().Add(patience)
	for {
		response, err := c.Do(ctx, r)
		if err != nil || response.Status != http.StatusTooManyRequests {
			return response, err
		}
		if limited, ok := ctx.Value(impatient{}).(func(*Response)); ok {
			limited(response)
			return response, nil
		}
		wait := response.RetryAfter()
		if time.Now().Add(wait).After(deadline) {
			return response, nil
		}
		began := time.Now()
		select {
		case <-time.After(wait):
			c.Waited(began)
		case <-ctx.Done():
			return response, nil
		}
	}
}
