package report_test

import (
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestTheListMadeOfAReportExplainsItsFailures(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "known.yaml")
	r := aRun(t)
	n, err := r.WriteExpectations(path)
	g.Expect(err).NotTo(HaveOccurred())
	list, err := verdict.LoadExpectations(path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(list).To(HaveLen(n))
	g.Expect(n).To(Equal(2), "what fails, whether it counts or not; not what another list knows already")
	for _, row := range []requirements.Row{listFields, bindErrcode} {
		for _, q := range r.Requirements {
			if q.Operation == row.Operation && q.ID == row.Requirement {
				e, matches := list.Match(row, q.Reason)
				g.Expect(matches).To(BeTrue(), q.ID)
				g.Expect(e.Link).To(Equal(q.Link))
				g.Expect(e.Reason).To(ContainSubstring("Synapse 1.140.0 on 2026-11-24"))
			}
		}
	}
}

// What the next run has anew must not be part of what is expected.
func TestWhatIsExpectedIsTheSameNextTime(t *testing.T) {
	for reason, says := range map[string]string{
		"expected a refusal: a 4xx status\nsent  POST …":          "expected a refusal: a 4xx status",
		"added_at is 1795532620, which is in seconds":             "added_at is",
		"mail-2ucovy7y-1-437@example.org is not listed":           "mail-2ucovy7y-1-437@example.org is not listed", // nothing before it
		"the mail to bob@example.org did not arrive":              "the mail to",
		"GET http://127.0.0.1:8008/x was answered":                "GET",
		"the token <access_token 3> still works":                  "the token",
		"\n  (exchange p1-7 in exchanges.jsonl)\n":                "(exchange",
		"got \"M_UNKNOWN\" for errcode":                           "got",
		"at /threepids/0/medium: must be one of email and msisdn": "at /threepids/0/medium: must be one of email and msisdn",
	} {
		g := NewWithT(t)
		path := filepath.Join(t.TempDir(), "known.yaml")
		_, err := reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: reason}}).WriteExpectations(path)
		g.Expect(err).NotTo(HaveOccurred())
		list, err := verdict.LoadExpectations(path)
		g.Expect(err).NotTo(HaveOccurred(), reason)
		g.Expect(list[listFields].Says).To(Equal(says))
		_, matches := list.Match(listFields, reason)
		g.Expect(matches).To(BeTrue(), reason)
	}
}

func TestAListThatIsThereIsKept(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "known.yaml")
	g.Expect(os.WriteFile(path, []byte("mine"), 0o600)).To(Succeed())
	_, err := aRun(t).WriteExpectations(path)
	g.Expect(err).To(MatchError(ContainSubstring("is there already")))
	text, err := os.ReadFile(path)
	g.Expect(string(text), err).To(Equal("mine"))
}

func TestNothingToExpect(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "known.yaml")
	_, err := reportOf(t, changes{listSchema: {Verdict: verdict.Pass}}).WriteExpectations(path)
	g.Expect(err).To(MatchError(report.ErrNothingFailed))
	g.Expect(path).NotTo(BeAnExistingFile())
}
