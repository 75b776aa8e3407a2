package verdict_test

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestTheWorstOfSeveralSpecsIsTheRowsVerdict(t *testing.T) {
	order := []verdict.Verdict{
		verdict.Fail, verdict.Blocked, verdict.ExpectedFail,
		verdict.Pass, verdict.NotSupported, verdict.NotTested,
	}
	for i, worse := range order {
		for _, better := range order[i:] {
			for _, outcomes := range [][]verdict.Outcome{
				{ended("r-1", worse), ended("r-1", better)},
				{ended("r-1", better), ended("r-1", worse)},
			} {
				g := NewWithT(t)
				row := run{rows: []verdict.Candidate{must("r-1")}, outcomes: outcomes}.only(t)
				g.Expect(row.Verdict).To(Equal(worse), "%s beside %s", worse, better)
				g.Expect(row.Reason).To(Equal(ended("r-1", worse).Reason), "the reason is that of the verdict")
			}
		}
	}
	NewWithT(t).Expect(verdict.All).To(Equal(order), "reports list the verdicts in this order")
}

func TestTheWinningSpecBringsItsReasonLinkAndCause(t *testing.T) {
	g := NewWithT(t)
	expected := ended("r-1", verdict.ExpectedFail)
	expected.Link = "https://issues.example/1"
	row := run{rows: []verdict.Candidate{must("r-1")}, outcomes: []verdict.Outcome{ended("r-1", verdict.Pass), expected}}.only(t)
	g.Expect(row.Link).To(Equal("https://issues.example/1"))

	row = run{rows: []verdict.Candidate{must("r-1")}, outcomes: []verdict.Outcome{ended("r-1", verdict.Pass), blockedBy("r-1", "r-2")}}.only(t)
	g.Expect(row.Because).To(Equal(rowOf("r-2")))
}

func TestOfTwoFailuresTheOneThatCountsIsShown(t *testing.T) {
	strictHalf := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Half: verdict.Strict, Reason: "status 400"}
	hardHalf := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Half: verdict.Hard, Reason: "granted"}
	for _, outcomes := range [][]verdict.Outcome{{strictHalf, hardHalf}, {hardHalf, strictHalf}} {
		g := NewWithT(t)
		row := run{rows: []verdict.Candidate{must("r-1", secondHalf(requirements.Strict))}, outcomes: outcomes}.only(t)
		g.Expect(row.Reason).To(Equal("granted"))
		g.Expect(row.Half).To(Equal(verdict.Hard))
		g.Expect(row.Gates).To(BeTrue())
	}
}

func TestWhichFailuresCount(t *testing.T) {
	hard, strict, info := requirements.Hard, requirements.Strict, requirements.Info
	for _, c := range []struct {
		name            string
		entry           verdict.Candidate
		half            verdict.Half
		lenient, strict bool // whether it counts
	}{
		{"hard", must("r-1"), verdict.Hard, true, true},
		{"strict", must("r-1", enforced(strict)), verdict.Hard, false, true},
		{"info", must("r-1", enforced(info)), verdict.Hard, false, false},
		{"hard half of hard/strict", must("r-1", secondHalf(strict)), verdict.Hard, true, true},
		{"strict half of hard/strict", must("r-1", secondHalf(strict)), verdict.Strict, false, true},
		{"second half of hard/info", must("r-1", secondHalf(info)), verdict.Strict, false, false},
		{"first half of strict/info", must("r-1", enforced(strict), secondHalf(info)), verdict.Hard, false, true},
		{"second half of hard/hard", must("r-1", secondHalf(hard)), verdict.Strict, true, true},
		{"second half of an entry with one", must("r-1", enforced(strict)), verdict.Strict, false, true},
		{"SHOULD that is hard because a MUST demands it", must("r-1", level(requirements.Should)), verdict.Hard, true, true},
	} {
		for strictRun, counts := range map[bool]bool{false: c.lenient, true: c.strict} {
			g := NewWithT(t)
			failed := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Half: c.half, Reason: "no"}
			r := run{rows: []verdict.Candidate{c.entry, must("r-2")}, outcomes: []verdict.Outcome{failed, ended("r-2", verdict.Pass)}, strict: strictRun}
			row := find(t, r.judge(), "r-1")
			g.Expect(row.Gates).To(Equal(counts), "%s, strict %v", c.name, strictRun)
			g.Expect(verdict.Gates(c.entry.Entry, c.half, strictRun)).To(Equal(counts), "%s, strict %v", c.name, strictRun)
			result := r.conclude()
			g.Expect(result.Exit == 1).To(Equal(counts), "%s, strict %v: exit %d", c.name, strictRun, result.Exit)
			g.Expect(result.NotGatingFails == 1).To(Equal(!counts), "%s, strict %v", c.name, strictRun)
		}
	}
}

