package exchange

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"threepid-conformance/schemas"
)

// Limits guard against hostile responses.
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

// NoResponse is the error of a request that was not answered.
type NoResponse struct {
	Why      string // one sentence
	TimedOut bool
	// Cancelled says that the caller gave up, which is not the server's fault.
	Cancelled bool
	Exchange  string // id in exchanges.jsonl
}

func (n *NoResponse) Error() string { return n.Why }

// A transport sends requests to one homeserver and reads its responses.
type transport struct {
	base     string
	carrier  http.RoundTripper // and no http.Client, which reads Location and follows it
	tls      *tls.Config       // of the carrier
	deadline time.Duration

	mu     sync.Mutex
	silent map[string]int // operationId → time-outs in a row
}

func newTransport(base string, deadline time.Duration) *transport {
	secure := &tls.Config{MinVersion: tls.VersionTLS12}
	return &transport{
		base:     normal(base),
		deadline: deadline,
		silent:   map[string]int{},
		tls:      secure,
		carrier: &http.Transport{
			DialContext:            (&net.Dialer{Timeout: deadline}).DialContext,
			TLSClientConfig:        secure,
			DisableCompression:     true, // a compressed body nobody asked for stays as it came
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        30 * time.Second,
			MaxResponseHeaderBytes: maxHeaders,
			ForceAttemptHTTP2:      true,
		},
	}
}

// normal is a base URL as net/url writes it, without a trailing slash, so that
// it is a prefix of the URLs made from it.
func normal(base string) string {
	if u, err := url.Parse(base); err == nil {
		base = u.String()
	}
	return strings.TrimSuffix(base, "/")
}

// send sends a request. Beside a failure stands the part of the response that came
// before it. There is no response at all when the request could not be built.
func (t *transport) send(ctx context.Context, r Request) (*Response, *NoResponse) {
	ctx, cancel := context.WithTimeout(ctx, t.deadline)
	defer cancel()
	req, body, err := t.build(ctx, r)
	if err != nil {
		return nil, &NoResponse{Why: err.Error()}
	}
	response := &Response{
		Operation: t.operation(req),
		Method:    req.Method,
		URL:       req.URL.String(),
		Sent:      body,
		headers:   req.Header,
		started:   time.Now(),
	}
	if n := t.unresponsive(response.Operation); response.Operation != "" && n >= givingUp {
		// Waiting in vain would cost a deadline in every spec that passes here.
		return response, &NoResponse{Why: fmt.Sprintf("not sent: the last %d requests to %s were not answered in time", n, response.Operation)}
	}
	failure := t.read(req, response)
	t.count(response.Operation, failure)
	return response, failure
}

// operation is the operationId of a request to the homeserver, or "".
func (t *transport) operation(req *http.Request) string {
	if !strings.HasPrefix(req.URL.String(), t.base+"/") {
		return ""
	}
	operation, _ := schemas.OperationFor(req.Method, req.URL.EscapedPath())
	return operation.ID
}

func (t *transport) unresponsive(operation string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.silent[operation]
}

func (t *transport) count(operation string, failure *NoResponse) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if failure != nil && failure.TimedOut {
		t.silent[operation]++
	} else {
		t.silent[operation] = 0
	}
}

func (t *transport) build(ctx context.Context, r Request) (*http.Request, []byte, error) {
	target := r.Path
	if !strings.HasPrefix(target, "http://") && !strings.HasPrefix(target, "https://") {
		target = t.base + target
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

// read performs the request and fills in the response.
func (t *transport) read(req *http.Request, r *Response) *NoResponse {
	resp, err := t.carrier.RoundTrip(req)
	if err != nil {
		r.Took = time.Since(r.started)
		return noResponse(err, r.Took)
	}
	defer resp.Body.Close()
	r.Status, r.Header = resp.StatusCode, resp.Header
	r.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	r.Took = time.Since(r.started)
	if len(r.Body) > maxBody {
		r.Body, r.Oversized = r.Body[:maxBody], true
	}
	if err != nil {
		return noResponse(fmt.Errorf("the body of the %d answer broke off after %d bytes: %w", r.Status, len(r.Body), err), r.Took)
	}
	if r.Oversized {
		r.Malformed = fmt.Errorf("the body is longer than %d bytes", maxBody)
		return nil
	}
	r.decode()
	return nil
}

func noResponse(err error, took time.Duration) *NoResponse {
	var netErr net.Error
	timedOut := errors.Is(err, context.DeadlineExceeded) || errors.As(err, &netErr) && netErr.Timeout()
	if timedOut {
		return &NoResponse{Why: fmt.Sprintf("no complete answer within %s", took.Round(10*time.Millisecond)), TimedOut: true}
	}
	return &NoResponse{Why: "no answer: " + err.Error(), Cancelled: errors.Is(err, context.Canceled)}
}
