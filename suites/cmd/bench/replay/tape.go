// Package replay records the requests of a run and sends them once more: the same
// ones in the same order, over as many connections, and nothing around them. The
// time that takes is what the homeserver and the sidecars take; the rest of a run
// is the suite's own.
//
// A tape holds secrets, so it stays in memory and cannot be written anywhere.
package replay

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// A Tape is what the clients of a run sent and were answered, and the waits
// between.
type Tape struct {
	// Spec names the spec that is running.
	Spec func() string

	mu      sync.Mutex
	clients []client
	steps   []*step
}

// A client is what carried some of the requests.
type client struct {
	name      string
	transport *http.Transport // with the original's settings and no connection yet
}

// A step is one request with its answer, or a wait. What is the request's own stays
// with it until the run is over, for the time that a copy takes would look like the
// suite's: nobody changes a request that is sent.
type step struct {
	spec   string
	client int
	method string
	url    *url.URL
	host   string
	header http.Header
	body   func() (io.ReadCloser, error) // nil without a body

	status   int // 0 when no whole answer came
	answered http.Header
	answer   []byte

	wait         time.Duration // not 0: no request
	began, ended time.Time
}

// Wrap puts the tape behind a client of that name.
func (t *Tape) Wrap(name string, next http.RoundTripper) http.RoundTripper {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.clients = append(t.clients, client{name: name, transport: next.(*http.Transport).Clone()})
	return &tap{tape: t, client: len(t.clients) - 1, next: next}
}

// Waited notes a wait that is over.
func (t *Tape) Waited(began time.Time, lasted time.Duration) {
	t.add(&step{wait: lasted, began: began, ended: began.Add(lasted)})
}

// A Held request is one that was answered late, or not at all.
type Held struct {
	Spec    string
	Request string // method and path
	Lasted  time.Duration
}

// Longer are the requests that lasted at least as long as that, as they were sent.
func (t *Tape) Longer(least time.Duration) []Held {
	t.mu.Lock()
	defer t.mu.Unlock()
	var held []Held
	for _, s := range t.steps {
		if lasted := s.ended.Sub(s.began); s.wait == 0 && lasted >= least {
			held = append(held, Held{Spec: s.spec, Request: s.describe(), Lasted: lasted})
		}
	}
	return held
}

func (t *Tape) add(s *step) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.steps = append(t.steps, s)
}

// text is the body of the request.
func (s *step) text() string {
	if s.body == nil {
		return ""
	}
	body, err := s.body()
	if err != nil {
		panic(err) // it is in memory
	}
	defer body.Close()
	text, err := io.ReadAll(body)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// A tap notes what one client sends and is answered.
type tap struct {
	tape   *Tape
	client int
	next   http.RoundTripper
}

func (t *tap) RoundTrip(req *http.Request) (*http.Response, error) {
	s := &step{spec: t.tape.Spec(), client: t.client, method: req.Method, url: req.URL, host: req.Host, header: req.Header, body: req.GetBody}
	s.began = time.Now()
	t.tape.add(s)
	resp, err := t.next.RoundTrip(req)
	if err != nil {
		s.ended = time.Now()
		return nil, err
	}
	noted := &body{ReadCloser: resp.Body, step: s, resp: resp}
	if 0 < resp.ContentLength && resp.ContentLength < 1<<16 {
		noted.text.Grow(int(resp.ContentLength))
	}
	resp.Body = noted
	return resp, nil
}

// A body notes an answer while it is read.
type body struct {
	io.ReadCloser
	step *step
	resp *http.Response
	text bytes.Buffer
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.text.Write(p[:n])
	if errors.Is(err, io.EOF) {
		b.finish(b.resp.StatusCode)
	} else if err != nil {
		b.finish(0)
	}
	return n, err
}

func (b *body) Close() error {
	b.finish(b.resp.StatusCode) // left before its end on purpose
	return b.ReadCloser.Close()
}

func (b *body) finish(status int) {
	if b.step.ended.IsZero() {
		b.step.status, b.step.answered, b.step.answer = status, b.resp.Header, b.text.Bytes()
		b.step.ended = time.Now()
	}
}
