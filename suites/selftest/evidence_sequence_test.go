package selftest

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/report"
)

// The rows of a run tell what every party saw, as one sequence in the order of
// time, and the page names the party.
func TestTheSequenceOfARowHasAllParties(t *testing.T) {
	t.Parallel()
	r := conformOnce(t)
	evidence, err := report.ReadEvidence(r.results)
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(r.results, report.HTMLFile))
	if err != nil {
		t.Fatal(err)
	}
	for row, want := range map[string]struct{ party, shown, path string }{
		"add3PID add-001-success-200":                 {exchange.Mail, "mail", ""},
		"bind3PID bind-002-calls-is-v2-bind":          {exchange.IdentityServer, "identity server", "/_matrix/identity/v2/3pid/bind"},
		"requestTokenTo3PIDMSISDN msisdn-002-success": {exchange.SMS, "SMS", ""},
	} {
		own := exchangesOf(r.report, row, evidence)
		at := slices.IndexFunc(own, func(x exchange.Record) bool {
			return x.Party == want.party && strings.HasSuffix(x.Request.URL, want.path)
		})
		// What came to others came because the suite had asked the homeserver.
		if at < 1 || own[0].Party != "" {
			t.Errorf("%s: of %d exchanges, number %d is the first of the party %s", row, len(own), at, want.party)
			continue
		}
		_, shown, _ := strings.Cut(string(page), `id="x-`+own[at].ID+`"`)
		shown, _, _ = strings.Cut(shown, "</summary>")
		if !strings.Contains(shown, `<span class="who">`+want.shown+`</span>`) {
			t.Errorf("%s: the page does not call %s %q: %s", row, own[at].ID, want.shown, shown)
		}
	}
}

// exchangesOf are the exchanges of a row's specs in the order of time.
func exchangesOf(r *report.Report, row string, evidence report.Evidence) []exchange.Record {
	var ids []string
	for _, q := range r.Requirements {
		if q.Operation+" "+q.ID == row {
			for _, spec := range q.Specs {
				ids = append(ids, spec.Exchanges...)
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(evidence.Records), func(x exchange.Record) bool { return !slices.Contains(ids, x.ID) })
}
