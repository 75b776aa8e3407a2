package mockidserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
)

// maxFaults bounds the faults of one scope.
const maxFaults = 1000

// A fault of a scope, and how often it was asked for.
type fault struct {
	control.Fault
	seen   int
	played int
}

// check refuses a fault that could not be played, and fills in defaults.
func check(f control.Fault) (control.Fault, error) {
	switch f.Kind {
	case control.FaultStatus:
		if f.Status < 200 || f.Status > 599 {
			return f, fmt.Errorf("a status fault needs a status from 200 to 599, not %d", f.Status)
		}
		if f.Body == nil && f.ErrCode == "" {
			return f, errors.New("a status fault needs an errcode or a body (which may be empty)")
		}
		if f.Body != nil && f.ContentType == "" {
			f.ContentType = "text/html; charset=utf-8"
		}
	case control.FaultSlow:
		if f.Delay <= 0 {
			return f, errors.New("a slow fault needs a delay")
		}
		f.Effect = true
	case control.FaultStalled, control.FaultStalledBody:
		if f.Delay == 0 {
			f.Delay = control.Duration(control.DefaultStall)
		}
	case control.FaultMalformed, control.FaultTruncated, control.FaultReset, control.FaultClosed:
	default:
		return f, fmt.Errorf("there is no fault of kind %q", f.Kind)
	}
	if f.Delay < 0 || f.Skip < 0 || f.Times < 0 {
		return f, errors.New("delay, skip and times of a fault are not negative")
	}
	if f.API != "" && f.API != "v1" && f.API != "v2" {
		return f, fmt.Errorf("the api of a fault is v1 or v2, not %q", f.API)
	}
	return f, nil
}

// addFault installs a fault. Its key, if it has one, becomes the scope's.
func (r *scopes) addFault(s *scope, f control.Fault) (control.Fault, error) {
	f, err := check(f)
	if err != nil {
		return f, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return f, errNoScope
	}
	if len(s.faults) >= maxFaults {
		return f, fmt.Errorf("the scope has %d faults already", maxFaults)
	}
	if f.Key != nil {
		key := canonical(*f.Key)
		if err := r.ownLocked(s, []control.Key{key}); err != nil {
			return f, err
		}
		f.Key = &key
	}
	f.ID = "fault-" + store.Random()[:8]
	s.faults = append(s.faults, &fault{Fault: f})
	return f, nil
}

// clearFault removes a fault and reports whether there was one.
func (r *scopes) clearFault(s *scope, id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f.ID == id })
	return len(s.faults) < before
}

// play returns the first fault of a scope that matches a request, nil for none,
// and counts it.
func (r *scopes) play(s *scope, name control.Endpoint, api string, keys control.Keys) *control.Fault {
	if s == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if s.closed {
		return nil
	}
	for _, f := range s.faults {
		if f.Endpoint != "" && f.Endpoint != name || f.API != "" && f.API != api || f.Key != nil && !keys.Has(*f.Key) {
			continue
		}
		if f.Times > 0 && f.played >= f.Times {
			continue
		}
		if f.seen++; f.seen <= f.Skip {
			continue
		}
		f.played++
		played := f.Fault
		return &played
	}
	return nil
}

// sabotage answers a request as a fault wants it.
func (x *exchange) sabotage(f *control.Fault) {
	// The entry shows the fault while it lasts, not only afterwards.
	x.record.Update(func(e *control.Entry) {
		now := *e.Request
		now.Fault = f.ID
		e.Request = &now
	})
	honest := answer{status: http.StatusOK, contentType: jsonType, body: []byte(`{"mock":"nothing was carried out"}`)}
	if f.Effect && f.Kind != control.FaultSlow {
		honest = x.carryOut()
	}
	switch f.Kind {
	case control.FaultStatus:
		if !x.pause(f.Delay) {
			x.abort(f)
			return
		}
		x.sendFor(f, statusAnswer(f))
	case control.FaultSlow:
		if !x.pause(f.Delay) {
			x.abort(f)
			return
		}
		x.sendFor(f, x.carryOut())
	case control.FaultMalformed:
		honest.status, honest.body = http.StatusOK, half(honest.body)
		x.sendFor(f, honest)
	case control.FaultTruncated:
		x.note(honest, f.ID)
		x.writeHalf(honest) // net/http closes the connection when less was written than announced
	case control.FaultStalledBody:
		x.note(honest, f.ID)
		x.writeHalf(honest)
		x.pause(f.Delay)
		x.conn.Reset()
		panic(http.ErrAbortHandler)
	case control.FaultStalled:
		x.pause(f.Delay)
		x.abort(f)
	case control.FaultReset:
		x.abort(f)
	case control.FaultClosed:
		x.note(answer{}, f.ID)
		x.conn.Close()
		panic(http.ErrAbortHandler)
	}
}

// sendFor is send, with the fault noted.
func (x *exchange) sendFor(f *control.Fault, a answer) {
	x.note(a, f.ID)
	x.transmit(a)
}

// abort resets the connection without an answer.
func (x *exchange) abort(f *control.Fault) {
	x.note(answer{}, f.ID)
	x.conn.Reset()
	panic(http.ErrAbortHandler)
}

// writeHalf announces an answer and sends its first half.
func (x *exchange) writeHalf(a answer) {
	x.w.Header().Set("Content-Length", strconv.Itoa(max(len(a.body), 2)))
	a.writeHead(x.w)
	_, _ = x.w.Write(half(a.body))
	_ = http.NewResponseController(x.w).Flush()
}

// half is the first half of a JSON text, which is never JSON.
func half(body []byte) []byte { return body[:max(1, len(body)/2)] }

// pause waits, and reports whether it was not disturbed: by the client that
// left, by the end of the scope or of the server.
func (x *exchange) pause(d control.Duration) bool {
	if d == 0 {
		return true
	}
	ctx, cancel := context.WithTimeoutCause(x.r.Context(), time.Duration(d), errPauseOver)
	defer cancel()
	select {
	case <-ctx.Done():
		return context.Cause(ctx) == errPauseOver
	case <-x.scope.ctx.Done():
	case <-x.stopped:
	}
	return false
}

var errPauseOver = errors.New("the pause is over")

// statusAnswer is what a status fault sends.
func statusAnswer(f *control.Fault) answer {
	if f.Body != nil {
		a := answer{status: f.Status, contentType: f.ContentType, body: []byte(*f.Body), headers: f.Headers}
		var object struct {
			ErrCode string `json:"errcode"`
		}
		if json.Unmarshal(a.body, &object) == nil {
			a.errcode = object.ErrCode
		}
		return a
	}
	a := failureWith(f.Status, f.ErrCode, f.Error, f.Extra)
	a.headers = f.Headers
	return a
}
