// Package response has what an endpoint, or a fault in its place, sends.
package response

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
)

// Response is an HTTP response of the identity server.
type Response struct {
	Status      int
	ContentType string
	Headers     map[string]string
	Body        []byte
	ErrCode     string // of an error, for the journal
}

// JSONType is the content type of JSON.
const JSONType = "application/json"

// OK is a JSON response with status 200.
func OK(v any) *Response {
	body, err := json.Marshal(v)
	if err != nil {
		return Error(http.StatusInternalServerError, "M_UNKNOWN", "the response cannot be written: %v", err)
	}
	return &Response{Status: http.StatusOK, ContentType: JSONType, Body: body}
}

// Error is a Matrix error.
func Error(status int, errcode, format string, args ...any) *Response {
	return ErrorWith(status, errcode, fmt.Sprintf(format, args...), nil)
}

// ErrorWith is a Matrix error with extra keys.
func ErrorWith(status int, errcode, message string, extra map[string]any) *Response {
	object := map[string]any{}
	maps.Copy(object, extra)
	object["errcode"], object["error"] = errcode, message
	r := OK(object)
	if r.Status == http.StatusOK {
		r.Status, r.ErrCode = status, errcode
	}
	return r
}

// Page is a response for the eyes of a person.
func Page(status int, sentence string) *Response {
	return &Response{Status: status, ContentType: "text/html; charset=utf-8", Body: []byte("<!DOCTYPE html><title>Identity server</title><p>" + sentence + "\n")}
}

// WriteHead sends status and headers, those for browsers included.
func (r *Response) WriteHead(w http.ResponseWriter) {
	h := w.Header()
	// Spec: identity-service-api/#web-browser-clients.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept, Authorization")
	h.Set("Cache-Control", "no-store")
	if r.ContentType != "" {
		h.Set("Content-Type", r.ContentType)
	} else {
		h["Content-Type"] = nil // net/http would guess one
	}
	for name, value := range r.Headers {
		h.Set(name, value)
	}
	w.WriteHeader(r.Status)
}

// Write sends the response.
func (r *Response) Write(w http.ResponseWriter) {
	r.WriteHead(w)
	_, _ = w.Write(r.Body) // a client that has left is none of our business
}
