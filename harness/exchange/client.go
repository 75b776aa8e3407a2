// Package exchange sends the suite's requests and is the only place that does.
//
// Every request and its answer are recorded, masked and, when they belong to
// one of the eight operations, checked against the JSON schemas of the spec.
// What the check sees is filed as findings; it never fails the running spec.
package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"threepid-conformance/schemas"
)

// Limits guard against hostile answers.
const (
	maxBody    = 1 << 20 // bytes of a body that are read
	maxHeaders = 64 << 10
)

// givingUp is after how many time-outs in a row an operation is not asked any
// more.
const givingUp = 3

// A Request is one HTTP request as a spec writes it.
type Request struct {
	Method string
	Path   string      // below the homeserver's base URL, may hold a query; or an absolute URL
	Token  string      // sent as Authorization: Bearer; "" sends none
	Body   any         // sent as JSON; nil sends no body
	Raw    []byte      // sent as it is, instead of Body
	Header http.Header // added last; a nil value removes a header we would send
}

// A Client talks to one homeserver.
type Client struct {
	base      string
	versions  []string
	set       *schemas.Set
	checked   checked
	recorder  *Recorder
	transport http.RoundTripper // and no http.Client, which reads Location and follows it
	tls       *tls.Config       // of the transport
	deadline  time.Duration
	silent    map[string]int // operationId → time-outs in a row
	waited    func(began time.Time)
}

// NewClient returns a client for the homeserver at base, which advertises these
// versions of the spec. Answers of the eight operations are checked against the
// schemas of the highest one; deadline limits each request, body included.
func NewClient(base string, versions []string, recorder *Recorder, deadline time.Duration) *Client {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	transport := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: deadline}).DialContext,
		TLSClientConfig:        secure,
		DisableCompression:     true, // a compressed answer nobody asked for stays as it came
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeaders,
		ForceAttemptHTTP2:      true,
	}
	return &Client{
		base:      normal(base),
		versions:  versions,
		set:       schemas.For(versions),
		recorder:  recorder,
		deadline:  deadline,
		silent:    map[string]int{},
		transport: transport,
		tls:       secure,
		waited:    func(time.Time) {},
	}
}

// Trust has the client trust these certificate authorities and no other.
func (c *Client) Trust(roots *x509.CertPool) { c.tls.RootCAs = roots }

// Wrap has the client's requests carried by what wrap makes of its transport.
func (c *Client) Wrap(wrap func(http.RoundTripper) http.RoundTripper) {
	c.transport = wrap(c.transport)
}

// OnWait has waited called whenever the client has waited because an answer asked
// for it.
func (c *Client) OnWait(waited func(began time.Time)) { c.waited = waited }

// normal is a base URL as net/url writes it, without a trailing slash, so that
// it is a prefix of the URLs made from it.
func normal(base string) string {
	if u, err := url.Parse(base); err == nil {
		base = u.String()
	}
	return strings.TrimSuffix(base, "/")
}

// Base is the homeserver's base URL without a trailing slash.
func (c *Client) Base() string { return c.base }

// Do sends a request. An error means that no answer came; it is a [NoAnswer].
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	ctx, cancel := context.WithTimeout(ctx, c.deadline)
	defer cancel()
	req, body, err := c.build(ctx, r)
	if err != nil {
		return nil, &NoAnswer{Why: err.Error()}
	}
	operation := ""
	if op, ok := schemas.OperationFor(req.Method, req.URL.EscapedPath()); ok && strings.HasPrefix(req.URL.String(), c.base+"/") {
		operation = op.ID
	}
	answer := &Response{
		Operation: operation,
		Method:    req.Method,
		URL:       req.URL.String(),
		Sent:      body,
		headers:   req.Header,
		started:   time.Now(),
	}
	var failure *NoAnswer
	if n := c.Unresponsive(operation); operation != "" && n >= givingUp {
		// Waiting in vain would cost a deadline in every spec that passes here.
		failure = &NoAnswer{Why: fmt.Sprintf("not sent: the last %d requests to %s were not answered in time", n, operation)}
	} else {
		failure = c.send(req, answer)
		c.count(operation, failure)
	}
	c.recorder.add(answer, failure, c.judge(answer, failure))
	if failure != nil {
		failure.Exchange = answer.ID
		return nil, failure
	}
	return answer, nil
}

// Unresponsive reports how many requests to an operation in a row were not
// answered in time.
func (c *Client) Unresponsive(operation string) int {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	return c.silent[operation]
}

func (c *Client) count(operation string, failure *NoAnswer) {
	c.recorder.mu.Lock()
	defer c.recorder.mu.Unlock()
	if failure != nil && failure.TimedOut {
		c.silent[operation]++
	} else {
		c.silent[operation] = 0
	}
}

func (c *Client) build(ctx context.Context, r Request) (*http.Request, []byte, error) {
	target := r.Path
	if !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") {
		target = c.base + target
	}
	body := r.Raw
	if body == nil && r.Body != nil {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, nil, fmt.Errorf("the request body cannot be written as JSON: %w", err)
		}
	}
	var reader io.Reader
	if body != nil {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, r.Method, target, reader)
	if err != nil {
		return nil, nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	// Without it a server may choose a compression.
	req.Header.Set("Accept-Encoding", "identity")
	if r.Token != "" {
		req.Header.Set("Authorization", "Bearer "+r.Token)
	}
	for name, values := range r.Header {
		req.Header.Del(name)
		for _, v := range values {
			req.Header.Add(name, v)
		}
	}
	return req, body, nil
}

// send performs the request and fills in the answer.
func (c *Client) send(req *http.Request, a *Response) *NoAnswer {
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		a.Took = time.Since(a.started)
		return noAnswer(err, a.Took)
	}
	defer resp.Body.Close()
	a.Status, a.Header, a.Proto = resp.StatusCode, resp.Header, resp.Proto
	a.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	a.Took = time.Since(a.started)
	if len(a.Body) > maxBody {
		a.Body, a.Oversized = a.Body[:maxBody], true
	}
	if err != nil {
		return noAnswer(fmt.Errorf("the body of the %d answer broke off after %d bytes: %w", a.Status, len(a.Body), err), a.Took)
	}
	if a.Oversized {
		a.Malformed = fmt.Errorf("the body is longer than %d bytes", maxBody)
		return nil
	}
	a.decode()
	return nil
}

// NoAnswer is the error of a request that was not answered.
type NoAnswer struct {
	Why      string // one sentence
	TimedOut bool
	// Cancelled says that the caller gave up, which is not the server's fault.
	Cancelled bool
	Exchange  string // id in exchanges.jsonl
}

func (n *NoAnswer) Error() string { return n.Why }

func noAnswer(err error, took time.Duration) *NoAnswer {
	var netErr net.Error
	timedOut := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout()
	if timedOut {
		return &NoAnswer{Why: fmt.Sprintf("no complete answer within %s", took.Round(10*time.Millisecond)), TimedOut: true}
	}
	return &NoAnswer{Why: "no answer: " + err.Error(), Cancelled: errors.Is(err, context.Canceled)}
}
