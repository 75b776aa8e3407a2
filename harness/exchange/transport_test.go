package exchange

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
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

// sent is what a request looks like on the wire.
func sent(t *testing.T, r Request) (header http.Header, body string) {
	t.Helper()
	base := serve(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		header = req.Header
		text, _ := io.ReadAll(req.Body)
		body = string(text)
		granted.ServeHTTP(w, req)
	}))
	connect(t, base, modern, enough).answer(t, r)
	return header, body
}

func TestWhatARequestLooksLikeOnTheWire(t *testing.T) {
	const path = "/_matrix/client/v3/account/3pid/bind"
	post := func(r Request) Request { r.Method, r.Path = http.MethodPost, path; return r }
	for name, c := range map[string]struct {
		request                    Request
		contentType, authorization []string
		body                       string
	}{
		"JSON":              {post(Request{Body: map[string]any{"sid": "1"}, Token: "tok"}), []string{"application/json"}, []string{"Bearer tok"}, `{"sid":"1"}`},
		"no body":           {post(Request{}), nil, nil, ""},
		"raw bytes":         {post(Request{Raw: []byte("{\xff"), Body: 1}), []string{"application/json"}, nil, "{\xff"},
		"empty raw body":    {post(Request{Raw: []byte{}}), []string{"application/json"}, nil, ""},
		"other header":      {post(Request{Raw: []byte("x"), Header: http.Header{"Content-Type": {"text/plain"}}}), []string{"text/plain"}, nil, "x"},
		"header taken away": {post(Request{Raw: []byte("x"), Token: "tok", Header: http.Header{"content-type": nil, "authorization": {}}}), nil, nil, "x"},
		"other credentials": {post(Request{Token: "tok", Header: http.Header{"Authorization": {"Basic x"}}}), nil, []string{"Basic x"}, ""},
	} {
		g := NewWithT(t)
		header, body := sent(t, c.request)
		g.Expect(header["Content-Type"]).To(Equal(c.contentType), name)
		g.Expect(header["Authorization"]).To(Equal(c.authorization), name)
		g.Expect(body).To(Equal(c.body), name)
		g.Expect(header.Get("Accept-Encoding")).To(Equal("identity"), "without it a server may compress (RFC 9110, 12.5.3)")
	}
}

func TestAResponseKeepsWhatWasSentAndWhatCame(t *testing.T) {
	g := NewWithT(t)
	base := serve(t, canned{status: 403, header: http.Header{"X-Trace": {"17"}}, body: `{"errcode":"M_FORBIDDEN","error":"no","n":12345678901234567890}`})
	client := connect(t, base, modern, enough)
	r := call(t, "bind3PID")
	r.Body = map[string]any{"sid": "1"}
	a := client.answer(t, r)
	g.Expect(a.Method).To(Equal(http.MethodPost))
	g.Expect(a.URL).To(Equal(base + r.Path))
	g.Expect(string(a.Sent)).To(Equal(`{"sid":"1"}`))
	g.Expect(a.Status).To(Equal(403))
	g.Expect(a.Proto).To(Equal("HTTP/1.1"))
	g.Expect(a.Header.Get("X-Trace")).To(Equal("17"))
	g.Expect(a.Took).To(BeNumerically(">", 0))
	g.Expect(a.ID).To(Equal("p1-1"))
	g.Expect(a.JSON["n"]).To(Equal(json.Number("12345678901234567890")))
	g.Expect(a.Malformed).NotTo(HaveOccurred())
	g.Expect(client.recorder.Last()).To(BeIdenticalTo(a))
}

func TestRequestsThatCannotBeBuiltAreNotRecorded(t *testing.T) {
	for name, r := range map[string]Request{
		"a body that is no JSON": {Method: http.MethodPost, Path: "/x", Body: func() {}},
		"a method that is none":  {Method: "GE T", Path: "/x"},
		"a URL that is none":     {Method: http.MethodGet, Path: "/%zz"},
	} {
		g := NewWithT(t)
		client := connect(t, "http://127.0.0.1", modern, enough)
		client.refused(t, t.Context(), r)
		g.Expect(client.recorder.Seen()).To(BeEmpty(), name)
		g.Expect(client.lines(t)).To(BeEmpty(), name)
	}
}

