package report

import (
	"fmt"
	"html/template"
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
	Status   int // 0 without a response
	Error    string
	Texts    []template.HTML // request, response and error
	Cited    bool            // a finding or the reason names it
	Notes    []string
	Findings []string
}

// parties are how the page calls those who exchange something.
var parties = map[string]string{exchange.IdentityServer: "identity server", exchange.Mail: "mail", exchange.SMS: "SMS"}

// exchanges are the views of records, in their order.
func (r renderer) exchanges(records []exchange.Record, cited map[string]bool) []exchangeView {
	var views []exchangeView
	for _, record := range records {
		views = append(views, r.exchange(record, started(records[0]), cited[record.ID]))
	}
	return views
}

func (r renderer) exchange(record exchange.Record, first time.Time, cited bool) exchangeView {
	x := exchangeView{
		Anchor: anchorOf(record.ID), Method: record.Request.Method, Error: record.Error, Cited: cited, Notes: record.Notes,
		After: fmt.Sprintf("%.3f s", started(record).Sub(first).Seconds()),
		Path:  r.path(record.Request.URL),
	}
	usualHeaders := r.usual
	if record.Party == "" {
		x.say(curl(record, r.report.Target.URL))
	} else {
		usualHeaders = nil
		if x.Party = parties[record.Party]; x.Party == "" {
			x.Party = record.Party
		}
		x.say(message(record.Request, record.ID))
		if x.Path == "" && record.Error == "" {
			x.Path = strings.Join(append(record.Request.Headers["To"], record.Request.Headers["Subject"]...), ": ")
		}
	}
	if record.Response != nil {
		x.Status = record.Response.Status
		x.say(usualHeaders.response(record.Response, record.ID))
	}
	x.say(record.Error)
	for _, f := range record.Findings {
		x.Findings = append(x.Findings, f.Row.Operation+" "+f.Row.Requirement+": "+f.Message)
	}
	return x
}

func (x *exchangeView) say(text string) {
	if text != "" {
		x.Texts = append(x.Texts, template.HTML(escaped.Replace(text)))
	}
}

// escaped makes text the content of an element. JSON is full of quotes, which need
// no escape there: with those of html/template a page would be a sixth larger.
var escaped = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\x00", "\uFFFD")

// path is a URL without what all of them have in common.
func (r renderer) path(url string) string {
	path := strings.TrimPrefix(url, r.report.Target.URL)
	if _, rest, absolute := strings.Cut(path, "://"); absolute {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			path = rest[i:]
		}
	}
	path, _, _ = strings.Cut(path, "?")
	return strings.TrimPrefix(path, "/_matrix/client/v3")
}
