package report

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
)

func TestAResponseShowsWhereItsHeadersDiffer(t *testing.T) {
	g := NewWithT(t)
	same := map[string][]string{"Content-Type": {"application/json"}, "Server": {"x"}, "Date": {"now"}}
	odd := map[string][]string{"Content-Type": {"text/html"}, "Location": {"/a", "/b"}, "Content-Length": {"7"}}
	of := func(headers map[string][]string) exchange.Record {
		return exchange.Record{Response: &exchange.Message{Status: 200, Headers: headers, Body: "{}"}}
	}
	other := of(odd)
	other.Party = exchange.IdentityServer
	u := usualOf([]exchange.Record{of(same), of(same), of(odd), other, {Error: "no response came"}})
	g.Expect(u.lines()).To(Equal([]string{"Content-Type: application/json", "Server: x"}))
	g.Expect(u.response(of(same).Response, "p1-1")).To(Equal("200 OK\n\n{}"))
	g.Expect(u.response(of(odd).Response, "p1-3")).To(Equal("200 OK\nContent-Type: text/html\nLocation: /a, /b\n(no Server)\n\n{}"))
	g.Expect(u.response(&exchange.Message{Status: 299, Headers: same}, "p1-4")).To(Equal("299 \n(no body)"))
}

func TestLongBodiesAreCutWithAMarker(t *testing.T) {
	g := NewWithT(t)
	long := strings.Repeat("ö", 3000)
	g.Expect(body(&exchange.Message{Body: long}, "p1-7")).To(Equal(strings.Repeat("ö", 500) + " … 2500 more characters in exchanges.jsonl, p1-7"))
	g.Expect(body(&exchange.Message{Body: `{"x":"` + long}, "p1-7")).To(ContainSubstring("… 1006 more characters"))
	g.Expect(body(&exchange.Message{Body: "short", Truncated: true}, "p1-7")).To(Equal("short\n(the recorder kept only the beginning)"))
	almost := strings.Repeat("x", 550)
	g.Expect(body(&exchange.Message{Body: almost}, "p1-7")).To(Equal(almost), "the marker would be as long")
}

// What a reader knows of every request, and what is the same in every page for
// browsers, would be a fifth of the report.
func TestWhatIsAlwaysTheSameIsNotShown(t *testing.T) {
	g := NewWithT(t)
	text := message(exchange.Message{Headers: map[string][]string{"User-Agent": {"x"}, "accept-encoding": {"gzip"}, "Authorization": {"Bearer y"}}}, "p1-7")
	g.Expect(text).To(Equal("Authorization: Bearer y"))
	g.Expect(body(&exchange.Message{Body: "<!DOCTYPE html>" + strings.Repeat("x", 1000)}, "p1-7")).To(HaveLen(60 + len(" … 955 more characters in exchanges.jsonl, p1-7")))
}
