package report

import (
	"encoding/json"
	"reflect"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A field that the recorder writes and decode does not know would be missing from
// the page.
func TestEveryFieldOfARecordIsRead(t *testing.T) {
	g := NewWithT(t)
	m := exchange.Message{
		Method: "POST", URL: "http://h/?a=<token 1>&b=\"", Status: 200, Truncated: true, Body: "{\"x\":\"ü\\n\u2028\"}\n",
		Headers: map[string][]string{"A": {"b", "\"c\""}, "D\"": {"e"}},
	}
	r := exchange.Record{
		ID: "p1-1", Party: exchange.Mail, Spec: "s \\ <b>", Operation: "add3PID", Started: "2026-11-30T20:00:00Z", Millis: 1.234,
		Request: m, Response: &m, Error: "e", Notes: []string{"n", "\t"},
		Findings: []verdict.Finding{{Row: requirements.Row{Operation: "add3PID", Requirement: "add-001"}, Message: "m"}},
	}
	for _, of := range []reflect.Value{reflect.ValueOf(r), reflect.ValueOf(m)} {
		for i := range of.NumField() {
			g.Expect(of.Field(i).IsZero()).To(BeFalse(), "this test has to fill %s in", of.Type().Field(i).Name)
		}
	}
	line, err := json.Marshal(r)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(decode(line)).To(Equal(r))
}

func TestALineThatIsNoRecordIsAnError(t *testing.T) {
	g := NewWithT(t)
	for _, line := range []string{`{"id":"p1-1"`, `{"id":"p1-1","findings":7}`, ``} {
		_, err := decode([]byte(line))
		g.Expect(err).To(HaveOccurred(), line)
	}
}
