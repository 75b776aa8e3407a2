package verdict_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestABlockedRowIsExplainedByTheVerdictOfTheRowItNames(t *testing.T) {
	for cause, explains := range map[verdict.Verdict]bool{
		verdict.Fail:         true,
		verdict.ExpectedFail: true,
		verdict.NotSupported: true,
		verdict.Pass:         false,
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{must("r-1"), must("r-2"), must("r-3")},
			outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), ended("r-2", cause), ended("r-3", verdict.Pass)},
		}
		row := find(t, r.judge(), "r-1")
		if !explains {
			g.Expect(row.Verdict).To(Equal(verdict.Blocked), "a row that is %s explains nothing", cause)
			g.Expect(r.conclude().Why).To(ConsistOf(ContainSubstring("1 row blocked")))
			continue
		}
		g.Expect(row.Verdict).To(Equal(verdict.NotTested), "because of a row that is %s", cause)
		g.Expect(row.Reason).To(Equal("because of add3PID r-2: blocked of r-1"))
		g.Expect(row.Because).To(Equal(rowOf("r-2")))
		g.Expect(r.conclude().Exit == 1).To(Equal(cause == verdict.Fail), "only the cause counts")
	}
}

// An operation that refuses what it should grant stops specs of many rows, and only
// one of them is about the reason.
func TestABlockedRowIsExplainedByAFailureOfTheOperationThatCounts(t *testing.T) {
	for name, c := range map[string]struct {
		other    verdict.Candidate
		verdict  verdict.Verdict
		explains bool
	}{
		"it counts":              {must("r-3"), verdict.Fail, true},
		"it is expected":         {must("r-3"), verdict.ExpectedFail, false},
		"it does not count":      {must("r-3", enforced(requirements.Info)), verdict.Fail, false},
		"it was kept by another": {must("r-3"), verdict.Blocked, false},
	} {
		rows := run{
			rows:     []verdict.Candidate{must("r-1"), must("r-2"), c.other},
			outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass), ended("r-3", c.verdict)},
		}.judge()
		want := verdict.Blocked
		if c.explains {
			want = verdict.NotTested
		}
		NewWithT(t).Expect(find(t, rows, "r-1").Verdict).To(Equal(want), name)
	}
}

func TestABlockedRowIsExplainedByAFinding(t *testing.T) {
	r := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2")},
		outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass)},
		findings: []verdict.Finding{finding("r-2", "no JSON")},
	}
	NewWithT(t).Expect(find(t, r.judge(), "r-1").Verdict).To(Equal(verdict.NotTested))
}

func TestAChainOfBlockedRowsLeadsToItsRoot(t *testing.T) {
	g := NewWithT(t)
	rows := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2"), must("r-3"), must("r-4")},
		outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), blockedBy("r-3", "r-4"), ended("r-4", verdict.Fail)},
	}.judge()
	for _, id := range []string{"r-1", "r-2", "r-3"} {
		row := find(t, rows, id)
		g.Expect(row.Verdict).To(Equal(verdict.NotTested), id)
		g.Expect(row.Because).To(Equal(rowOf("r-4")), id)
	}
}

func TestAChainThatEndsAtAPassingRowExplainsNothing(t *testing.T) {
	g := NewWithT(t)
	rows := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2"), must("r-3")},
		outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), ended("r-3", verdict.Pass)},
	}.judge()
	g.Expect(find(t, rows, "r-1").Verdict).To(Equal(verdict.Blocked))
	g.Expect(find(t, rows, "r-2").Verdict).To(Equal(verdict.Blocked))
}

// A run is red when rows are blocked and nothing that was seen explains it.
func TestWhatDoesNotExplainABlockedRow(t *testing.T) {
	nothing := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Blocked, Reason: "refused"}
	elsewhere := nothing
	elsewhere.Because = requirements.Row{Operation: "bind3PID", Requirement: "r-2"}
	for name, c := range map[string]run{
		"no row named":              {outcomes: []verdict.Outcome{nothing}},
		"no such row":               {outcomes: []verdict.Outcome{blockedBy("r-1", "r-9")}},
		"the row of another op":     {outcomes: []verdict.Outcome{elsewhere, ended("r-2", verdict.Fail)}},
		"a row that was not run":    {outcomes: []verdict.Outcome{blockedBy("r-1", "r-2")}},
		"a row that is uncovered":   {outcomes: []verdict.Outcome{blockedBy("r-1", "r-4")}},
		"itself":                    {outcomes: []verdict.Outcome{blockedBy("r-1", "r-1")}},
		"a circle of two":           {outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), blockedBy("r-2", "r-1")}},
		"a circle it only leads to": {outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), blockedBy("r-3", "r-2")}},
	} {
		g := NewWithT(t)
		c.rows = []verdict.Candidate{must("r-1"), must("r-2"), must("r-3"), must("r-4", uncovered), must("r-5")}
		c.outcomes = append(c.outcomes, ended("r-5", verdict.Pass))
		row := find(t, c.judge(), "r-1")
		g.Expect(row.Verdict).To(Equal(verdict.Blocked), name)
		g.Expect(row.Reason).NotTo(ContainSubstring("because of"), name)
		g.Expect(c.conclude().Exit).To(Equal(1), name)
	}
}

func TestOfManyBlockedByOneUnexplainedRowOnlyThatOneCounts(t *testing.T) {
	g := NewWithT(t)
	r := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2"), must("r-3"), must("r-4")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Blocked), blockedBy("r-2", "r-1"), blockedBy("r-3", "r-2"), ended("r-4", verdict.Pass)},
	}
	rows := r.judge()
	g.Expect(find(t, rows, "r-1").Verdict).To(Equal(verdict.Blocked))
	for _, id := range []string{"r-2", "r-3"} {
		row := find(t, rows, id)
		g.Expect(row.Verdict).To(Equal(verdict.NotTested), id)
		g.Expect(row.Because).To(Equal(rowOf("r-1")), id)
	}
	g.Expect(r.conclude().Why).To(ConsistOf(ContainSubstring("1 row blocked")))
}
