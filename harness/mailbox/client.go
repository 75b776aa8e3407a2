// Package mailbox reads the mails that a homeserver sends: it finds those to an
// address, waits for them, and takes links and codes out of them.
//
// One client speaks to Mailpit (by its REST API, v1.30.5) and to the embedded
// catcher of package catcher. The two differ in one thing: only the catcher can
// tell the SMTP envelope from the headers, see [Mail].Envelope.
package mailbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// requestTimeout bounds one API call; a mailbox answers in milliseconds.
	requestTimeout = 10 * time.Second
	// maxBody bounds an API answer. A mail has at most 1 MiB in the catcher and
	// grows in JSON, a page of summaries is smaller.
	maxBody = 16 << 20
)

// errNotFound is the cause of an error after a 404.
var errNotFound = errors.New("not found")

// Client reads one mailbox. It keeps its connections alive and may be used from
// any goroutine; the mailbox may be shared with other clients and processes.
type Client struct {
	url  string // without a slash at the end
	http *http.Client
}

// New makes a client for the API at this URL. It sends nothing; see [Client.Ready].
func New(apiURL string) *Client {
	return &Client{url: strings.TrimRight(apiURL, "/"), http: &http.Client{Timeout: requestTimeout}}
}

// URL is the base URL, for messages.
func (c *Client) URL() string { return c.url }

// Ready says whether the mailbox can be used: nil, or one sentence that names
// the URL and what to check.
func (c *Client) Ready(ctx context.Context) error {
	var info struct{ Version string }
	_, err := c.do(ctx, http.MethodGet, "/readyz", nil, nil)
	if err == nil {
		err = c.getJSON(ctx, "/api/v1/info", nil, &info)
	}
	if err == nil && info.Version != "" {
		return nil
	}

	if err == nil {
		err = errors.New("GET /api/v1/info names no version")
	}
	return fmt.Errorf("the mailbox at %s is not ready: %w; check that it is up, and that the URL is that of Mailpit's web interface"+
		" (port 8025 by default, not the SMTP port) or of the embedded catcher's API", c.url, err)
}

// Delete removes mails. It refuses to be called without an ID, which Mailpit
// would take for all mails, those of other specs included.
func (c *Client) Delete(ctx context.Context, ids ...string) error {
	if len(ids) == 0 {
		return fmt.Errorf("mailbox %s: Delete needs at least one ID: an empty list would delete every mail", c.url)
	}
	body, err := json.Marshal(map[string][]string{"IDs": ids})
	if err != nil {
		return err
	}
	_, err = c.do(ctx, http.MethodDelete, "/api/v1/messages", nil, body)
	return err
}

func (c *Client) getJSON(ctx context.Context, path string, query url.Values, into any) error {
	body, err := c.do(ctx, http.MethodGet, path, query, nil)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("mailbox %s: GET %s did not answer with the expected JSON: %w", c.url, path, err)
	}
	return nil
}

// do sends one request and returns the body of a 200. The path is escaped
// already.
func (c *Client) do(ctx context.Context, method, path string, query url.Values, body []byte) ([]byte, error) {
	u := c.url + path
	if len(query) > 0 {
		u += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("mailbox %s: %w", c.url, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("mailbox: %w", err) // names method and URL
	}
	defer response.Body.Close()

	answer, err := io.ReadAll(io.LimitReader(response.Body, maxBody+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("mailbox %s: %s %s: reading the answer: %w", c.url, method, path, err)
	case len(answer) > maxBody:
		return nil, fmt.Errorf("mailbox %s: %s %s: the answer is larger than %d bytes", c.url, method, path, maxBody)
	case response.StatusCode == http.StatusNotFound:
		return nil, fmt.Errorf("mailbox %s: %s %s answered 404: %w", c.url, method, path, errNotFound)
	case response.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("mailbox %s: %s %s answered %s: %.200q", c.url, method, path, response.Status, answer)
	}
	return answer, nil
}
