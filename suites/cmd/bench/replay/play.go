package replay

import (
	"bytes"
	"context"
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
	arrival = 10 * time.Second
)

// A Result says how a replay went.
type Result struct {
	Requests int
	Same     int            // answered with the status of the original, or as little
	Repeated int            // requests sent again until what they look for had come
	Differ   map[string]int // by method, path and statuses: "GET /x 200 404"
	Wall     time.Duration
	Waits    time.Duration // of Wall
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
}

// perform sends a request, or waits. Where the original found what had arrived
// meanwhile, it asks until that has arrived here, too.
func (s *Script) perform(ctx context.Context, a *act) outcome {
	if a.wait != 0 {
		time.Sleep(a.wait) // the requirement asks for it
		return outcome{}
	}
	looking := a.method == http.MethodGet && a.status == http.StatusOK && !strings.HasPrefix(s.clients[a.client].name, "homeserver")
	until := time.Now().Add(arrival)
	for o := (outcome{}); ; o.repeated++ {
		status, there := s.send(ctx, a)
		o.status = status
		if !looking || there && status == a.status || time.Now().After(until) || ctx.Err() != nil {
			return o
		}
		time.Sleep(time.Millisecond)
	}
}

// send sends a request once and takes from the answer what later ones need. It
// reports whether all of that was there.
func (s *Script) send(ctx context.Context, a *act) (status int, complete bool) {
	limit := patience
	if a.status == 0 {
		limit = a.ended.Sub(a.began)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var body io.Reader
	if a.step.body != nil {
		body = strings.NewReader(a.body.text())
	}
	req, err := http.NewRequestWithContext(ctx, a.method, a.url.text(), body)
	if err != nil {
		return 0, false
	}
	if req.URL.Host != a.host && !strings.Contains(a.step.url, "//"+a.host) {
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
	resp, err := s.clients[a.client].transport.RoundTrip(req)
	if err != nil {
		return 0, false
	}
	defer resp.Body.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(resp.Body); err != nil {
		return 0, false
	}
	return resp.StatusCode, a.take(resp.Header, text.Bytes())
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
