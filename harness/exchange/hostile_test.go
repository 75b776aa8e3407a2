package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// soon is the deadline of requests that are meant to miss it.
const soon = 150 * time.Millisecond

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

func TestServersThatDoNotAnswerInTime(t *testing.T) {
	for name, c := range map[string]struct{ sends, again string }{
		"says nothing":        {"", ""},
		"stops in the header": {"HTTP/1.1 200 OK\r\nContent-", ""},
		"stops in the body":   {okHead + "Content-Length: 9\r\n\r\n{", ""},
		"drips its header":    {okHead, "X: y\r\n"},
		"drips its body":      {okHead + "\r\n", " "},
		"says 100 for ever":   {"", "HTTP/1.1 100 Continue\r\n\r\n"}, // net/http may end this before its time is up
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client := connect(t, script(t, func(conn net.Conn) {
				_, _ = io.WriteString(conn, c.sends)
				if c.again != "" {
					untilGone(conn, c.again)
				}
				hold(conn)
			}), modern, soon)
			failure := client.refused(t, t.Context(), call(t, "bind3PID"))
			g.Expect(failure.Exchange).To(Equal("p1-1"))
			g.Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
			if name != "says 100 for ever" {
				g.Expect(failure.TimedOut).To(BeTrue(), failure.Why)
				g.Expect(failure.Why).To(HavePrefix("no complete answer within "))
				g.Expect(client.Unresponsive("bind3PID")).To(Equal(1))
			}
		})
	}
}

func TestServersThatBreakOff(t *testing.T) {
	for name, c := range map[string]struct{ sends, why string }{
		"before the header":     {"", "no answer: "},
		"within the header":     {"HTTP/1.1 200 OK\r\nContent-", "no answer: "},
		"within the body":       {okHead + "Content-Length: 99\r\n\r\n{\"a\":", "the body of the 200 answer broke off after 5 bytes"},
		"within a chunk":        {okHead + "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"a\"", "the body of the 200 answer broke off after 4 bytes"},
		"by a bad chunk":        {okHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "the body of the 200 answer broke off after 0 bytes"},
		"with another tongue":   {"220 mail.example ESMTP\r\n", "no answer: "},
		"with too many headers": {okHead + strings.Repeat("X: y\r\n", maxHeaders/5), "header"},
		"with a long header":    {okHead + "Content-Length: 2\r\nX: " + strings.Repeat("y", 2*maxHeaders) + "\r\n\r\n{}", "header"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client := connect(t, script(t, func(conn net.Conn) { _, _ = io.WriteString(conn, c.sends) }), modern, enough)
			failure := client.refused(t, t.Context(), call(t, "bind3PID"))
			g.Expect(failure.TimedOut).To(BeFalse(), failure.Why)
			g.Expect(failure.Why).To(ContainSubstring(c.why))
			g.Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
			g.Expect(client.recorder.Findings()[0].Message).To(ContainSubstring(failure.Why))
			g.Expect(client.Unresponsive("bind3PID")).To(BeZero())
			g.Expect(client.lines(t)[0].Error).To(Equal(failure.Why))
		})
	}
}

func TestAHeaderIsKeptWhenItsBodyBreaksOff(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, script(t, func(c net.Conn) {
		_, _ = c.Write([]byte("HTTP/1.1 403 No\r\nX-Trace: 17\r\nContent-Length: 99\r\n\r\n{\"a\":"))
	}), modern, enough)
	client.refused(t, t.Context(), call(t, "bind3PID"))
	record := client.lines(t)[0]
	g.Expect(record.Response.Status).To(Equal(403))
	g.Expect(record.Response.Body).To(Equal(`{"a":`))
	g.Expect(record.Response.Headers).To(HaveKeyWithValue("X-Trace", []string{"17"}))
}

func TestBodiesBeyondTheLimit(t *testing.T) {
	padding := strings.Repeat(" ", maxBody-2)
	for name, c := range map[string]struct {
		handler http.Handler
		over    bool
	}{
		"at the limit":   {canned{status: 200, body: padding + "{}"}, false},
		"a byte more":    {canned{status: 200, body: padding + " {}"}, true},
		"without an end": {http.HandlerFunc(endless), true},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client := connect(t, serve(t, c.handler), modern, enough)
			a := client.answer(t, call(t, "bind3PID"))
			g.Expect(a.Body).To(HaveLen(maxBody))
			g.Expect(a.Oversized).To(Equal(c.over))
			if !c.over {
				g.Expect(a.JSON).NotTo(BeNil())
				g.Expect(client.recorder.Findings()).To(BeEmpty())
				return
			}
			g.Expect(a.JSON).To(BeNil())
			g.Expect(a.Malformed).To(HaveOccurred())
			g.Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
			g.Expect(client.recorder.Findings()[0].Message).To(ContainSubstring(fmt.Sprint(maxBody)))
		})
	}
}

