package verdict_test

import (
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
				row := run{rows: []verdict.Candidate{must("r-1")}, outcomes: outcomes}.first()
				g.Expect(row.Verdict).To(Equal(worse), "%s beside %s", worse, better)
				g.Expect(row.Reason).To(Equal(ended("r-1", worse).Reason), "the reason is that of the verdict")
			}
		}
	}
	NewWithT(t).Expect(verdict.All).To(Equal(order), "reports list the verdicts in this order")
}

func TestOfTwoFailuresTheOneThatCountsIsShown(t *testing.T) {
	strictPart := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Strictly: true, Reason: "status 400"}
	hardPart := verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Reason: "granted"}
	for _, outcomes := range [][]verdict.Outcome{{strictPart, hardPart}, {hardPart, strictPart}} {
		row := run{rows: []verdict.Candidate{must("r-1", strictly(requirements.Strict))}, outcomes: outcomes}.first()
		NewWithT(t).Expect(row).To(And(HaveField("Reason", "granted"), HaveField("Gates", true)))
	}
}

func TestWhichFailuresCount(t *testing.T) {
	hard, strict, info := requirements.Hard, requirements.Strict, requirements.Info
	for _, c := range []struct {
		name            string
		entry           verdict.Candidate
		strictly        bool // whether it is of the part that Strictly checks
		lenient, strict bool // whether it counts
	}{
		{"hard", must("r-1"), false, true, true},
		{"strict", must("r-1", enforced(strict)), false, false, true},
		{"info", must("r-1", enforced(info)), false, false, false},
		{"hard part of hard/strict", must("r-1", strictly(strict)), false, true, true},
		{"strict part of hard/strict", must("r-1", strictly(strict)), true, false, true},
		{"second part of hard/info", must("r-1", strictly(info)), true, false, false},
		{"first part of strict/info", must("r-1", enforced(strict), strictly(info)), false, false, true},
		{"second part of hard/hard", must("r-1", strictly(hard)), true, true, true},
		{"second part of an entry with one", must("r-1", enforced(strict)), true, false, true},
		{"SHOULD that is hard because a MUST demands it", must("r-1", level(requirements.Should)), false, true, true},
	} {
		for strictRun, counts := range map[bool]bool{false: c.lenient, true: c.strict} {
			g := NewWithT(t)
			r := run{rows: []verdict.Candidate{c.entry, must("r-2")}, outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)}, strict: strictRun}
			asOutcome, asFinding := r, r
			asOutcome.outcomes = append(r.outcomes, verdict.Outcome{Row: rowOf("r-1"), Verdict: verdict.Fail, Strictly: c.strictly, Reason: "no"})
			asFinding.findings = []verdict.Finding{{Row: rowOf("r-1"), Strictly: c.strictly, Message: "no"}}
			for _, r := range []run{asOutcome, asFinding} {
				g.Expect(r.first().Gates).To(Equal(counts), "%s, strict %v", c.name, strictRun)
				result := r.conclude()
				g.Expect(result.Exit == 1).To(Equal(counts), "%s, strict %v: exit %d", c.name, strictRun, result.Exit)
				g.Expect(result.NotGatingFails == 1).To(Equal(!counts), "%s, strict %v", c.name, strictRun)
			}
		}
	}
}

// What does not count must not hide what does.
func TestAFailureThatDoesNotCountHidesNoBlockedSpec(t *testing.T) {
	f := finding("r-1", "status 400")
	f.Strictly = true
	r := run{
		rows:     []verdict.Candidate{must("r-1", strictly(requirements.Strict)), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Blocked), ended("r-2", verdict.Pass)},
		findings: []verdict.Finding{f},
	}
	NewWithT(t).Expect(r.first()).To(And(HaveField("Verdict", verdict.Blocked), HaveField("Reason", "blocked of r-1; besides: status 400")))
	NewWithT(t).Expect(r.conclude().Exit).To(Equal(1))
}

func TestAFindingFailsItsRowWhateverItsSpecsSay(t *testing.T) {
	row := run{
		rows:     []verdict.Candidate{must("r-1")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Pass)},
		findings: []verdict.Finding{finding("r-1", "no JSON"), finding("r-1", "later"), {Row: rowOf("r-1"), Message: "elsewhere", Exchange: "p1-9"}},
	}.first()
	NewWithT(t).Expect(row).To(And(HaveField("Verdict", verdict.Fail), HaveField("Reason", "no JSON"), HaveField("Evidence", []string{"p1-7", "p1-9"})))
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
		{"row that was excluded", must("r-1", excluded), false},
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{c.row, must("r-2")},
			outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)},
			findings: []verdict.Finding{finding("r-1", "no JSON")},
		}
		row, result := r.first(), r.conclude()
		g.Expect(row).To(And(HaveField("Verdict", verdict.Fail), HaveField("Gates", c.counts), HaveField("Executed", true)), "%s: it is shown", c.name)
		g.Expect(result.Exit == 1).To(Equal(c.counts), c.name)
		g.Expect(result.Counts[requirements.Must][verdict.Fail]).To(Equal(1), c.name)
		g.Expect(result.NotGatingFails).To(BeZero(), "%s: it is of a kind that counts", c.name)
	}
}

func TestRowsNobodyJudgedSayWhy(t *testing.T) {
	for want, c := range map[string]verdict.Candidate{
		"excluded: no mail here":  must("r-1", excluded),
		"no spec covers this row": must("r-1", uncovered),
		"not selected":            must("r-1", notSelected),
	} {
		row := run{rows: []verdict.Candidate{c}}.first()
		NewWithT(t).Expect(row).To(And(HaveField("Verdict", verdict.NotTested), HaveField("Reason", want), HaveField("Executed", false)))
	}
}

