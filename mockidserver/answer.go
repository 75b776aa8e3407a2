package mockidserver

import (
	"encoding/json"
	"fmt"
	"net/http"
)

// An answer is what an endpoint, or a fault in its place, wants to be sent.
type answer struct {
	status      int
	contentType string
	headers     map[string]string
	body        []byte
	errcode     string // of an error, for the journal
}

const jsonType = "application/json"

// reply is a JSON answer with status 200.
func reply(v any) answer {
	body, err := json.Marshal(v)
	if err != nil {
		return failure(http.StatusInternalServerError, "M_UNKNOWN", "the answer cannot be written: %v", err)
	}
	return answer{status: http.StatusOK, contentType: jsonType, body: body}
}

// failure is a Matrix error.
func failure(status int, errcode, format string, args ...any) answer {
	return failureWith(status, errcode, fmt.Sprintf(format, args...), nil)
}

// failureWith is a Matrix error with extra keys.
func failureWith(status int, errcode, message string, extra map[string]any) answer {
	object := map[string]any{}
	for key, value := range extra {
		object[key] = value
	}
	object["errcode"], object["error"] = errcode, message
	a := reply(object)
	if a.status == http.StatusOK {
		a.status, a.errcode = status, errcode
	}
	return a
}

// page is an answer for the eyes of a person.
func page(status int, sentence string) answer {
	return answer{status: status, contentType: "text/html; charset=utf-8", body: []byte("<!DOCTYPE html><title>Identity server</title><p>" + sentence + "\n")}
}

// writeHead sends status and headers, those for browsers included.
func (a answer) writeHead(w http.ResponseWriter) {
	h := w.Header()
	// Spec: identity-service-api/#web-browser-clients.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE, OPTIONS")
	h.Set("Access-Control-Allow-Headers", "Origin, X-Requested-With, Content-Type, Accept, Authorization")
	h.Set("Cache-Control", "no-store")
	if a.contentType != "" {
		h.Set("Content-Type", a.contentType)
	} else {
		h["Content-Type"] = nil // net/http would guess one
	}
	for name, value := range a.headers {
		h.Set(name, value)
	}
	w.WriteHeader(a.status)
}
