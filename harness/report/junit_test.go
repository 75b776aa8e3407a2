package report_test

import (
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// What a CI reads of junit.xml.
type suites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Time     float64  `xml:"time,attr"`
	Suites   []struct {
		Name     string `xml:"name,attr"`
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		Skipped  int    `xml:"skipped,attr"`
		Cases    []struct {
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
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

func junit(t *testing.T, r *report.Report) suites {
	t.Helper()
	text := written(t, r)[report.JUnitFile]
	NewWithT(t).Expect(text).To(HavePrefix("<?xml "))
	var s suites
	if err := xml.Unmarshal([]byte(text), &s); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

func TestJUnitHasACaseForEverySelectedRow(t *testing.T) {
	g := NewWithT(t)
	s := junit(t, aRun(t))
	cases := map[string]string{}
	tests, failures, skipped := 0, 0, 0
	for _, suite := range s.Suites {
		f, sk := 0, 0
		for _, c := range suite.Cases {
			g.Expect(c.Class).To(Equal(suite.Name))
			g.Expect(c.Failure != nil && c.Skipped != nil).To(BeFalse())
			state := "passed"
			if c.Failure != nil {
				f++
				state = "failure " + c.Failure.Type
			} else if c.Skipped != nil {
				sk++
				state = c.Skipped.Message
			}
			cases[c.Class+" "+c.Name] = state
		}
		g.Expect(suite.Tests).To(Equal(len(suite.Cases)), suite.Name)
		g.Expect(suite.Failures).To(Equal(f), suite.Name)
		g.Expect(suite.Skipped).To(Equal(sk), suite.Name)
		g.Expect(suite.Cases).NotTo(BeEmpty(), suite.Name)
		tests, failures, skipped = tests+suite.Tests, failures+f, skipped+sk
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
	g.Expect([]int{s.Tests, s.Failures, s.Skipped}).To(Equal([]int{tests, failures, skipped}))
	g.Expect([]int{s.Tests, s.Failures, s.Skipped}).To(Equal([]int{8, 2, 4}))
	g.Expect(s.Time).To(Equal(90.0))
}

func TestAFailedCaseSaysWhatAReaderOfACILogNeeds(t *testing.T) {
	g := NewWithT(t)
	for _, suite := range junit(t, aRun(t)).Suites {
		for _, c := range suite.Cases {
			g.Expect(c.Time).To(Equal(0.25))
			if !strings.HasPrefix(c.Name, listFields.Requirement+": ") {
				continue
			}
			g.Expect(c.Failure.Message).To(Equal("expected added_at; got <nothing> | \"x\"\n  & more"))
			for _, part := range []string{
				"getAccount3PIDs get-003-item-required-fields (MUST)", "https://spec.matrix.org/v1.6/", "got <nothing>",
				"suites/contact/x.go:12", "run just this again: conformance run 'get-003-item-required-fields'",
			} {
				g.Expect(c.Failure.Text).To(ContainSubstring(part))
			}
			return
		}
	}
	t.Error("the failed case is missing")
}

func TestJUnitSurvivesTextThatXMLForbids(t *testing.T) {
	g := NewWithT(t)
	s := junit(t, reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: "]]> \x00\x1b[31m \xff <!--"}}))
	g.Expect(s.Failures).To(Equal(1))
	g.Expect(s.Suites[0].Cases[0].Failure.Message).To(And(HavePrefix("]]> "), HaveSuffix(" <!--")))
}

func TestTheTimeOfACaseIsThatOfItsSpecs(t *testing.T) {
	g := NewWithT(t)
	r := reportOf(t, changes{listFields: {Verdict: verdict.Pass}})
	for i := range r.Requirements {
		if q := &r.Requirements[i]; q.Selected {
			q.Specs = append(q.Specs, report.Spec{Seconds: 1.5})
		}
	}
	g.Expect(junit(t, r).Suites[0].Cases[0].Time).To(Equal(1.75))
}

// Dashboards compare runs by these names: labels are not among them, and the
// sentences are in the same order whatever order the specs ran in.
func TestNamesOfCasesAreRequirementAndSentences(t *testing.T) {
	text := written(t, aRun(t))[report.JUnitFile]
	for line := range strings.Lines(text) {
		if strings.Contains(line, "<testcase") {
			NewWithT(t).Expect(line).To(MatchRegexp(`name="([a-z]+-\d{3}-[a-z0-9-]+): a spec of [a-z0-9-]+" time="\d+\.\d{3}"`), fmt.Sprint(line))
		}
	}
}
