package exchange

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"threepid-conformance/harness/verdict"
)

// The parties beside the suite as a client, for which Record.Party is "".
const (
	IdentityServer = "identity-server" // requests that reached one of ours
	SMS            = "sms"             // requests that reached the delegate, and what it sent
	Mail           = "mail"            // what arrived
)

// A Record is one exchange as it stands in exchanges.jsonl, without secrets. Of
// other parties it holds what came to them, by their own clock.
type Record struct {
	ID        string   `json:"id"`
	Party     string   `json:"party,omitempty"` // whose exchange it is
	Spec      string   `json:"spec,omitempty"`
	Operation string   `json:"operation,omitempty"`
	Started   string   `json:"started"`
	Millis    float64  `json:"ms"`
	Request   Message  `json:"request"`
	Response  *Message `json:"response,omitempty"`
	Error     string   `json:"error,omitempty"` // when there was no answer
	Notes     []string `json:"notes,omitempty"` // what it did at another party

	Findings []verdict.Finding `json:"findings,omitempty"`
}

// A Message is one half of an exchange.
type Message struct {
	Method    string              `json:"method,omitempty"`
	URL       string              `json:"url,omitempty"`
	Status    int                 `json:"status,omitempty"`
	Headers   map[string][]string `json:"headers,omitempty"`
	Body      string              `json:"body,omitempty"`
	Truncated bool                `json:"truncated,omitempty"`
}

// HeaderNames are the names of the headers, sorted.
func (m *Message) HeaderNames() []string {
	return slices.Sorted(maps.Keys(m.Headers))
}

// String shows the exchange in a few lines.
func (r Record) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "sent  %s %s", r.Request.Method, r.Request.URL)
	if r.Request.Body != "" {
		fmt.Fprintf(&b, "\n      %s", short(r.Request.Body))
	}
	switch {
	case r.Error != "":
		fmt.Fprintf(&b, "\ncame  %s", r.Error)
	case r.Response != nil:
		fmt.Fprintf(&b, "\ncame  %d %s in %.0f ms", r.Response.Status, http.StatusText(r.Response.Status), r.Millis)
		if r.Response.Body != "" {
			fmt.Fprintf(&b, "\n      %s", short(r.Response.Body))
		}
	}
	fmt.Fprintf(&b, "\n      (exchange %s in exchanges.jsonl)", r.ID)
	return b.String()
}

func short(s string) string {
	const limit = 600
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		return strings.ToValidUTF8(s[:limit], "") + " …"
	}
	return s
}
