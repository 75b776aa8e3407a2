package report

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"threepid-conformance/harness/exchange"
)

// anchorOf is where the page shows an exchange.
func anchorOf(id string) string { return "x-" + id }

// An exchangeView is one exchange in the sequence of a spec.
type exchangeView struct {
	Anchor   string
	After    string // since the first exchange of the spec
	Party    string // who, when it is not the suite as a client
	Method   string
	Path     string
	Status   int // 0 without an answer
	Error    string
	Curl     string // requests of the suite only
	Request  string // of other parties
	Answer   string
	Cited    bool // a finding or the reason names it
	Notes    []string
	Findings []string
}

// parties are how the page calls those who exchange something.
var parties = map[string]string{exchange.IdentityServer: "identity server", exchange.Mail: "mail", exchange.SMS: "SMS"}

func (s storyteller) exchange(r exchange.Record, first time.Time, cited bool) exchangeView {
	x := exchangeView{
		Anchor: anchorOf(r.ID), Method: r.Request.Method, Error: r.Error, Cited: cited, Notes: r.Notes,
		After: fmt.Sprintf("%.3f s", started(r).Sub(first).Seconds()),
		Path:  s.path(r.Request.URL),
	}
	if r.Party == "" {
		x.Curl = curl(r, s.report.Target.URL)
	} else {
		if x.Party = parties[r.Party]; x.Party == "" {
			x.Party = r.Party
		}
		x.Request = message(r.Request, r.ID)
		if x.Path == "" && r.Error == "" {
			x.Path = strings.Join(append(r.Request.Headers["To"], r.Request.Headers["Subject"]...), ": ")
		}
	}
	if r.Response != nil {
		x.Status = r.Response.Status
		u := s.archive.usual
		if r.Party != "" {
			u = nil
		}
		x.Answer = u.answer(r.Response, r.ID)
	}
	for _, f := range r.Findings {
		x.Findings = append(x.Findings, f.Row.Operation+" "+f.Row.Requirement+": "+f.Message)
	}
	return x
}

// html is the exchange as an item of a list. It is written by hand, not by the
// template: there are thousands in a page, and it would take most of the time.
func (x exchangeView) html() template.HTML {
	var b strings.Builder
	b.Grow(512 + len(x.Curl) + len(x.Request) + len(x.Answer))
	attribute := func(name, value string) {
		b.WriteString(" " + name + `="` + template.HTMLEscapeString(value) + `"`)
	}
	within := func(open, text, end string) {
		b.WriteString(open)
		elementText.WriteString(&b, text)
		b.WriteString(end)
	}
	b.WriteString("\n<li")
	if x.Party != "" {
		attribute("class", "o")
	}
	b.WriteString("><details")
	attribute("id", x.Anchor)
	if x.Cited {
		attribute("class", "cited")
	}
	within("><summary><i>+", x.After, "</i> ")
	if x.Party != "" {
		within(`<span class="who">`, x.Party, "</span> ")
	}
	if x.Method != "" {
		within("", x.Method, " ")
	}
	within("", x.Path, " ")
	if x.Status != 0 {
		within("→ <b>", strconv.Itoa(x.Status), "</b>")
	} else if x.Error != "" {
		b.WriteString("→ no answer")
	}
	b.WriteString("</summary>")
	for _, text := range []string{x.Curl, x.Request, x.Answer, x.Error} {
		if text != "" {
			within("<pre>", text, "</pre>")
		}
	}
	for _, note := range x.Notes {
		within(`<p class="small">`, note, "")
	}
	for _, finding := range x.Findings {
		within(`<p class="note small">`, finding, "</p>")
	}
	b.WriteString("</details>")
	return template.HTML(b.String())
}

// elementText escapes the content of an element. Quotes stay as they are: JSON is
// full of them.
var elementText = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "\uFFFD")

// path is a URL without what all of them have in common.
func (s storyteller) path(url string) string {
	path := strings.TrimPrefix(url, s.report.Target.URL)
	if _, rest, absolute := strings.Cut(path, "://"); absolute {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			path = rest[i:]
		}
	}
	path, _, _ = strings.Cut(path, "?")
	return strings.TrimPrefix(path, "/_matrix/client/v3")
}