// endless writes an array until the client has enough.
func endless(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	for text := []byte("[" + strings.Repeat("1,", 1<<12)); ; text[0] = ' ' {
		if _, err := w.Write(text); err != nil {
			return
		}
	}
}

func TestRedirectsAreResponsesAndNotFollowed(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int32
	client := connect(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, r.URL.Path+"/again", http.StatusTemporaryRedirect)
	})), modern, enough)
	a := client.answer(t, call(t, "bind3PID"))
	g.Expect(a.Status).To(Equal(http.StatusTemporaryRedirect))
	g.Expect(a.Header.Get("Location")).To(HaveSuffix("/bind/again"))
	g.Expect(asked.Load()).To(BeEquivalentTo(1))

	client = connect(t, serve(t, canned{status: 302, header: http.Header{"Location": {"http://%zz"}}, body: "{}"}), modern, enough)
	g.Expect(client.answer(t, call(t, "bind3PID")).Status).To(Equal(302), "a redirect to nowhere")
}

func TestACompressedBodyStaysAsItCame(t *testing.T) {
	g := NewWithT(t)
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write([]byte(`{"a":"` + strings.Repeat("a", 2*maxBody) + `"}`))
	_ = z.Close()
	client := connect(t, serve(t, canned{status: 200, header: http.Header{"Content-Encoding": {"gzip"}}, body: bomb.String()}), modern, enough)
	a := client.answer(t, call(t, "bind3PID"))
	g.Expect(a.Body).To(Equal(bomb.Bytes()))
	g.Expect(a.Oversized).To(BeFalse())
	g.Expect(a.JSON).To(BeNil())
	g.Expect(client.recorder.Findings()).To(HaveLen(1))
	g.Expect(client.lines(t)).To(HaveLen(1), "bytes that are no text do not spoil the file")
}

func TestTimeOutsInARowAreCountedPerOperation(t *testing.T) {
	g := NewWithT(t)
	var silent atomic.Bool
	client := connect(t, script(t, func(c net.Conn) {
		if silent.Load() {
			hold(c)
			return
		}
		_, _ = c.Write([]byte(okHead + "Content-Length: 2\r\nConnection: close\r\n\r\n{}"))
	}), modern, soon)
	bind, add := call(t, "bind3PID"), call(t, "add3PID")

	silent.Store(true)
	for n := range givingUp - 1 {
		client.refused(t, t.Context(), bind)
		g.Expect(client.Unresponsive("bind3PID")).To(Equal(n + 1))
	}
	client.refused(t, t.Context(), add)
	g.Expect(client.Unresponsive("add3PID")).To(Equal(1))
	g.Expect(client.Unresponsive("getAccount3PIDs")).To(BeZero())

	silent.Store(false)
	client.transport.deadline = enough
	client.answer(t, bind)
	g.Expect(client.Unresponsive("bind3PID")).To(BeZero(), "an answer ends the row")
	g.Expect(client.Unresponsive("add3PID")).To(Equal(1), "but only that operation's")
}

func TestAnOperationThatDoesNotAnswerIsNotAskedForEver(t *testing.T) {
	g := NewWithT(t)
	var asked atomic.Int32
	client := connect(t, script(t, func(c net.Conn) { asked.Add(1); hold(c) }), modern, soon)
	for range givingUp {
		client.refused(t, t.Context(), call(t, "bind3PID"))
	}
	failure := client.refused(t, t.Context(), call(t, "bind3PID"))
	g.Expect(failure.Why).To(HavePrefix("not sent"))
	g.Expect(asked.Load()).To(BeEquivalentTo(givingUp))
}

func TestARequestThatItsSpecGivesUpIsNoTimeOut(t *testing.T) {
	g := NewWithT(t)
	arrived := make(chan struct{})
	client := connect(t, script(t, func(c net.Conn) { close(arrived); hold(c) }), modern, enough)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	failure := client.refused(t, ctx, call(t, "bind3PID"))
	g.Expect(failure.TimedOut).To(BeFalse())
	g.Expect(client.Unresponsive("bind3PID")).To(BeZero())
	g.Expect(client.recorder.Findings()).To(BeEmpty(), "it is not held against the server")
}
