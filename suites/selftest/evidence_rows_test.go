package selftest

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// junit is what CI systems read of junit.xml.
type junit struct {
	junitCounts
	Suites []struct {
		junitCounts
		Cases []struct {
			Operation string    `xml:"classname,attr"`
			Name      string    `xml:"name,attr"`
			Failure   *struct{} `xml:"failure"`
			Skipped   *struct{} `xml:"skipped"`
		} `xml:"testcase"`
	} `xml:"testsuite"`
}

type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Skipped  int `xml:"skipped,attr"`
}

// readJUnit returns the names of the cases and how many there are, which the file
// has to say at every level.
func readJUnit(t *testing.T, r run) (names []string, total junitCounts) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.results, report.JUnitFile))
	if err != nil {
		t.Fatal(err)
	}
	var file junit
	if err := xml.Unmarshal(text, &file); err != nil {
		t.Fatalf("junit.xml: %v", err)
	}
	for _, suite := range file.Suites {
		var held junitCounts
		for _, c := range suite.Cases {
			names = append(names, c.Operation+" "+c.Name)
			held.Tests++
			if c.Failure != nil {
				held.Failures++
			}
			if c.Skipped != nil {
				held.Skipped++
			}
		}
		if suite.junitCounts != held {
			t.Errorf("a testsuite says %+v and holds %+v", suite.junitCounts, held)
		}
		total = junitCounts{total.Tests + held.Tests, total.Failures + held.Failures, total.Skipped + held.Skipped}
	}
	if file.junitCounts != total {
		t.Errorf("junit.xml says %+v and holds %+v", file.junitCounts, total)
	}
	return names, total
}

// However a run went, report.json is what its schema says, a spec is called by a
// sentence, and a row that passes names an exchange. JUnit follows from it: a case
// for every selected row; failures are fails that count and rows that are blocked;
// skipped is everything else but pass.
func TestTheReportsOfARunAgree(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{
		"a failure":     {hardFault},
		"a weak one":    {strictFault, onlyStrict},
		"all is well":   nil,
		"without mail":  noMail,
		"one operation": oneOperation,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := conformOnce(t, args...)
			text, err := os.ReadFile(filepath.Join(r.results, report.JSONFile))
			if err != nil {
				t.Fatal(err)
			}
			if err := report.Validate(text); err != nil {
				t.Error(err)
			}
			var want junitCounts
			rows := map[string]bool{}
			for _, q := range r.report.Requirements {
				if !q.Selected {
					continue
				}
				rows[q.Operation+" "+q.ID] = true
				exchanges := q.Exchanges
				for _, spec := range q.Specs {
					exchanges = append(exchanges, spec.Exchanges...)
					if len(spec.Title) < len(q.Operation) || !strings.Contains(spec.Title, " ") {
						t.Errorf("%s %s: %q is no sentence", q.Operation, q.ID, spec.Title)
					}
				}
				want.Tests++
				switch {
				case q.Verdict == verdict.Blocked || q.Verdict == verdict.Fail && q.Gates:
					want.Failures++
				case q.Verdict != verdict.Pass:
					want.Skipped++
				case len(exchanges) == 0:
					t.Errorf("%s %s passes without an exchange", q.Operation, q.ID)
				}
			}
			names, got := readJUnit(t, r)
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
	all, _ := readJUnit(t, conformOnce(t))
	for _, args := range [][]string{oneOperation, noMail} {
		names, _ := readJUnit(t, conformOnce(t, args...))
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

// The rows of a run tell what every party saw, as one sequence in the order of
// time, and the page names the party.
func TestTheSequenceOfARowHasAllParties(t *testing.T) {
	t.Parallel()
	r := conformOnce(t)
	evidence, err := report.ReadEvidence(r.results)
	if err != nil {
		t.Fatal(err)
	}
	page := string(r.texts(t)[report.HTMLFile])
	for row, want := range map[string]struct{ party, shown, path string }{
		"add3PID add-001-success-200":                 {exchange.Mail, "mail", ""},
		"bind3PID bind-002-calls-is-v2-bind":          {exchange.IdentityServer, "identity server", "/_matrix/identity/v2/3pid/bind"},
		"requestTokenTo3PIDMSISDN msisdn-002-success": {exchange.SMS, "SMS", ""},
	} {
		var ids []string
		for _, spec := range r.row(t, row).Specs {
			ids = append(ids, spec.Exchanges...)
		}
		own := slices.DeleteFunc(slices.Clone(evidence.Records), func(x exchange.Record) bool { return !slices.Contains(ids, x.ID) })
		at := slices.IndexFunc(own, func(x exchange.Record) bool {
			return x.Party == want.party && strings.HasSuffix(x.Request.URL, want.path)
		})
		// What came to others came because the suite had asked the homeserver.
		if at < 1 || own[0].Party != "" {
			t.Errorf("%s: of %d exchanges, number %d is the first of the party %s", row, len(own), at, want.party)
			continue
		}
		_, shown, _ := strings.Cut(page, `id="x-`+own[at].ID+`"`)
		shown, _, _ = strings.Cut(shown, "</summary>")
		if !strings.Contains(shown, `<span class="who">`+want.shown+`</span>`) {
			t.Errorf("%s: the page does not call %s %q: %s", row, own[at].ID, want.shown, shown)
		}
	}
}