func TestRowsKeepTheirOrderAndOutcomesOfOthersStayAway(t *testing.T) {
	r := run{
		rows:     []verdict.Candidate{must("r-3"), must("r-1"), must("r-2")},
		outcomes: []verdict.Outcome{ended("r-2", verdict.Fail), ended("r-3", verdict.Pass), {Row: requirements.Row{Operation: "bind3PID", Requirement: "r-1"}, Verdict: verdict.Fail}},
	}
	NewWithT(t).Expect(r.verdicts()).To(Equal("r-3 pass, r-1 not-tested, r-2 fail"))
}

// A blocked row is not-tested where another row, or a failure of the operation that
// it names, explains it; else it stays blocked and the run is red.
func TestWhatExplainsABlockedRow(t *testing.T) {
	elsewhere := blockedBy("r-1", "r-2")
	elsewhere.Because.Operation = "bind3PID"
	weak := must("r-3", enforced(requirements.Info))
	outcomes := func(o ...verdict.Outcome) []verdict.Outcome { return o }
	for _, c := range []struct {
		name     string
		outcomes []verdict.Outcome
		change   verdict.Candidate // of one of the rows r-1 to r-4
		want     string
	}{
		{name: "the row it names failed", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Fail)),
			want: "r-1 not-tested because of r-2, r-2 fail"},
		{name: "the row it names failed as expected", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.ExpectedFail)),
			want: "r-1 not-tested because of r-2, r-2 expected-fail"},
		{name: "the row it names was declined", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.NotSupported)),
			want: "r-1 not-tested because of r-2, r-2 not-supported"},
		{name: "the row it names passed", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass)),
			want: "r-1 blocked, r-2 pass"},
		{name: "the row it names was not run", outcomes: outcomes(blockedBy("r-1", "r-2")), want: "r-1 blocked, r-2 not-tested"},
		{name: "the row it names is uncovered", outcomes: outcomes(blockedBy("r-1", "r-2")), change: must("r-2", uncovered),
			want: "r-1 blocked, r-2 not-tested"},
		{name: "the row it names was excluded", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.NotTested)), change: must("r-2", excluded),
			want: "r-1 blocked, r-2 not-tested"},
		{name: "there is no such row", outcomes: outcomes(blockedBy("r-1", "r-9")), want: "r-1 blocked"},
		{name: "it names none", outcomes: outcomes(ended("r-1", verdict.Blocked), ended("r-2", verdict.Fail)), want: "r-1 blocked, r-2 fail"},
		{name: "it names a row of another operation", outcomes: outcomes(elsewhere, ended("r-2", verdict.Fail)), want: "r-1 blocked, r-2 fail"},
		{name: "itself", outcomes: outcomes(blockedBy("r-1", "r-1")), want: "r-1 blocked"},
		{name: "a circle", outcomes: outcomes(blockedBy("r-1", "r-2"), blockedBy("r-2", "r-1")), want: "r-1 blocked, r-2 blocked"},
		{name: "a circle that it only leads to", outcomes: outcomes(blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), blockedBy("r-3", "r-2")),
			want: "r-1 blocked, r-2 blocked, r-3 blocked"},
		{name: "a chain to a failure", outcomes: outcomes(blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), ended("r-3", verdict.Fail)),
			want: "r-1 not-tested because of r-3, r-2 not-tested because of r-3, r-3 fail"},
		{name: "a chain to a pass", outcomes: outcomes(blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), ended("r-3", verdict.Pass)),
			want: "r-1 blocked, r-2 blocked, r-3 pass"},
		{name: "a chain to a row that is blocked by nothing", outcomes: outcomes(blockedBy("r-1", "r-2"), blockedBy("r-2", "r-3"), ended("r-3", verdict.Blocked)),
			want: "r-1 not-tested because of r-3, r-2 not-tested because of r-3, r-3 blocked"},
		{name: "another failure of the operation", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass), ended("r-3", verdict.Fail)),
			want: "r-1 not-tested because of r-3, r-2 pass, r-3 fail"},
		{name: "another failure that is expected", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass), ended("r-3", verdict.ExpectedFail)),
			want: "r-1 blocked, r-2 pass, r-3 expected-fail"},
		{name: "another failure that does not count", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass), ended("r-3", verdict.Fail)), change: weak,
			want: "r-1 blocked, r-2 pass, r-3 fail"},
		{name: "another blocked row", outcomes: outcomes(blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass), ended("r-3", verdict.Blocked)),
			want: "r-1 blocked, r-2 pass, r-3 blocked"},
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{must("r-1"), must("r-2"), must("r-3"), must("r-4")},
			outcomes: append(c.outcomes, ended("r-4", verdict.Pass)),
		}
		for i := range r.rows {
			if r.rows[i].Row == c.change.Row {
				r.rows[i] = c.change
			}
		}
		g.Expect(r.verdicts()).To(HavePrefix(c.want), c.name)
		row := r.first()
		g.Expect(row.Reason).To(HaveSuffix(c.outcomes[0].Reason), c.name)
		if row.Verdict == verdict.NotTested {
			g.Expect(row.Reason).To(HavePrefix("because of add3PID "+row.Because.Requirement+": "), c.name)
		} else {
			g.Expect(r.conclude().Exit).To(Equal(1), c.name)
		}
	}
}

func TestABlockedRowIsExplainedByAFinding(t *testing.T) {
	r := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2")},
		outcomes: []verdict.Outcome{blockedBy("r-1", "r-2"), ended("r-2", verdict.Pass)},
		findings: []verdict.Finding{finding("r-2", "no JSON")},
	}
	NewWithT(t).Expect(r.verdicts()).To(Equal("r-1 not-tested because of r-2, r-2 fail"))
}
