package exchange

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/masking"
)

// An inMemory homeserver has no network, so that the clock can be a fake one: it
// gives its responses in turn, then the last one for ever.
type inMemory struct {
	responses []canned
	asked     int
}

func (h *inMemory) RoundTrip(r *http.Request) (*http.Response, error) {
	c := h.responses[min(h.asked, len(h.responses)-1)]
	h.asked++
	if c.status == 0 {
		return nil, errors.New("the cable is cut")
	}
	return &http.Response{
		StatusCode: c.status, Proto: "HTTP/1.1", Header: c.header,
		Body: io.NopCloser(strings.NewReader(c.body)), Request: r,
	}, nil
}

func limited(body string, header ...string) canned {
	c := canned{status: 429, body: body, header: http.Header{}}
	for _, h := range header {
		c.header.Set("Retry-After", h)
	}
	return c
}

var granted = canned{status: 200, body: `{}`}

// patiently sends one request to answers and says how long that took.
func patiently(ctx context.Context, responses ...canned) (a *Response, asked int, took time.Duration, err error) {
	h := &inMemory{responses: responses}
	c := NewClient("http://hs.test", modern, NewRecorder(nil, masking.New(""), ""), enough)
	c.transport.carrier = h
	started := time.Now()
	a, err = c.DoPatiently(ctx, Request{Method: http.MethodPost, Path: "/_matrix/client/v3/register", Raw: []byte(`{}`)})
	return a, h.asked, time.Since(started), err
}

func TestPatienceWaitsAsLongAsTheServerAsks(t *testing.T) {
	const ms = time.Millisecond
	for _, c := range []struct {
		name      string
		responses []canned
		status    int
		asked     int
		took      time.Duration
	}{
		{"not limited", []canned{granted}, 200, 1, 0},
		{"another refusal", []canned{{status: 403, body: `{"retry_after_ms":1}`}}, 403, 1, 0},
		{"milliseconds", []canned{limited(`{"retry_after_ms":1500}`), granted}, 200, 2, 1500 * ms},
		{"seconds", []canned{limited(`{}`, "3"), granted}, 200, 2, 3000 * ms},
		{"both: the finer one", []canned{limited(`{"retry_after_ms":1500}`, "2"), granted}, 200, 2, 1500 * ms},
		{"no hint", []canned{limited(`{}`), granted}, 200, 2, 100 * ms},
		{"no JSON", []canned{limited(`<html>`, "1"), granted}, 200, 2, 1000 * ms},
		{"zero", []canned{limited(`{"retry_after_ms":0}`), granted}, 200, 2, 100 * ms},
		{"negative", []canned{limited(`{"retry_after_ms":-5000}`), granted}, 200, 2, 100 * ms},
		{"fraction, which is no hint", []canned{limited(`{"retry_after_ms":0.5}`, "2"), granted}, 200, 2, 2000 * ms},
		{"twice", []canned{limited(`{"retry_after_ms":1000}`), limited(`{"retry_after_ms":2000}`), granted}, 200, 3, 3000 * ms},
		{"a date", []canned{limited(`{}`, "Sat, 01 Jan 2000 00:00:05 GMT"), granted}, 200, 2, 5000 * ms}, // the fake clock starts at midnight
		{"far too long", []canned{limited(`{"retry_after_ms":10000000000000}`), granted}, 429, 1, 0},
		{"too long", []canned{limited(`{"retry_after_ms":30001}`), granted}, 429, 1, 0},
		{"too many seconds", []canned{limited(`{}`, "1800"), granted}, 429, 1, 0},
		{"too long together", []canned{limited(`{"retry_after_ms":20000}`)}, 429, 2, 20000 * ms},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				a, asked, took, err := patiently(t.Context(), c.responses...)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(a.Status).To(Equal(c.status))
				g.Expect(asked).To(Equal(c.asked))
				g.Expect(took).To(Equal(c.took))
			})
		})
	}
}

func TestPatienceEndsWithTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		a, asked, took, err := patiently(ctx, limited(`{"retry_after_ms":10000}`), granted)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(a.Status).To(Equal(429), "the refusal is what is known")
		g.Expect(asked).To(Equal(1))
		g.Expect(took).To(Equal(time.Second))
	})
}

func TestPatienceDoesNotRepeatWhatWasNotAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		a, asked, _, err := patiently(t.Context(), canned{})
		g.Expect(a).To(BeNil())
		g.Expect(err).To(MatchError("no answer: the cable is cut"))
		g.Expect(asked).To(Equal(1))
	})
}

// The deadline of a request, to the millisecond.
func TestTheDeadlineLimitsOneRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		c := NewClient("http://hs.test", modern, NewRecorder(nil, masking.New(""), ""), 7*time.Second)
		c.transport.carrier = carrier(func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})
		started := time.Now()
		_, err := c.Do(t.Context(), call(t, "bind3PID"))
		g.Expect(time.Since(started)).To(Equal(7 * time.Second))
		g.Expect(err).To(MatchError("no complete answer within 7s"))
	})
}

type carrier func(*http.Request) (*http.Response, error)

func (f carrier) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestImpatienceReturnsTheRefusal(t *testing.T) {
	g := NewWithT(t)
	var told []int
	ctx := Impatient(t.Context(), func(a *Response) { told = append(told, a.Status) })
	a, asked, _, err := patiently(ctx, limited(`{"retry_after_ms":10}`), granted)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(a.Status).To(Equal(429))
	g.Expect(asked).To(Equal(1))
	g.Expect(told).To(Equal([]int{429}))
}
