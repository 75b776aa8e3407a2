package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/masking"
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
		request             Request
		contentType, bearer any // nil for no such header
		body                string
	}{
		"JSON":              {post(Request{Body: map[string]any{"sid": "1"}, Token: "tok"}), "application/json", "Bearer tok", `{"sid":"1"}`},
		"no body":           {post(Request{}), nil, nil, ""},
		"raw bytes":         {post(Request{Raw: []byte("{\xff"), Body: 1}), "application/json", nil, "{\xff"},
		"empty raw body":    {post(Request{Raw: []byte{}}), "application/json", nil, ""},
		"other header":      {post(Request{Raw: []byte("x"), Header: http.Header{"Content-Type": {"text/plain"}}}), "text/plain", nil, "x"},
		"header taken away": {post(Request{Raw: []byte("x"), Token: "tok", Header: http.Header{"content-type": nil, "authorization": {}}}), nil, nil, "x"},
		"other credentials": {post(Request{Token: "tok", Header: http.Header{"Authorization": {"Basic x"}}}), nil, "Basic x", ""},
	} {
		g := NewWithT(t)
		header, body := sent(t, c.request)
		value := func(name string) any {
			if len(header[name]) == 0 {
				return nil
			}
			return header[name][0]
		}
		if c.contentType == nil {
			g.Expect(value("Content-Type")).To(BeNil(), name)
		} else {
			g.Expect(value("Content-Type")).To(Equal(c.contentType), name)
		}
		if c.bearer == nil {
			g.Expect(value("Authorization")).To(BeNil(), name)
		} else {
			g.Expect(value("Authorization")).To(Equal(c.bearer), name)
		}
		g.Expect(body).To(Equal(c.body), name)
	}
}

func TestAnAnswerKeepsWhatWasSentAndWhatCame(t *testing.T) {
	g := NewWithT(t)
	base := serve(t, canned{status: 403, header: http.Header{"X-Trace": {"17"}}, body: `{"errcode":"M_FORBIDDEN","error":"no","n":12345678901234567890}`})
	w := connect(t, base, modern, enough)
	r := call(t, "bind3PID")
	r.Body = map[string]any{"sid": "1"}
	a := w.answer(t, r)
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
	g.Expect(w.recorder.Last()).To(BeIdenticalTo(a))
}

func TestReadingAnAnswer(t *testing.T) {
	read := func(status int, body string) *Response {
		a := &Response{Status: status, Body: []byte(body)}
		a.decode()
		return a
	}
	for name, c := range map[string]struct {
		a                        *Response
		ok, challenge, stdErr    bool
		errcode, kindOfMalformed string
	}{
		"success":                {a: read(200, `{}`), ok: true},
		"created":                {a: read(201, `{}`), ok: true},
		"redirect":               {a: read(302, `{}`)},
		"error":                  {a: read(400, `{"errcode":"M_X","error":""}`), stdErr: true, errcode: "M_X"},
		"server error":           {a: read(500, `{"errcode":"M_X","error":"x"}`), stdErr: true, errcode: "M_X"},
		"error with a 200":       {a: read(200, `{"errcode":"M_X","error":"x"}`), ok: true, errcode: "M_X"},
		"error without text":     {a: read(400, `{"errcode":"M_X"}`), errcode: "M_X"},
		"error without code":     {a: read(400, `{"error":"x"}`)},
		"numeric code":           {a: read(400, `{"errcode":7,"error":"x"}`)},
		"challenge":              {a: read(401, `{"flows":[]}`), challenge: true},
		"challenge after a fail": {a: read(401, `{"flows":[],"errcode":"M_X","error":"x"}`), challenge: true, stdErr: true, errcode: "M_X"},
		"flows with a 403":       {a: read(403, `{"flows":[]}`)},
		"401 for the token":      {a: read(401, `{"errcode":"M_X","error":"x"}`), stdErr: true, errcode: "M_X"},
		"null":                   {a: read(401, `null`), kindOfMalformed: "null"},
		"boolean":                {a: read(401, `true`), kindOfMalformed: "boolean"},
		"number":                 {a: read(401, `1`), kindOfMalformed: "number"},
		"string":                 {a: read(401, `"x"`), kindOfMalformed: "string"},
		"array":                  {a: read(401, `[]`), kindOfMalformed: "array"},
		"nothing":                {a: read(401, ``), kindOfMalformed: "empty body"},
	} {
		g := NewWithT(t)
		g.Expect(c.a.OK()).To(Equal(c.ok), name)
		g.Expect(c.a.IsChallenge()).To(Equal(c.challenge), name)
		g.Expect(c.a.IsStandardError()).To(Equal(c.stdErr), name)
		g.Expect(c.a.Errcode()).To(Equal(c.errcode), name)
		if c.kindOfMalformed == "" {
			g.Expect(c.a.Malformed).NotTo(HaveOccurred(), name)
			continue
		}
		g.Expect(c.a.JSON).To(BeNil(), name)
		g.Expect(c.a.Malformed).To(MatchError(ContainSubstring(c.kindOfMalformed)), name)
	}
	NewWithT(t).Expect((*Response)(nil).String()).To(Equal("no answer"))
}

func TestRequestsThatCannotBeBuiltAreNotRecorded(t *testing.T) {
	for name, r := range map[string]Request{
		"a body that is no JSON": {Method: http.MethodPost, Path: "/x", Body: func() {}},
		"a method that is none":  {Method: "GE T", Path: "/x"},
		"a URL that is none":     {Method: http.MethodGet, Path: "/%zz"},
	} {
		g := NewWithT(t)
		w := connect(t, "http://127.0.0.1", modern, enough)
		w.refused(t, t.Context(), r)
		g.Expect(w.recorder.Seen()).To(BeEmpty(), name)
		g.Expect(w.lines(t)).To(BeEmpty(), name)
	}
}

func TestABodyThatFailsToComeIsNoAnswerButAResponse(t *testing.T) {
	g := NewWithT(t)
	c := NewClient("http://hs.test", modern, NewRecorder(nil, masking.New(""), ""), enough)
	c.transport = transport(func(r *http.Request) (*http.Response, error) {
		body := io.MultiReader(bytes.NewReader([]byte("{}")), broken{})
		return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(body), Request: r}, nil
	})
	_, err := c.Do(t.Context(), call(t, "bind3PID"))
	g.Expect(err).To(MatchError("no answer: the body of the 200 answer broke off after 2 bytes: the line is dead"))
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line is dead") }
