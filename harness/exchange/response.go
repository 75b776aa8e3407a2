package exchange

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"threepid-conformance/schemas"
)

// A Response is a homeserver's response together with the request it belongs to.
type Response struct {
	ID        string // in exchanges.jsonl; "" when nothing records
	Operation string // operationId, "" for other requests
	Method    string
	URL       string
	Sent      []byte // request body, nil when there was none

	Status    int
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

func (r *Response) decode() {
	value, err := schemas.Decode(r.Body)
	if err != nil {
		r.Malformed = err
		return
	}
	object, ok := value.(map[string]any)
	if !ok {
		r.Malformed = fmt.Errorf("the body is a JSON %s, not an object", kindOf(value))
		return
	}
	r.JSON = object
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
func (r *Response) OK() bool { return r.Status >= 200 && r.Status < 300 }

// Text returns the string under key, or "" when there is none.
func (r *Response) Text(key string) string {
	s, _ := r.JSON[key].(string)
	return s
}

// Errcode returns the Matrix error code, or "" when there is none.
func (r *Response) Errcode() string { return r.Text("errcode") }

// IsChallenge reports whether this is a User-Interactive Authentication
// challenge: a 401 that offers flows.
func (r *Response) IsChallenge() bool {
	_, offers := r.JSON["flows"]
	return r.Status == http.StatusUnauthorized && offers
}

// IsStandardError reports whether this is a 4xx or 5xx answer with errcode and
// error, as every refusal outside User-Interactive Authentication has to be.
func (r *Response) IsStandardError() bool {
	_, message := r.JSON["error"].(string)
	return r.Status >= 400 && r.Errcode() != "" && message
}

// String shows request and answer, without secrets, for a failure message.
func (r *Response) String() string {
	switch {
	case r == nil:
		return "no answer"
	case r.record == nil:
		return ""
	}
	return r.record.String()
}

// RetryAfter returns how long a 429 asks to wait, at least a tenth of a second.
func (r *Response) RetryAfter() time.Duration {
	wait := time.Duration(0)
	header := r.Header.Get("Retry-After")
	if millis, ok := number(r.JSON["retry_after_ms"]); ok {
		wait = time.Duration(min(millis, math.MaxInt32)) * time.Millisecond // no overflow
	} else if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = time.Until(date)
	}
	return max(wait, 100*time.Millisecond)
}

func number(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

// contentType is the media type without parameters, in lower case.
func contentType(h http.Header) string {
	kind, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(kind))
}
