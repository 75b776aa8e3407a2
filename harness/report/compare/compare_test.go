package compare_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/compare"
	"threepid-conformance/harness/verdict"
)

// a row of add3PID, by the beginning of its id.
func row(id string, v verdict.Verdict, gates bool, reason string) report.Requirement {
	return report.Requirement{
		ID: id, Operation: "add3PID", Level: "MUST", Verdict: v, Gates: gates, Reason: reason,
		Link: "https://spec.matrix.org/v1.6/client-server-api/",
	}
}

func of(rows ...report.Requirement) *report.Report {
	r := &report.Report{Schema: 1, Complete: true, Requirements: rows}
	r.Suite = report.Suite{Version: "0.1.0", Spec: "v1.6", Finished: time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)}
	r.Target.Version = "Synapse 1.160.0"
	r.Profile.Result = verdict.Partial
	return r
}

const id = "add-003-requires-uia"

// Each change of a row belongs in one list, and some are regressions.
func TestEveryChangeHasItsPlace(t *testing.T) {
	type end struct {
		verdict verdict.Verdict
		gates   bool
	}
	fail, weak, blocked := end{verdict.Fail, true}, end{verdict.Fail, false}, end{verdict.Blocked, true}
	pass, known, declined, untested := end{verdict.Pass, true}, end{verdict.ExpectedFail, true}, end{verdict.NotSupported, true}, end{verdict.NotTested, true}
	for _, c := range []struct {
		old, now   end
		list       string
		regression bool
	}{
		{pass, fail, "failing", true},
		{pass, blocked, "failing", true},
		{pass, weak, "failing", false},
		{known, fail, "failing", true},
		{declined, blocked, "failing", true},
		{untested, fail, "failing", false}, // it may have been broken all the time
		{fail, blocked, "changed", false},
		{weak, fail, "changed", false},
		{fail, pass, "passing", false},
		{blocked, pass, "passing", false},
		{known, pass, "passing", false},
		{untested, pass, "changed", false},
		{pass, untested, "changed", false},
		{pass, declined, "changed", false},
		{pass, end{verdict.Pass, false}, "unchanged", false}, // counts only when it fails
		{fail, fail, "unchanged", false},
	} {
		g := NewWithT(t)
		name := string(c.old.verdict) + " to " + string(c.now.verdict)
		got := compare.Reports(of(row(id, c.old.verdict, c.old.gates, "a")), of(row(id, c.now.verdict, c.now.gates, "b")))
		lists := map[string]int{
			"failing": len(got.NewlyFailing), "passing": len(got.NewlyPassing), "changed": len(got.Changed),
			"unchanged": got.Unchanged, "added": len(got.Added), "removed": len(got.Removed),
		}
		for list, n := range lists {
			want := 0
			if list == c.list {
				want = 1
			}
			g.Expect(n).To(Equal(want), "%s: %s", name, list)
		}
		regressions := 0
		if c.regression {
			regressions = 1
		}
		g.Expect(got.Regressions).To(Equal(regressions), name)
		g.Expect(got.Nothing()).To(Equal(c.list == "unchanged"), name)
	}
}

func TestRowsThatOneReportLacks(t *testing.T) {
	g := NewWithT(t)
	c := compare.Reports(
		of(row(id, verdict.Pass, true, ""), row("old-001-gone", verdict.Pass, true, "")),
		of(row("add-001-success-200", verdict.Fail, true, "broken"), row(id, verdict.Pass, true, "")))
	g.Expect(c.Added).To(ConsistOf(And(HaveField("ID", "add-001-success-200"), HaveField("Introduced", "0.1.0"), HaveField("Old", BeNil()))))
	g.Expect(c.Removed).To(ConsistOf(And(HaveField("ID", "old-001-gone"), HaveField("Introduced", ""), HaveField("New", BeNil()))))
	g.Expect(c.Regressions).To(BeZero(), "nothing was there to get worse")
	g.Expect(c.Markdown()).To(And(ContainSubstring("### Added (1)\n\nintroduced in 0.1.0: 1\n"), ContainSubstring("### Removed (1)\n\nnot in the catalogue of this version: 1\n")))
}

// The same operation of the same requirement is what is compared, in any order.
func TestRowsAreMatchedByOperationAndID(t *testing.T) {
	g := NewWithT(t)
	other := row(id, verdict.Fail, true, "")
	other.Operation = "bind3PID"
	c := compare.Reports(of(row(id, verdict.Pass, true, ""), other), of(other, row(id, verdict.Pass, true, "")))
	g.Expect(c.Nothing()).To(BeTrue())
	g.Expect(c.Unchanged).To(Equal(2))
	g.Expect(c.Markdown()).To(HavePrefix("**Nothing changed.** 2 rows are as they were.\n"))
}

func TestMarkdownSaysWhatToLookAt(t *testing.T) {
	g := NewWithT(t)
	after := of(row(id, verdict.Fail, true, "got 200 | <b>\nand more"), row("add-001-success-200", verdict.NotTested, true, "no mail"))
	after.Complete, after.Suite.Version, after.Target.Version = false, "0.2.0", "Synapse 1.161.0"
	text := compare.Reports(of(row(id, verdict.Pass, true, ""), row("add-001-success-200", verdict.Pass, true, "")), after).Markdown()
	for _, part := range []string{
		"**1 regression.** 0 rows are as they were.\n",
		"| old | Synapse 1.160.0 | partial | 0.1.0 | v1.6 | 2026-11-24 14:00 UTC |\n| new | Synapse 1.161.0 | partial | 0.2.0 |",
		"\nThe new run did not come to its end", "\nThe two reports are about different homeservers", "\nThe two reports are by different versions of the suite",
		"### Newly failing (1)\n", `| add3PID | add-003-requires-uia | MUST | pass | **fail** | got 200 \| &lt;b&gt; and more |`,
		"### Changed (1)\n\npass → not-tested: 1\n", "| pass | not-tested | no mail |",
	} {
		g.Expect(text).To(ContainSubstring(part))
	}
}

func TestJSONHasListsAndNoNull(t *testing.T) {
	g := NewWithT(t)
	text, err := compare.Reports(of(), of()).JSON()
	g.Expect(err).NotTo(HaveOccurred())
	var all map[string]any
	g.Expect(json.Unmarshal(text, &all)).To(Succeed())
	for _, list := range []string{"newly_failing", "newly_passing", "changed", "added", "removed"} {
		g.Expect(all[list]).To(BeEmpty(), list)
		g.Expect(all[list]).NotTo(BeNil(), list)
	}
	g.Expect(all).To(And(HaveKeyWithValue("regressions", 0.0), HaveKey("old"), HaveKey("new"), HaveKeyWithValue("unchanged", 0.0)))
}

func TestHTMLHoldsTheSameAsText(t *testing.T) {
	g := NewWithT(t)
	text, err := compare.Reports(of(row(id, verdict.Pass, true, "")), of(row(id, verdict.Fail, true, "<script>x</script>"))).HTML()
	g.Expect(err).NotTo(HaveOccurred())
	page := string(text)
	g.Expect(page).To(And(ContainSubstring("<h1>1 regression.</h1>"), ContainSubstring("✓ pass"), ContainSubstring("✗ fail"), ContainSubstring(id), ContainSubstring("&lt;script&gt;x")))
	g.Expect(strings.Count(page, "<script")).To(Equal(1), "only ours")
}
