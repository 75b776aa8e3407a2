package faults

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/listen"
	"threepid-conformance/mockidserver/internal/response"
)

// Request is a request that meets a fault.
type Request struct {
	HTTP  *http.Request
	W     http.ResponseWriter
	Conn  *listen.Conn
	Scope context.Context // ends with the scope of the fault

	// CarryOut does what was asked and returns the honest response.
	CarryOut func() *response.Response
	// Note writes into the journal what is sent. It comes first: whoever has a
	// response finds the journal complete.
	Note func(*response.Response)
}

// Play responds to a request as a fault wants it.
func Play(f *control.Fault, r Request) {
	sent := &response.Response{Status: http.StatusOK, ContentType: response.JSONType, Body: []byte(`{"mock":"nothing was carried out"}`)}
	if f.Effect && f.Kind != control.FaultSlow {
		sent = r.CarryOut()
	}
	switch f.Kind {
	case control.FaultStatus, control.FaultSlow:
		if !r.pause(f.Delay) {
			r.reset()
		}
		if f.Kind == control.FaultSlow {
			sent = r.CarryOut()
		} else {
			sent = ofStatus(f)
		}
		r.Note(sent)
		sent.Write(r.W)
	case control.FaultMalformed:
		sent.Status, sent.Body = http.StatusOK, half(sent.Body)
		r.Note(sent)
		sent.Write(r.W)
	case control.FaultTruncated:
		r.Note(sent)
		r.writeHalf(sent) // net/http closes the connection when less was written than announced
	case control.FaultStalledBody:
		r.Note(sent)
		r.writeHalf(sent)
		r.pause(f.Delay)
		r.Conn.Reset()
		panic(http.ErrAbortHandler)
	case control.FaultStalled:
		r.pause(f.Delay)
		r.reset()
	case control.FaultReset:
		r.reset()
	case control.FaultClosed:
		r.Note(&response.Response{})
		r.Conn.Close()
		panic(http.ErrAbortHandler)
	}
}

// reset ends the connection without a response.
func (r Request) reset() {
	r.Note(&response.Response{})
	r.Conn.Reset()
	panic(http.ErrAbortHandler)
}

// writeHalf announces a response and sends its first half.
func (r Request) writeHalf(sent *response.Response) {
	r.W.Header().Set("Content-Length", strconv.Itoa(max(len(sent.Body), 2)))
	sent.WriteHead(r.W)
	_, _ = r.W.Write(half(sent.Body))
	_ = http.NewResponseController(r.W).Flush()
}

// half is the first half of a JSON text, which is never JSON.
func half(body []byte) []byte { return body[:max(1, len(body)/2)] }

// pause waits, and reports whether it was not disturbed: by the client that
// left, or by the end of the scope.
func (r Request) pause(d control.Duration) bool {
	if d == 0 {
		return true
	}
	over := time.NewTimer(time.Duration(d))
	defer over.Stop()
	select {
	case <-over.C:
		return true
	case <-r.HTTP.Context().Done():
	case <-r.Scope.Done():
	}
	return false
}

// ofStatus is what a status fault sends.
func ofStatus(f *control.Fault) *response.Response {
	if f.Body == nil {
		r := response.ErrorWith(f.Status, f.ErrCode, f.Error, f.Extra)
		r.Headers = f.Headers
		return r
	}
	r := &response.Response{Status: f.Status, ContentType: f.ContentType, Body: []byte(*f.Body), Headers: f.Headers}
	var object struct {
		ErrCode string `json:"errcode"`
	}
	if json.Unmarshal(r.Body, &object) == nil {
		r.ErrCode = object.ErrCode
	}
	return r
}
