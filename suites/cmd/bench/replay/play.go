package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// patience limits one request that was answered in the original.
	patience = 30 * time.Second
	// arrival limits how long a mail or a journal entry is asked for again.
	arrival = 5 * time.Second
	// limited is how often a request is sent again that came too soon.
	limited = 5
)

// A Result says how a replay went.
type Result struct {
	Requests int
	Same     int            // answered with the status of the original, or as little
	Repeated int            // requests sent again until what they look for had come
	Limited  int            // requests sent again after a wait, as a rate limit met only the replay
	Differ   map[string]int // by method, path and statuses: "GET /x 200 404"
	Wall     time.Duration
	Waits    time.Duration // of Wall: those of the original, and for rate limits
}

// Play sends the requests of a script and waits where the original did.
func (s *Script) Play(ctx context.Context) Result {
	outcomes := make([]outcome, len(s.acts))
	done := make([]chan struct{}, len(s.acts))
	began := time.Now()
	for n, e := range s.events {
		switch {
		case e.ends:
			if done[e.act] != nil {
				<-done[e.act]
			}
		case n+1 < len(s.events) && s.events[n+1].act == e.act: // nothing overlaps
			outcomes[e.act] = s.perform(ctx, &s.acts[e.act])
		default:
			finished := make(chan struct{})
			done[e.act] = finished
			go func() {
				defer close(finished)
				outcomes[e.act] = s.perform(ctx, &s.acts[e.act])
			}()
		}
	}
	result := Result{Wall: time.Since(began), Differ: map[string]int{}}
	for _, c := range s.clients {
		c.transport.CloseIdleConnections()
	}
	for i := range s.acts {
		result.count(&s.acts[i], outcomes[i])
	}
	return result
}

func (r *Result) count(a *act, o outcome) {
	if a.wait != 0 {
		r.Waits += a.wait
		return
	}
	r.Requests++
	r.Repeated += o.repeated
	r.Limited += o.limited
	r.Waits += o.waited
	if o.status == a.status {
		r.Same++
		return
	}
	r.Differ[fmt.Sprintf("%s %d, now %d", a.describe(), a.status, o.status)]++
}

// An outcome is what came of an act.
type outcome struct {
	status   int
	repeated int
	limited  int
	waited   time.Duration
}

// perform sends a request, or waits. Where the original found what had arrived
// meanwhile, it asks until that has arrived here, too; and where it comes too soon
// for a rate limit that the original did not meet, it waits as it is told.
func (s *Script) perform(ctx context.Context, a *act) outcome {
	var o outcome
	if a.wait != 0 {
		time.Sleep(a.wait) // the requirement asks for it
		return o
	}
	looking := a.method == http.MethodGet && a.status == http.StatusOK && !strings.HasPrefix(s.clients[a.client].name, "homeserver")
	until := time.Now().Add(arrival)
	for {
		r := s.send(ctx, a)
		o.status = r.status
		switch {
		case r.status == http.StatusTooManyRequests && a.status != r.status && o.limited < limited:
			o.limited++
			o.waited += r.after
			time.Sleep(r.after)
		case looking && !(r.complete && r.status == a.status) && time.Now().Before(until):
			o.repeated++
			time.Sleep(time.Millisecond)
		default:
			return o
		}
	}
}

// A reply is what came back for a request.
type reply struct {
	status   int
	complete bool          // all that later requests need was there
	after    time.Duration // of a 429: when to come again
}

// send sends a request once and takes from the answer what later ones need.
func (s *Script) send(ctx context.Context, a *act) reply {
	limit := patience
	if a.status == 0 {
		limit = a.ended.Sub(a.began)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := a.request(ctx)
	if err != nil {
		return reply{}
	}
	resp, err := s.clients[a.client].transport.RoundTrip(req)
	if err != nil {
		return reply{}
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		return reply{}
	}
	r := reply{status: resp.StatusCode, complete: a.take(resp.Header, text.Bytes())}
	if r.status == http.StatusTooManyRequests {
		var told struct {
			After int `json:"retry_after_ms"`
		}
		_ = json.Unmarshal(text.Bytes(), &told) // one that does not say is asked again at once
		r.after = time.Duration(min(told.After, 2000)) * time.Millisecond
	}
	return r
}

// request is the act's request with the values of this deployment.
func (a *act) request(ctx context.Context) (*http.Request, error) {
	var body io.Reader
	if a.step.body != nil {
		body = strings.NewReader(a.body.text())
	}
	req, err := http.NewRequestWithContext(ctx, a.method, a.url.text(), body)
	if err != nil {
		return nil, err
	}
	if a.step.url.Host != a.host {
		req.Host = a.host // one that the suite chose
	}
	req.Header = a.header
	if len(a.headers) > 0 {
		req.Header = a.header.Clone()
		for name, values := range a.headers {
			for i, v := range values {
				req.Header[name][i] = v.text()
			}
		}
	}
	return req, nil
}

// take reads the values that later acts need.
func (a *act) take(header http.Header, body []byte) bool {
	if len(a.hands) == 0 {
		return true
	}
	complete := true
	from := newAnswer(header, body)
	for _, v := range a.hands {
		if text, ok := from.at(v.place); ok {
			v.now = text
		} else {
			complete = false
		}
	}
	return complete
}
