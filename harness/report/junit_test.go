package report_test

import (
	"encoding/xml"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// What a CI reads of junit.xml.
type (
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitCase struct {
		Class   string  `xml:"classname,attr"`
		Name    string  `xml:"name,attr"`
		Time    float64 `xml:"time,attr"`
		Failure *struct {
			Message string `xml:"message,attr"`
			Type    string `xml:"type,attr"`
			Text    string `xml:",chardata"`
		} `xml:"failure"`
		Skipped *struct {
			Message string `xml:"message,attr"`
		} `xml:"skipped"`
	}
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Time   float64 `xml:"time,attr"`
		Suites []struct {
			Name string `xml:"name,attr"`
			junitCounts
			Cases []junitCase `xml:"testcase"`
		} `xml:"testsuite"`
	}
)

func junit(t *testing.T, r *report.Report) junitSuites {
	t.Helper()
	text := written(t, r)[report.JUnitFile]
	NewWithT(t).Expect(text).To(HavePrefix("<?xml "))
	var s junitSuites
	if err := xml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

// Dashboards compare runs by the names of cases: labels are not among them.
func TestJUnitHasACaseForEverySelectedRow(t *testing.T) {
	g := NewWithT(t)
	s := junit(t, aRun(t))
	cases := map[string]string{}
	var all junitCounts
	for _, suite := range s.Suites {
		counts := junitCounts{Tests: len(suite.Cases)}
		for _, c := range suite.Cases {
			g.Expect(c.Class).To(Equal(suite.Name))
			g.Expect(c.Time).To(Equal(0.25))
			state := "passed"
			if c.Failure != nil {
				counts.Failures++
				state = "failure " + c.Failure.Type
			} else if c.Skipped != nil {
				counts.Skipped++
				state = c.Skipped.Message
			}
			cases[c.Class+" "+c.Name] = state
		}
		g.Expect(suite.junitCounts).To(Equal(counts), suite.Name)
		all = junitCounts{all.Tests + counts.Tests, all.Failures + counts.Failures, all.Skipped + counts.Skipped}
	}
	g.Expect(cases).To(Equal(map[string]string{
		"getAccount3PIDs get-001-200-schema: a spec of get-001-200-schema":                     "passed",
		"getAccount3PIDs get-003-item-required-fields: a spec of get-003-item-required-fields": "failure fail",
		"getAccount3PIDs get-002-fresh-user-empty: a spec of get-002-fresh-user-empty":         "expected-fail: old bug (status 404)",
		"add3PID add-003-requires-uia: a spec of add-003-requires-uia":                         "failure blocked",
		"add3PID add-001-success-200: a spec of add-001-success-200":                           "not-tested: no such variant: <main>",
		"bind3PID bind-005-success-200: a spec of bind-005-success-200":                        "not-supported: no binding (answer 403 M_FORBIDDEN)",
		"bind3PID gen-005-errcode-form: a spec of gen-005-errcode-form":                        "fail: got m_x",
		"requestTokenTo3PIDEmail email-003-sid-grammar: a spec of email-003-sid-grammar":       "passed",
	}))
	g.Expect(s.junitCounts).To(Equal(all))
	g.Expect(all).To(Equal(junitCounts{Tests: 8, Failures: 2, Skipped: 4}))
	g.Expect(s.Time).To(Equal(90.0))
}

// firstCase is the case of a run in which one row has something to tell.
func firstCase(t *testing.T, r *report.Report) junitCase { return junit(t, r).Suites[0].Cases[0] }

func TestAFailedCaseSaysWhatAReaderOfACILogNeeds(t *testing.T) {
	g := NewWithT(t)
	const reason = "expected added_at; got <nothing> | \"x\"\n  & more"
	c := firstCase(t, reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: reason}}))
	g.Expect(c.Failure.Message).To(Equal(reason))
	order(g, c.Failure.Text, "getAccount3PIDs get-003-item-required-fields (MUST)", "https://spec.matrix.org/v1.6/", "got <nothing>",
		"suites/contact/x.go:12", "run just this again: conformance run 'get-003-item-required-fields'")

	c = firstCase(t, reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: "]]> \x00\x1b[31m \xff <!--"}}))
	g.Expect(c.Failure.Message).To(And(HavePrefix("]]> "), HaveSuffix(" <!--")), "XML forbids some of it")
}

// Their order in the name is the same whatever order they ran in.
func TestACaseIsAllSpecsOfItsRow(t *testing.T) {
	r := change(reportOf(t, changes{listFields: {Verdict: verdict.Pass}}), listFields, func(q *report.Requirement) {
		q.Specs = []report.Spec{{Title: "lists b", Seconds: 0.25}, {Title: "lists a", Seconds: 1.5}}
	})
	NewWithT(t).Expect(firstCase(t, r)).To(And(HaveField("Name", listFields.Requirement+": lists a; lists b"), HaveField("Time", 1.75)))
}
