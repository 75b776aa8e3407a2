package report

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"threepid-conformance/harness/exchange"
)

// What of a body is shown, in characters; exchanges.jsonl holds the rest.
const (
	shownOfJSON  = 2000
	shownOfOther = 500 // mails, mostly
	shownOfPages = 60  // for browsers: their heads look all the same
)

// usual are the headers, with their values, that most answers of a run had. They
// are shown once, and each answer shows where it differs.
type usual map[string]string

// incidental headers differ from answer to answer and say nothing about it.
var incidental = map[string]bool{"Date": true, "Content-Length": true}

// headerCounts finds them: those of at least three answers in five.
type headerCounts struct {
	answers int
	of      map[header]int
}

// A header has its values as the JSON list that the recorder wrote.
type header struct{ name, values string }

// add counts the headers of an answer, {"name": ["value", …], …}. It is called for
// every exchange of a run, so it looks no further into them.
func (c *headerCounts) add(headers gjson.Result) {
	if !headers.IsObject() {
		return // no answer came
	}
	if c.of == nil {
		c.of = map[header]int{}
	}
	c.answers++
	headers.ForEach(func(name, values gjson.Result) bool {
		if !incidental[name.Str] {
			c.of[header{name.Str, values.Raw}]++
		}
		return true
	})
}

func (c *headerCounts) usual() usual {
	found := usual{}
	for h, n := range c.of {
		if n*5 < c.answers*3 {
			continue
		}
		var values []string
		for _, v := range gjson.Parse(h.values).Array() {
			values = append(values, v.String())
		}
		found[h.name] = strings.Join(values, ", ")
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

// answer writes a response as text: the status, the headers that are not the
// usual ones, and the body.
func (u usual) answer(m *exchange.Message, id string) string {
	var b strings.Builder
	b.WriteString(strconv.Itoa(m.Status) + " " + http.StatusText(m.Status) + "\n")
	for _, name := range m.HeaderNames() {
		value := strings.Join(m.Headers[name], ", ")
		if !incidental[name] && u[name] != value {
			b.WriteString(name + ": " + shorten(value, shownOfOther, id) + "\n")
		}
	}
	var missing []string
	for name := range u {
		if _, there := m.Headers[name]; !there {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
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
	if len(text) <= limit+marker {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit+marker {
		return text
	}
	return fmt.Sprintf("%s … %d more characters in exchanges.jsonl, %s", string(runes[:limit]), len(runes)-limit, id)
}