func TestOnlyDeclaredOperationsAreJudged(t *testing.T) {
	bad := canned{status: 500, contentType: "text/html", body: "<html>"}
	hs, other := serve(t, bad), serve(t, bad)
	const path = "/_matrix/client/v3/account/3pid"
	for name, r := range map[string]Request{
		"another operation":       {Method: http.MethodGet, Path: "/_matrix/client/v3/account/whoami"},
		"another method":          {Method: http.MethodPut, Path: path},
		"a preflight":             {Method: http.MethodOptions, Path: path},
		"an older path":           {Method: http.MethodGet, Path: "/_matrix/client/r0/account/3pid"},
		"an escaped slash":        {Method: http.MethodGet, Path: "/_matrix/client/v3/account%2F3pid"},
		"a path below it":         {Method: http.MethodGet, Path: path + "/"},
		"outside the base URL":    {Method: http.MethodGet, Path: other + path},
		"a port that begins like": {Method: http.MethodGet, Path: hs + "0" + path},
	} {
		g := NewWithT(t)
		client := connect(t, hs, modern, enough)
		a, err := client.Do(t.Context(), r)
		if err == nil {
			g.Expect(a.Operation).To(BeEmpty(), name)
		}
		g.Expect(client.recorder.Findings()).To(BeEmpty(), name)
		g.Expect(client.recorder.Last()).To(BeNil(), name)
		g.Expect(client.recorder.Seen()).To(HaveLen(1), "%s: it is recorded all the same", name)
	}
	for name, c := range map[string]struct{ base, path string }{
		"with a query":    {hs + "/", path + "?access_token=x"},
		"as absolute URL": {hs + "/", hs + path},
		"in capitals":     {strings.Replace(hs, "http:", "HTTP:", 1), path},
	} {
		client := connect(t, c.base, modern, enough)
		NewWithT(t).Expect(client.answer(t, Request{Method: http.MethodGet, Path: c.path}).Operation).To(Equal("getAccount3PIDs"), name)
	}
}

func TestABaseURLMayHaveAPath(t *testing.T) {
	g := NewWithT(t)
	hs := serve(t, canned{status: 200, body: `{}`})
	client := connect(t, hs+"/matrix/", modern, enough)
	g.Expect(client.Base()).To(Equal(hs + "/matrix"))
	g.Expect(client.answer(t, call(t, "bind3PID")).Operation).To(Equal("bind3PID"))
	outside := Request{Method: http.MethodPost, Path: hs + "/_matrix/client/v3/account/3pid/bind"}
	g.Expect(client.answer(t, outside).Operation).To(BeEmpty())
}

// soon is the deadline of requests that are meant to miss it.
const soon = 150 * time.Millisecond

// within fails the test when a request took far longer than its deadline.
func within(t *testing.T, deadline time.Duration, act func()) {
	t.Helper()
	started := time.Now()
	act()
	if took := time.Since(started); took > deadline+5*time.Second {
		t.Errorf("took %s with a deadline of %s", took, deadline)
	}
}

const okHead = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

func TestServersThatDoNotAnswerInTime(t *testing.T) {
	for name, play := range map[string]func(net.Conn){
		"says nothing":        hold,
		"stops in the header": func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-")); hold(c) },
		"stops in the body":   func(c net.Conn) { _, _ = c.Write([]byte(okHead + "Content-Length: 9\r\n\r\n{")); hold(c) },
		"drips its header":    func(c net.Conn) { _, _ = c.Write([]byte(okHead)); untilGone(c, 10*time.Millisecond, "X: y\r\n") },
		"drips its body": func(c net.Conn) {
			_, _ = c.Write([]byte(okHead + "\r\n"))
			untilGone(c, 10*time.Millisecond, " ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client := connect(t, script(t, play), modern, soon)
			var failure *NoResponse
			within(t, soon, func() { failure = client.refused(t, t.Context(), call(t, "bind3PID")) })
			g.Expect(failure.TimedOut).To(BeTrue(), failure.Why)
			g.Expect(failure.Why).To(HavePrefix("no complete answer within "))
			g.Expect(failure.Exchange).To(Equal("p1-1"))
			g.Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
			g.Expect(client.Unresponsive("bind3PID")).To(Equal(1))
		})
	}
}

