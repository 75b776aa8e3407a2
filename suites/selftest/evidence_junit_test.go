package selftest

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// What JUnit readers agree on: these elements, in these, with these attributes.
var junitShape = map[string]struct {
	within     string
	attributes []string
}{
	"testsuites": {"", []string{"name", "tests", "failures", "skipped", "time"}},
	"testsuite":  {"testsuites", []string{"name", "tests", "failures", "skipped"}},
	"testcase":   {"testsuite", []string{"classname", "name", "time"}},
	"failure":    {"testcase", []string{"message", "type"}},
	"skipped":    {"testcase", []string{"message"}},
}

// A junitCounts is what an element says of its cases, and what it holds.
type junitCounts struct{ tests, failures, skipped int }

// readJUnit reads junit.xml and accepts nothing that is not in the shape. It
// returns the cases' names and the counts, which it has checked at every level.
func readJUnit(t *testing.T, results string) (names []string, total junitCounts) {
	t.Helper()
	f, err := os.Open(filepath.Join(results, report.JUnitFile))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	type frame struct {
		name       string
		said, held junitCounts
	}
	var stack []frame
	for dec := xml.NewDecoder(f); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("junit.xml: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			name := e.Name.Local
			shape, known := junitShape[name]
			within := ""
			if len(stack) > 0 {
				within = stack[len(stack)-1].name
			}
			if !known || shape.within != within {
				t.Fatalf("junit.xml has a %s in %q", name, within)
			}
			attributes := map[string]string{}
			for _, a := range e.Attr {
				if attributes[a.Name.Local] = a.Value; !slices.Contains(shape.attributes, a.Name.Local) {
					t.Errorf("%s has an attribute %s", name, a.Name.Local)
				}
			}
			next := frame{name: name}
			next.said = junitCounts{number(t, attributes, "tests"), number(t, attributes, "failures"), number(t, attributes, "skipped")}
			switch name {
			case "testcase":
				names = append(names, attributes["classname"]+" "+attributes["name"])
				next.held.tests = 1
			case "failure":
				next.held.failures = 1
			case "skipped":
				next.held.skipped = 1
			}
			stack = append(stack, next)
		case xml.EndElement:
			last := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if strings.HasPrefix(last.name, "testsuite") && last.said != last.held {
				t.Errorf("a %s says %+v and holds %+v", last.name, last.said, last.held)
			}
			if len(stack) == 0 {
				return names, last.held
			}
			above := &stack[len(stack)-1].held
			above.tests += last.held.tests
			above.failures += last.held.failures
			above.skipped += last.held.skipped
		case xml.CharData:
			if len(stack) > 0 && stack[len(stack)-1].name != "failure" && strings.TrimSpace(string(e)) != "" {
				t.Errorf("junit.xml has text where none belongs: %q", e)
			}
		}
	}
	t.Fatal("junit.xml ends too early")
	return nil, total
}

func number(t *testing.T, attributes map[string]string, name string) int {
	t.Helper()
	text, there := attributes[name]
	if !there {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Errorf("%s=%q is no number", name, text)
	}
	return n
}

// The rule: a case for every selected row; failures are fails that count and
// rows that are blocked; skipped is everything else but pass.
func TestJUnitFollowsFromTheReport(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a failure":    {hardFault},
		"a weak one":   {strictFault, onlyStrict},
		"all is well":  nil,
		"without mail": noMail,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := conformOnce(t, args...)
			var want junitCounts
			rows := map[string]bool{}
			for _, q := range r.report.Requirements {
				if !q.Selected {
					continue
				}
				rows[q.Operation+" "+q.ID] = true
				for _, spec := range q.Specs {
					if len(spec.Title) < len(q.Operation) || !strings.Contains(spec.Title, " ") {
						t.Errorf("%s %s: %q is no sentence", q.Operation, q.ID, spec.Title)
					}
				}
				want.tests++
				switch {
				case q.Verdict == verdict.Blocked || q.Verdict == verdict.Fail && q.Gates:
					want.failures++
				case q.Verdict != verdict.Pass:
					want.skipped++
				}
			}
			names, got := readJUnit(t, r.results)
			if got != want {
				t.Errorf("junit.xml counts %+v, and from report.json follows %+v", got, want)
			}
			for _, name := range names {
				name, _, _ = strings.Cut(name, ": ") // the sentences of its specs follow
				if !rows[name] {
					t.Errorf("%s is a case twice, or no selected row", name)
				}
				delete(rows, name)
			}
		})
	}
}

// Dashboards compare by name: a case is called the same whatever else the run
// selected, excluded or counted.
func TestJUnitNamesStayTheSame(t *testing.T) {
	t.Parallel()
	all, _ := readJUnit(t, conformOnce(t).results)
	for _, args := range [][]string{{"--label-filter=getAccount3PIDs && MUST"}, noMail} {
		names, _ := readJUnit(t, conformOnce(t, args...).results)
		if len(names) == 0 {
			t.Errorf("%v: no case", args)
		}
		for _, name := range names {
			if !slices.Contains(all, name) {
				t.Errorf("%v: a new name: %s", args, name)
			}
		}
	}
}
