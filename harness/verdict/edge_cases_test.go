package verdict_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// V1: a failure that does not count hides a blocked spec of the same row.
func TestAFailureThatDoesNotCountHidesNoBlockedSpec(t *testing.T) {
	f := finding("r-1", "status 400")
	f.Half = verdict.Strict
	r := run{
		rows:     []verdict.Candidate{must("r-1", secondHalf(requirements.Strict)), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Blocked), ended("r-2", verdict.Pass)},
		findings: []verdict.Finding{f},
	}
	NewWithT(t).Expect(r.conclude().Exit).To(Equal(1))
}

// V2: gates says whether the verdict counts for the exit code.
func TestAFailureOutsideTheSelectionDoesNotGate(t *testing.T) {
	r := run{rows: []verdict.Candidate{must("r-1", notSelected)}, findings: []verdict.Finding{finding("r-1", "no JSON")}}
	NewWithT(t).Expect(r.only(t).Gates).To(BeFalse())
}

// V3
func TestExpectationsAreOneDocument(t *testing.T) {
	_, err := verdict.LoadExpectations(write(t, goodEntry+"---"+goodEntry))
	NewWithT(t).Expect(err).To(HaveOccurred())
}

// V4: excluding the row that would be red turns those blocked by it green.
func TestARowThatWasExcludedExplainsNothing(t *testing.T) {
	excluded := func(c *verdict.Candidate) { c.Excluded, c.Selected = "known", false }
	gated := ended("r-2", verdict.NotTested) // what the gate leaves of an excluded spec
	gated.Reason = "excluded: known"
	r := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2", excluded), must("r-3")},
		outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), gated, ended("r-3", verdict.Pass)},
	}
	NewWithT(t).Expect(find(t, r.judge(), "r-1").Verdict).To(Equal(verdict.Blocked))
}

// V5: conformant = every covered MUST row is pass or not-supported, and
// something passed.
func TestABlockedSHOULDLeavesTheProfileAlone(t *testing.T) {
	r := run{
		rows:     []verdict.Candidate{must("r-1", level(requirements.Should)), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Blocked), ended("r-2", verdict.Pass)},
	}
	NewWithT(t).Expect(verdict.ProfileOf(r.judge())).To(Equal(verdict.Conformant))
}