// Whether the limit of time or one of net/http comes first is of no interest.
func TestAServerThatSays100AgainAndAgain(t *testing.T) {
	client := connect(t, script(t, func(c net.Conn) { untilGone(c, time.Millisecond, "HTTP/1.1 100 Continue\r\n\r\n") }), modern, soon)
	within(t, soon, func() { client.refused(t, t.Context(), call(t, "bind3PID")) })
	NewWithT(t).Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
}

func TestServersThatBreakOff(t *testing.T) {
	for name, c := range map[string]struct {
		play func(net.Conn)
		says string
	}{
		"before the header":   {func(net.Conn) {}, "no answer: "},
		"within the header":   {func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-")) }, "no answer: "},
		"within the body":     {func(c net.Conn) { _, _ = c.Write([]byte(okHead + "Content-Length: 99\r\n\r\n{\"a\":")) }, "the body of the 200 answer broke off after 5 bytes"},
		"within a chunk":      {func(c net.Conn) { _, _ = c.Write([]byte(okHead + "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"a\"")) }, "the body of the 200 answer broke off after 4 bytes"},
		"by a bad chunk":      {func(c net.Conn) { _, _ = c.Write([]byte(okHead + "Transfer-Encoding: chunked\r\n\r\nzz\r\n")) }, "the body of the 200 answer broke off after 0 bytes"},
		"with another tongue": {func(c net.Conn) { _, _ = c.Write([]byte("220 mail.example ESMTP\r\n")) }, "no answer: "},
		"with endless headers": {func(c net.Conn) {
			_, _ = c.Write([]byte(okHead))
			untilGone(c, 0, strings.Repeat("X: y\r\n", 100))
		}, "header"},
		"with a header beyond the limit": {func(c net.Conn) {
			_, _ = c.Write([]byte(okHead + "Content-Length: 2\r\nX: " + strings.Repeat("y", 2*maxHeaders) + "\r\n\r\n{}"))
		}, "header"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			client := connect(t, script(t, c.play), modern, enough)
			failure := client.refused(t, t.Context(), call(t, "bind3PID"))
			g.Expect(failure.TimedOut).To(BeFalse(), failure.Why)
			g.Expect(failure.Why).To(ContainSubstring(c.says))
			g.Expect(brief(client.recorder.Findings())).To(Equal([]string{"gen-001-json-object-body"}))
			g.Expect(client.recorder.Findings()[0].Message).To(ContainSubstring(failure.Why))
			g.Expect(client.Unresponsive("bind3PID")).To(BeZero())
			g.Expect(client.lines(t)[0].Error).To(Equal(failure.Why))
		})
	}
}

func TestNobodyListens(t *testing.T) {
	g := NewWithT(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	client := connect(t, "http://"+listener.Addr().String(), modern, enough)
	failure := client.refused(t, t.Context(), call(t, "bind3PID"))
	g.Expect(failure).To(MatchError(And(HavePrefix("no answer: "), ContainSubstring("connection refused"))))
	g.Expect(failure.TimedOut).To(BeFalse())
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
	var failure *NoResponse
	within(t, 0, func() { failure = client.refused(t, ctx, call(t, "bind3PID")) })
	g.Expect(failure.TimedOut).To(BeFalse())
	g.Expect(client.Unresponsive("bind3PID")).To(BeZero())
	g.Expect(client.recorder.Findings()).To(BeEmpty(), "it is not held against the server")
}
