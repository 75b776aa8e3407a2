package verdict_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestWhatEndsARunWithExit1(t *testing.T) {
	passing := ended("r-9", verdict.Pass)
	for _, c := range []struct {
		name       string
		run        run
		complaints []string
		why        []string // parts of the sentences, none for exit 0
	}{
		{name: "all passed", run: run{rows: []verdict.Candidate{must("r-9")}, outcomes: []verdict.Outcome{passing}}},
		{
			name: "lawful refusals and expected failures",
			run: run{rows: []verdict.Candidate{must("r-1"), must("r-2"), must("r-9")}, outcomes: []verdict.Outcome{
				ended("r-1", verdict.NotSupported), ended("r-2", verdict.ExpectedFail), passing}},
		},
		{
			name: "one failure",
			run:  run{rows: []verdict.Candidate{must("r-1"), must("r-9")}, outcomes: []verdict.Outcome{ended("r-1", verdict.Fail), passing}},
			why:  []string{"1 row that counts failed"},
		},
		{
			name: "two failures and two blocked",
			run: run{rows: []verdict.Candidate{must("r-1"), must("r-2"), must("r-3"), must("r-4"), must("r-9")}, outcomes: []verdict.Outcome{
				ended("r-1", verdict.Fail), ended("r-2", verdict.Fail), ended("r-3", verdict.Blocked), ended("r-4", verdict.Blocked), passing}},
			why: []string{"2 rows that count failed", "2 rows blocked"},
		},
		{
			name: "a blocked row of a requirement that never counts",
			run:  run{rows: []verdict.Candidate{must("r-1", level(requirements.May), enforced(requirements.Info)), must("r-9")}, outcomes: []verdict.Outcome{ended("r-1", verdict.Blocked), passing}},
			why:  []string{"1 row blocked"},
		},
		{
			name: "nothing selected",
			run:  run{rows: []verdict.Candidate{must("r-1", notSelected), must("r-2", uncovered)}},
			why:  []string{"the selection holds no spec"},
		},
		{
			name: "nothing passed",
			run:  run{rows: []verdict.Candidate{must("r-1"), must("r-2")}, outcomes: []verdict.Outcome{ended("r-1", verdict.NotTested), ended("r-2", verdict.NotSupported)}},
			why:  []string{"nothing passed"},
		},
		{
			name:       "Ginkgo complains",
			run:        run{rows: []verdict.Candidate{must("r-9")}, outcomes: []verdict.Outcome{passing}},
			complaints: []string{"AfterSuite failed: no catcher", "interrupted by user"},
			why:        []string{"AfterSuite failed: no catcher", "interrupted by user"},
		},
	} {
		g := NewWithT(t)
		result := c.run.conclude(c.complaints...)
		sentences := make([]any, len(c.why))
		for i, part := range c.why {
			sentences[i] = ContainSubstring(part)
		}
		g.Expect(result.Why).To(HaveExactElements(sentences...), c.name)
		g.Expect(result.Exit == 1).To(Equal(len(c.why) > 0), c.name)
		g.Expect(result.Exit).To(BeElementOf(0, 1), c.name)
	}
}

func TestCountsAreByLevelAndVerdict(t *testing.T) {
	g := NewWithT(t)
	should, may := level(requirements.Should), level(requirements.May)
	result := run{
		rows: []verdict.Candidate{must("r-1"), must("r-2"), must("r-3", should), must("r-4", should, enforced(requirements.Strict)), must("r-5", may, enforced(requirements.Info)), must("r-6", notSelected)},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Pass), ended("r-2", verdict.Pass), ended("r-3", verdict.Blocked),
			ended("r-4", verdict.Fail), ended("r-5", verdict.Fail)},
	}.conclude()
	g.Expect(result.Counts).To(Equal(map[requirements.Level]map[verdict.Verdict]int{
		requirements.Must:   {verdict.Pass: 2, verdict.NotTested: 1},
		requirements.Should: {verdict.Blocked: 1, verdict.Fail: 1},
		requirements.May:    {verdict.Fail: 1},
	}))
	g.Expect(result.NotGatingFails).To(Equal(2))
	g.Expect(verdict.Levels).To(Equal([]requirements.Level{requirements.Must, requirements.Should, requirements.May}))
}

