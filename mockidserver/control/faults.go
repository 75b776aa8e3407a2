package control

import (
	"encoding/json"
	"fmt"
	"time"
)

// FaultKind is the way in which a response goes wrong.
type FaultKind string

// Kinds of faults.
const (
	FaultStatus      FaultKind = "status"       // another status, as a Matrix error or with Body
	FaultMalformed   FaultKind = "malformed"    // 200, application/json, cut off in the middle
	FaultTruncated   FaultKind = "truncated"    // Content-Length promises more than is sent
	FaultSlow        FaultKind = "slow"         // the honest response, after Delay
	FaultStalled     FaultKind = "stalled"      // no response for Delay, then a reset
	FaultStalledBody FaultKind = "stalled-body" // headers and half the body, then as stalled
	FaultReset       FaultKind = "reset"        // the connection is reset
	FaultClosed      FaultKind = "closed"       // the connection is closed without a response
)

// DefaultStall is how long a stalled fault and a hanging listener hold on when
// no other time is given.
const DefaultStall = 3 * time.Second

// Fault makes requests of one scope go wrong, until it was played Times times,
// is cleared, or the scope closes. The zero values of Key, Endpoint and API
// match everything the scope receives.
type Fault struct {
	ID       string   `json:"id,omitempty"`  // set by the server
	Key      *Key     `json:"key,omitempty"` // only requests with this key; the scope owns it from then on
	Endpoint Endpoint `json:"endpoint,omitempty"`
	API      string   `json:"api,omitempty"`   // "v1" or "v2"
	Skip     int      `json:"skip,omitempty"`  // let that many matching requests pass first
	Times    int      `json:"times,omitempty"` // 0: always

	Kind FaultKind `json:"kind"`

	// Of FaultStatus. With Body the response is those bytes; without, it is the
	// Matrix error {errcode, error, …extra}.
	Status      int               `json:"status,omitempty"`
	ErrCode     string            `json:"errcode,omitempty"`
	Error       string            `json:"error,omitempty"`
	Extra       map[string]any    `json:"extra,omitempty"`
	Body        *string           `json:"body,omitempty"`
	ContentType string            `json:"content_type,omitempty"` // of Body; text/html by default
	Headers     map[string]string `json:"headers,omitempty"`      // further ones, say Location

	Delay Duration `json:"delay,omitempty"`

	// Effect says that the honest operation is carried out although its response
	// is replaced: the binding is made, and the homeserver does not learn it.
	// FaultSlow always carries it out.
	Effect bool `json:"effect,omitempty"`
}

// MatrixError is an error response with extra keys (nil for none).
func MatrixError(status int, errcode, message string, extra map[string]any) Fault {
	return Fault{Kind: FaultStatus, Status: status, ErrCode: errcode, Error: message, Extra: extra}
}

// RawAnswer is a response with any body and content type.
func RawAnswer(status int, contentType, body string) Fault {
	return Fault{Kind: FaultStatus, Status: status, ContentType: contentType, Body: &body}
}

// NonJSON is a response such as a proxy or a server without the endpoint gives.
func NonJSON(status int) Fault {
	return RawAnswer(status, "text/html; charset=utf-8", fmt.Sprintf("<html><body><h1>%d</h1></body></html>", status))
}

// MalformedJSON is a 200 whose JSON breaks off.
func MalformedJSON() Fault { return Fault{Kind: FaultMalformed} }

// Truncated sends half of what Content-Length promises.
func Truncated() Fault { return Fault{Kind: FaultTruncated} }

// Slow responds honestly, after a delay.
func Slow(delay time.Duration) Fault { return Fault{Kind: FaultSlow, Delay: Duration(delay)} }

// Stalled holds the request for [DefaultStall], then resets the connection.
func Stalled() Fault { return Fault{Kind: FaultStalled} }

// Reset resets the connection instead of answering.
func Reset() Fault { return Fault{Kind: FaultReset} }

// On narrows a fault to one endpoint.
func (f Fault) On(endpoint Endpoint) Fault {
	f.Endpoint = endpoint
	return f
}

// For narrows a fault to requests that carry a key.
func (f Fault) For(key Key) Fault {
	f.Key = &key
	return f
}

// Once plays a fault for one request only.
func (f Fault) Once() Fault {
	f.Times = 1
	return f
}

// WithEffect carries out what was asked and lies about it.
func (f Fault) WithEffect() Fault {
	f.Effect = true
	return f
}

// Duration is a time.Duration that is written "2s" in JSON.
type Duration time.Duration

// MarshalJSON writes the duration in Go's notation.
func (d Duration) MarshalJSON() ([]byte, error) {
	return json.Marshal(time.Duration(d).String())
}

// UnmarshalJSON reads Go's notation, such as "1.5s".
func (d *Duration) UnmarshalJSON(raw []byte) error {
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return fmt.Errorf("a duration is a string such as \"2s\": %w", err)
	}
	parsed, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	*d = Duration(parsed)
	return nil
}
