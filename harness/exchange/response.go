package exchange

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"threepid-conformance/schemas"
)

// A Response is a homeserver's response together with the request it belongs to.
type Response struct {
	ID        string // in exchanges.jsonl; "" when nothing records
	Operation string // operationId, "" for requests outside the eight operations
	Method    string
	URL       string
	Sent      []byte // request body, nil when there was none

	Status    int
	Proto     string // HTTP/1.1, HTTP/2.0
	Header    http.Header
	Body      []byte
	Oversized bool // the body was longer than we read
	Took      time.Duration

	// JSON is the body as an object; nil when it is not exactly one JSON object.
	// Numbers are json.Number.
	JSON map[string]any
	// Malformed says why JSON is nil.
	Malformed error

	headers http.Header // of the request
	started time.Time
	record  *Record // the exchange as a reader may see it; nil when nothing records
}

func (a *Response) decode() {
	value, err := schemas.Decode(a.Body)
	if err != nil {
		a.Malformed = err
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		a.Malformed = fmt.Errorf("the body is a JSON %s, not an object", kindOf(value))
		return
	}
	a.JSON = object
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

// OK reports whether the status is 2xx.
func (a *Response) OK() bool { return a.Status >= 200 && a.Status < 300 }

// Text returns the string under key, or "" when there is none.
func (a *Response) Text(key string) string {
	s, _ := a.JSON[key].(string)
	return s
}

// Errcode returns the Matrix error code, or "" when there is none.
func (a *Response) Errcode() string { return a.Text("errcode") }

// IsChallenge reports whether this is a User-Interactive Authentication
// challenge: a 401 that offers flows.
func (a *Response) IsChallenge() bool {
	_, offers := a.JSON["flows"]
	return a.Status == http.StatusUnauthorized && offers
}

// IsStandardError reports whether this is a 4xx or 5xx answer with errcode and
// error, as every refusal outside User-Interactive Authentication has to be.
func (a *Response) IsStandardError() bool {
	_, message := a.JSON["error"].(string)
	return a.Status >= 400 && a.Errcode() != "" && message
}

// String shows request and answer, without secrets, for a failure message.
func (a *Response) String() string {
	switch {
	case a == nil:
		return "no answer"
	case a.record == nil:
		return ""
	}
	return a.record.String()
}

// contentType is the media type without parameters, in lower case.
func contentType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