func TestProfiles(t *testing.T) {
	should, strict := level(requirements.Should), enforced(requirements.Strict)
	one := func(c verdict.Candidate, v verdict.Verdict) run {
		return run{rows: []verdict.Candidate{c, must("r-9")}, outcomes: []verdict.Outcome{ended(c.Row.Requirement, v), ended("r-9", verdict.Pass)}}
	}
	finding := []verdict.Finding{finding("r-1", "no JSON")}
	for _, c := range []struct {
		name string
		run  run
		want verdict.Profile
	}{
		{"MUST passed", one(must("r-1"), verdict.Pass), verdict.Conformant},
		{"MUST lawfully declined", one(must("r-1"), verdict.NotSupported), verdict.Conformant},
		{"MUST not tested", one(must("r-1"), verdict.NotTested), verdict.Partial},
		{"MUST blocked", one(must("r-1"), verdict.Blocked), verdict.Partial},
		{"MUST broken and listed", one(must("r-1"), verdict.ExpectedFail), verdict.Partial},
		{"MUST broken", one(must("r-1"), verdict.Fail), verdict.Failing},
		{"MUST broken, does not count", one(must("r-1", strict), verdict.Fail), verdict.Partial},
		{"SHOULD not tested", one(must("r-1", should), verdict.NotTested), verdict.Conformant},
		{"SHOULD blocked", one(must("r-1", should), verdict.Blocked), verdict.Conformant},
		{"SHOULD broken and listed", one(must("r-1", should), verdict.ExpectedFail), verdict.Conformant},
		{"SHOULD broken, does not count", one(must("r-1", should, strict), verdict.Fail), verdict.Conformant},
		{"SHOULD broken, counts", one(must("r-1", should), verdict.Fail), verdict.Failing},
		{"MUST without a spec", run{rows: []verdict.Candidate{must("r-1", uncovered), must("r-9")}, outcomes: []verdict.Outcome{ended("r-9", verdict.Pass)}}, verdict.Conformant},
		{"MUST without a spec, broken", run{rows: []verdict.Candidate{must("r-1", uncovered), must("r-9")}, outcomes: []verdict.Outcome{ended("r-9", verdict.Pass)}, findings: finding}, verdict.Failing},
		{"MUST not selected", run{rows: []verdict.Candidate{must("r-1", notSelected), must("r-9")}, outcomes: []verdict.Outcome{ended("r-9", verdict.Pass)}}, verdict.Partial},
		{"MUST not selected, broken", run{rows: []verdict.Candidate{must("r-1", notSelected), must("r-9")}, outcomes: []verdict.Outcome{ended("r-9", verdict.Pass)}, findings: finding}, verdict.Partial},
		{"only declined", run{rows: []verdict.Candidate{must("r-1")}, outcomes: []verdict.Outcome{ended("r-1", verdict.NotSupported)}}, verdict.Partial},
		{"only a SHOULD passed", run{rows: []verdict.Candidate{must("r-1", should)}, outcomes: []verdict.Outcome{ended("r-1", verdict.Pass)}}, verdict.Conformant},
		{"no rows", run{}, verdict.Partial},
	} {
		g := NewWithT(t)
		g.Expect(verdict.ProfileOf(c.run.judge())).To(Equal(c.want), c.name)
		g.Expect(c.run.conclude().Profile).To(Equal(c.want), c.name)
		interrupted := c.want
		if c.want == verdict.Conformant {
			interrupted = verdict.Partial
		}
		g.Expect(c.run.conclude("interrupted").Profile).To(Equal(interrupted), "%s, but Ginkgo complains", c.name)
	}
}
