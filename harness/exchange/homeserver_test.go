package exchange

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

// modern is what a server advertises that owes everything the suite asserts.
var modern = []string{"r0.6.1", "v1.1", "v1.6", "v1.19"}

// enough is a deadline that no answer on the loopback interface misses.
const enough = 20 * time.Second

// A canned answer is what a fake homeserver says to everything.
type canned struct {
	status      int
	contentType string // "" is application/json, "-" is none
	header      http.Header
	body        string
}

func (c canned) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	switch c.contentType {
	case "":
		w.Header().Set("Content-Type", "application/json")
	case "-":
		w.Header()["Content-Type"] = nil // or the server would guess one
	default:
		w.Header().Set("Content-Type", c.contentType)
	}
	for name, values := range c.header {
		w.Header()[name] = values
	}
	w.WriteHeader(c.status)
	_, _ = w.Write([]byte(c.body))
}

// response is the canned answer to an operation as the transport reads it.
func (c canned) response(operation string) *Response {
	w := httptest.NewRecorder()
	c.ServeHTTP(w, nil)
	return &Response{Operation: operation, Status: c.status, Header: w.Header(), Body: []byte(c.body)}
}

// serve runs a fake homeserver and returns its base URL.
func serve(t testing.TB, handler http.Handler) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// script runs a server that hands the connection of each request to play and closes
// it afterwards.
func script(t testing.TB, play func(net.Conn)) string {
	t.Helper()
	return serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		play(conn)
	}))
}

// untilGone writes a text again and again until the client has closed the connection.
func untilGone(conn net.Conn, text string) {
	for {
		if _, err := io.WriteString(conn, text); err != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// hold keeps a connection open until the client closes it.
func hold(conn net.Conn) { _, _ = bufio.NewReader(conn).Peek(1 << 10) }

// A recordedClient is a client with the recorder and the file behind it.
type recordedClient struct {
	*Client
	recorder *Recorder
	path     string // of exchanges.jsonl
}

// connect makes a client for the homeserver at base.
func connect(t testing.TB, base string, versions []string, deadline time.Duration) recordedClient {
	t.Helper()
	path := filepath.Join(t.TempDir(), "exchanges.jsonl")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	recorder := NewRecorder(file, masking.New(""), "p1-")
	client := NewClient(base, versions, recorder, deadline)
	t.Cleanup(client.transport.carrier.(*http.Transport).CloseIdleConnections)
	return recordedClient{Client: client, recorder: recorder, path: path}
}

// call is the request of an operation, with a body where it has one.
func call(t testing.TB, operationID string) Request {
	t.Helper()
	op, ok := schemas.OperationByID(operationID)
	if !ok {
		t.Fatalf("no operation %s", operationID)
	}
	r := Request{Method: op.Method, Path: op.Path}
	if op.Method != http.MethodGet {
		r.Body = map[string]any{}
	}
	return r
}

// answer sends a request that is answered.
func (c recordedClient) answer(t testing.TB, r Request) *Response {
	t.Helper()
	a, err := c.Do(t.Context(), r)
	if err != nil {
		t.Fatalf("no answer: %v", err)
	}
	return a
}

// refused sends a request that must not be answered, and returns how it ended.
func (c recordedClient) refused(t testing.TB, ctx context.Context, r Request) *NoResponse {
	t.Helper()
	g := NewWithT(t)
	a, err := c.Do(ctx, r)
	g.Expect(a).To(BeNil())
	var failure *NoResponse
	g.Expect(err).To(BeAssignableToTypeOf(failure))
	failure = err.(*NoResponse)
	g.Expect(failure.Why).NotTo(BeEmpty())
	g.Expect(failure.Why).NotTo(ContainSubstring("\n"), "one sentence")
	return failure
}

// lines returns the records of exchanges.jsonl.
func (c recordedClient) lines(t testing.TB) []Record {
	t.Helper()
	text, err := os.ReadFile(c.path)
	if err != nil {
		t.Fatal(err)
	}
	var records []Record
	for line := range strings.Lines(string(text)) {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("a line is no JSON: %v\n%s", err, line)
		}
		records = append(records, r)
	}
	return records
}

// brief shows findings as "requirement" or "requirement strict".
func brief(findings []verdict.Finding) []string {
	list := []string{}
	for _, f := range findings {
		if f.Strictly {
			f.Row.Requirement += " strict"
		}
		list = append(list, f.Row.Requirement)
	}
	return list
}
