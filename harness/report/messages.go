package report

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"threepid-conformance/harness/exchange"
)

// What of a body is shown, in characters; exchanges.jsonl holds the rest.
const (
	shownOfJSON  = 2000
	shownOfOther = 500 // mails, mostly
	shownOfPages = 60  // HTML pages: their heads are all the same
)

// usual are the headers, with their values, that most responses of a run had. They
// are shown once, and each response shows where it differs.
type usual map[string]string

// incidental headers differ from response to response and say nothing about it.
var incidental = map[string]bool{"Date": true, "Content-Length": true}

// usualOf finds the headers of at least three responses in five of the homeserver.
func usualOf(records []exchange.Record) usual {
	type header struct{ name, value string }
	responses := 0
	counts := map[header]int{}
	for _, r := range records {
		if r.Party != "" || r.Response == nil {
			continue
		}
		responses++
		for name, values := range r.Response.Headers {
			if !incidental[name] {
				counts[header{name, strings.Join(values, ", ")}]++
			}
		}
	}
	found := usual{}
	for h, n := range counts {
		if n*5 >= responses*3 {
			found[h.name] = h.value
		}
	}
	return found
}

// lines lists the usual headers.
func (u usual) lines() []string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(u)) {
		all = append(all, name+": "+u[name])
	}
	return all
}

// response writes a response as text: the status, the headers that are not the
// usual ones, and the body.
func (u usual) response(m *exchange.Message, id string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", m.Status, http.StatusText(m.Status))
	for _, name := range m.HeaderNames() {
		value := strings.Join(m.Headers[name], ", ")
		if !incidental[name] && u[name] != value {
			b.WriteString(name + ": " + shorten(value, shownOfOther, id) + "\n")
		}
	}
	var missing []string
	for _, name := range slices.Sorted(maps.Keys(u)) {
		if _, there := m.Headers[name]; !there {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintf(&b, "(no %s)\n", strings.Join(missing, ", "))
	}
	if m.Body == "" {
		return b.String() + "(no body)"
	}
	return b.String() + "\n" + body(m, id)
}

// ofTransport are the headers of requests that tell of the client's library.
var ofTransport = map[string]bool{
	"Accept-Encoding": true, "Connection": true, "Content-Length": true, "Host": true, "User-Agent": true,
}

// message writes a mail, a text message or the request of another party.
func message(m exchange.Message, id string) string {
	var b strings.Builder
	for _, name := range m.HeaderNames() {
		if !ofTransport[http.CanonicalHeaderKey(name)] {
			b.WriteString(name + ": " + strings.Join(m.Headers[name], ", ") + "\n")
		}
	}
	if m.Body != "" {
		b.WriteString("\n" + body(&m, id))
	}
	return strings.Trim(b.String(), "\n")
}

func body(m *exchange.Message, id string) string {
	limit := shownOfOther
	switch start := strings.TrimSpace(m.Body); {
	case strings.HasPrefix(start, "{"):
		limit = shownOfJSON
	case strings.HasPrefix(start, "<"):
		limit = shownOfPages
	}
	text := shorten(m.Body, limit, id)
	if m.Truncated {
		text += "\n(the recorder kept only the beginning)"
	}
	return text
}

// shorten cuts a text and says so.
func shorten(text string, limit int, id string) string {
	const marker = 80 // how long it is, about: less is not worth cutting
	runes := []rune(text)
	if len(runes) <= limit+marker {
		return text
	}
	return fmt.Sprintf("%s … %d more characters in exchanges.jsonl, %s", string(runes[:limit]), len(runes)-limit, id)
}
