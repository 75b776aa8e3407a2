package exchange

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

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