func TestAFindingFailsItsRowWhateverItsSpecsSay(t *testing.T) {
	g := NewWithT(t)
	row := run{
		rows:     []verdict.Candidate{must("r-1")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Pass)},
		findings: []verdict.Finding{finding("r-1", "no JSON"), finding("r-1", "later"), {Row: rowOf("r-1"), Message: "elsewhere", Exchange: "p1-9"}},
	}.only(t)
	g.Expect(row.Verdict).To(Equal(verdict.Fail))
	g.Expect(row.Reason).To(Equal("no JSON"), "the first one is the reason")
	g.Expect(row.Evidence).To(Equal([]string{"p1-7", "p1-9"}), "each exchange once")
}

func TestAFindingOfTheStrictHalfDoesNotCountInALenientRun(t *testing.T) {
	f := finding("r-1", "status 400")
	f.Half = verdict.Strict
	for _, strictRun := range []bool{false, true} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{must("r-1", secondHalf(requirements.Strict)), must("r-2")},
			outcomes: []verdict.Outcome{ended("r-1", verdict.Pass), ended("r-2", verdict.Pass)},
			findings: []verdict.Finding{f},
			strict:   strictRun,
		}
		row := find(t, r.judge(), "r-1")
		g.Expect(row.Verdict).To(Equal(verdict.Fail))
		g.Expect(row.Half).To(Equal(verdict.Strict))
		g.Expect(r.conclude().Exit == 1).To(Equal(strictRun))
	}
}

func TestWhereAFindingCounts(t *testing.T) {
	for _, c := range []struct {
		name   string
		row    verdict.Candidate
		counts bool
	}{
		{"selected row whose spec did not run", must("r-1"), true},
		{"row outside the selection", must("r-1", notSelected), false},
		{"row without a spec, nothing filtered", must("r-1", uncovered), true},
		{"row without a spec, something filtered", must("r-1", uncovered, notSelected), false},
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{c.row, must("r-2")},
			outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)},
			findings: []verdict.Finding{finding("r-1", "no JSON")},
		}
		row := find(t, r.judge(), "r-1")
		g.Expect(row.Verdict).To(Equal(verdict.Fail), "%s: it is shown", c.name)
		g.Expect(row.Executed).To(BeTrue(), c.name)
		result := r.conclude()
		g.Expect(result.Exit == 1).To(Equal(c.counts), c.name)
		g.Expect(result.Counts[requirements.Must][verdict.Fail]).To(Equal(1), c.name)
		g.Expect(result.NotGatingFails).To(BeZero(), "%s: it is of a kind that counts", c.name)
	}
}

func TestRowsNobodyJudgedSayWhy(t *testing.T) {
	excluded := func(c *verdict.Candidate) { c.Excluded, c.Selected = "our build has no mail", false }
	for want, c := range map[string]verdict.Candidate{
		"excluded: our build has no mail": must("r-1", excluded),
		"no spec covers this row":         must("r-1", uncovered),
		"not selected":                    must("r-1", notSelected),
	} {
		g := NewWithT(t)
		row := run{rows: []verdict.Candidate{c}}.only(t)
		g.Expect(row.Verdict).To(Equal(verdict.NotTested))
		g.Expect(row.Reason).To(Equal(want))
		g.Expect(row.Executed).To(BeFalse())
	}
}

func TestAFindingOnAnExcludedRowIsShownButDoesNotCount(t *testing.T) {
	g := NewWithT(t)
	excluded := func(c *verdict.Candidate) { c.Excluded, c.Selected = "known", false }
	r := run{
		rows:     []verdict.Candidate{must("r-1", excluded), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)},
		findings: []verdict.Finding{finding("r-1", "no JSON")},
	}
	g.Expect(find(t, r.judge(), "r-1").Verdict).To(Equal(verdict.Fail))
	g.Expect(r.conclude().Exit).To(BeZero())
}

func TestRowsKeepTheirOrderAndOutcomesOfOthersStayAway(t *testing.T) {
	g := NewWithT(t)
	rows := run{
		rows:     []verdict.Candidate{must("r-3"), must("r-1"), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-2", verdict.Fail), ended("r-3", verdict.Pass), {Row: requirements.Row{Operation: "bind3PID", Requirement: "r-1"}, Verdict: verdict.Fail}},
	}.judge()
	got := slices.Collect(func(yield func(string) bool) {
		for _, r := range rows {
			if !yield(r.Row.Requirement + " " + string(r.Verdict)) {
				return
			}
		}
	})
	g.Expect(got).To(Equal([]string{"r-3 pass", "r-1 not-tested", "r-2 fail"}))
}
