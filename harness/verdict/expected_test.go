package verdict_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/verdict"
)

func TestAnExpectedFindingIsMatchedByWhatItSays(t *testing.T) {
	for _, c := range []struct {
		name, says, message string
		want                verdict.Verdict
	}{
		{"part of the message", "got []", "expected {}, got [] with 200", verdict.ExpectedFail},
		{"white space differs", "got\n  []", "expected {},\tgot   []\nwith 200", verdict.ExpectedFail},
		{"white space around", "  got [] ", "expected {}, got [] with 200", verdict.ExpectedFail},
		{"another message", "got null", "expected {}, got [] with 200", verdict.Fail},
		{"letters differ in case", "GOT []", "expected {}, got [] with 200", verdict.Fail},
		{"white space where there is none", "g o t", "expected {}, got [] with 200", verdict.Fail},
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{must("r-1"), must("r-2")},
			outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)},
			findings: []verdict.Finding{finding("r-1", c.message)},
			known:    expecting("r-1", c.says),
		}
		row := find(t, r.judge(), "r-1")
		g.Expect(row.Verdict).To(Equal(c.want), c.name)
		g.Expect(row.Reason).To(ContainSubstring(c.message), c.name)
		g.Expect(row.Evidence).To(Equal([]string{"p1-7"}), c.name)
		g.Expect(r.conclude().Exit == 1).To(Equal(c.want == verdict.Fail), c.name)
		if c.want == verdict.ExpectedFail {
			g.Expect(row.Reason).To(HavePrefix("old bug"), "%s: the user's reason comes first", c.name)
			g.Expect(row.Link).To(Equal("https://issues.example/1"), c.name)
		}
	}
}

func TestAnotherFailureOfAListedRowStillFails(t *testing.T) {
	g := NewWithT(t)
	r := run{
		rows:     []verdict.Candidate{must("r-1")},
		findings: []verdict.Finding{finding("r-1", "old"), finding("r-1", "new")},
		known:    expecting("r-1", "old"),
	}
	row := r.only(t)
	g.Expect(row.Verdict).To(Equal(verdict.Fail))
	g.Expect(row.Reason).To(Equal("new"))
}

func TestAnExpectationIsForItsRowOnly(t *testing.T) {
	g := NewWithT(t)
	known := expecting("r-1", "old")
	_, ok := known.Match(rowOf("r-1"), "the old one")
	g.Expect(ok).To(BeTrue())
	_, ok = known.Match(rowOf("r-2"), "the old one")
	g.Expect(ok).To(BeFalse())
	_, ok = verdict.Expectations(nil).Match(rowOf("r-1"), "the old one")
	g.Expect(ok).To(BeFalse(), "without a file nothing is expected")
}

func TestAListedRowThatPassesFailsTheRun(t *testing.T) {
	g := NewWithT(t)
	r := run{rows: []verdict.Candidate{must("r-1")}, outcomes: []verdict.Outcome{ended("r-1", verdict.Pass)}, known: expecting("r-1", "old")}
	row := r.only(t)
	g.Expect(row.Verdict).To(Equal(verdict.Pass))
	g.Expect(row.Reason).To(ContainSubstring("remove it from the expectations file"))

	result := r.conclude()
	g.Expect(result.Exit).To(Equal(1))
	g.Expect(result.Why).To(ConsistOf(And(ContainSubstring("add3PID r-1"), ContainSubstring("passes"))))
}

func TestAListedRowThatWasNotExecutedIsNoUnexpectedPass(t *testing.T) {
	g := NewWithT(t)
	r := run{
		rows:     []verdict.Candidate{must("r-1", notSelected), must("r-2"), must("r-3")},
		outcomes: []verdict.Outcome{ended("r-2", verdict.Pass), ended("r-3", verdict.NotSupported)},
		known:    verdict.Expectations{rowOf("r-1"): {}, rowOf("r-3"): {}},
	}
	g.Expect(r.conclude().Why).To(BeEmpty())
}
