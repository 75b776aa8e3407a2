package report

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"threepid-conformance/harness/verdict"
)

// The rule: one test case for every row that this run selected. A failure is a
// fail that counts, or a row that is blocked; every other verdict but pass is
// skipped with its reason. Names hold the operation and the requirement only,
// so they do not change when titles, labels or numbers of specs do.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Skipped  int          `xml:"skipped,attr"`
		Time     string       `xml:"time,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Skipped  int         `xml:"skipped,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
		Skipped *junitSkipped `xml:"skipped"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
	junitSkipped struct {
		Message string `xml:"message,attr"`
	}
)

func (r *Report) junit() ([]byte, error) {
	all := junitSuites{Name: "threepid-conformance", Time: seconds(r.Suite.Finished.Sub(r.Suite.Started).Seconds())}
	for _, op := range r.Operations {
		suite := junitSuite{Name: op.OperationID}
		for _, q := range r.Requirements {
			if q.Operation != op.OperationID || !q.Selected {
				continue
			}
			suite.add(q)
		}
		if suite.Tests == 0 {
			continue
		}
		all.Tests += suite.Tests
		all.Failures += suite.Failures
		all.Skipped += suite.Skipped
		all.Suites = append(all.Suites, suite)
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	return append([]byte(xml.Header), append(text, '\n')...), err
}

func (s *junitSuite) add(q Requirement) {
	c := junitCase{Class: q.Operation, Name: q.name()}
	total := 0.0
	for _, spec := range q.Specs {
		total += spec.Seconds
	}
	c.Time = seconds(total)
	switch {
	case q.Verdict == verdict.Pass:
	case q.counts():
		c.Failure = &junitFailure{Message: q.Reason, Type: string(q.Verdict), Text: q.text()}
		s.Failures++
	default:
		c.Skipped = &junitSkipped{Message: string(q.Verdict) + ": " + q.Reason}
		s.Skipped++
	}
	s.Tests++
	s.Cases = append(s.Cases, c)
}

// name is the requirement with the sentences of the specs that judge it.
func (q Requirement) name() string {
	var titles []string
	for _, spec := range q.Specs {
		titles = append(titles, spec.Title)
	}
	slices.Sort(titles) // whatever order they ran in
	return strings.TrimSuffix(q.ID+": "+strings.Join(titles, "; "), ": ")
}

// text is what a CI shows below a failed case.
func (q Requirement) text() string {
	text := fmt.Sprintf("%s %s (%s)\n%s\n%s\n\n%s\n", q.Operation, q.ID, q.Level, q.Statement, q.Link, q.Reason)
	for _, s := range q.Specs {
		text += fmt.Sprintf("\n%s:%d\nrun just this again: %s\n", s.File, s.Line, s.Rerun)
	}
	return text
}

func seconds(s float64) string { return fmt.Sprintf("%.3f", s) }
