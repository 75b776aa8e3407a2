package report_test

import (
	"maps"
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestWriteMakesFourFilesAndReplacesOldOnes(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	texts := written(t, r)
	g.Expect(slices.Sorted(maps.Keys(texts))).To(Equal([]string{"junit.xml", "report.html", "report.json", "report.md"}))
	for name, text := range texts {
		g.Expect(text).To(HaveSuffix("\n"), name)
	}

	dir := t.TempDir()
	g.Expect(aRun(t).Write(dir)).To(Succeed())
	g.Expect(r.Write(dir)).To(Succeed(), "a second time over the first")
	g.Expect(r.Write(dir + "/none")).To(MatchError(And(ContainSubstring("the report cannot be written"), ContainSubstring(dir+"/none"))))
}

// The keys that users were promised, and the few that were added since. A key
// that is missing here is a change of the shape, which needs a new schema number
// unless it is an addition.
func TestReportJSONHasThePromisedKeys(t *testing.T) {
	promised := map[string][]string{
		"":             {"schema", "complete", "suite", "target", "profile", "chapters", "operations", "requirements"},
		"suite":        {"version", "commit", "spec", "seed", "started", "finished", "command"},
		"target":       {"url", "server_name", "name", "version", "advertised", "how", "variants"},
		"profile":      {"result", "must", "should", "may", "not_gating_fails"},
		"operations":   {"operation_id", "request", "result", "counts"},
		"requirements": {"id", "operation", "level", "enforcement", "gates", "verdict", "reason", "because", "link", "specs"},
		"specs":        {"title", "file", "line", "state", "seconds", "exchanges", "rerun"},
	}
	added := map[string][]string{
		"suite":        {"first_spec", "waits"},
		"operations":   {"chapter"},
		"profile":      {"exit", "why"},
		"requirements": {"statement", "exchanges", "selected"},
		"specs":        {"message", "waits"}, // left out when there is none
	}
	all := decoded(t, aRun(t))
	check := func(where string, value any) {
		t.Helper()
		NewWithT(t).Expect(slices.Collect(maps.Keys(value.(map[string]any)))).
			To(ConsistOf(slices.Concat(promised[where], added[where])), where)
	}
	check("", all)
	for _, where := range []string{"suite", "target", "profile"} {
		check(where, all[where])
	}
	specs := 0
	for _, where := range []string{"operations", "requirements"} {
		for _, item := range all[where].([]any) {
			check(where, item)
			if where == "requirements" {
				for _, spec := range item.(map[string]any)["specs"].([]any) {
					specs++
					check("specs", spec)
				}
			}
		}
	}
	NewWithT(t).Expect(specs).To(Equal(8))
}

func TestReportJSONHoldsSuiteAndTarget(t *testing.T) {
	g := NewWithT(t)
	all := decoded(t, aRun(t))
	g.Expect(all["schema"]).To(BeEquivalentTo(1))
	g.Expect(all["complete"]).To(BeTrue())
	g.Expect(all["suite"]).To(Equal(map[string]any{
		"version": "0.1.0", "commit": "abc", "spec": "v1.6", "seed": 17.0, "command": "conformance run",
		"started": "2026-11-24T14:00:00Z", "finished": "2026-11-24T14:01:30Z",
		"first_spec": "2026-11-24T14:00:01Z",
		"waits":      []any{map[string]any{"reason": "late mails", "started": "2026-11-24T14:01:00Z", "ms": 900.0}},
	}))
	g.Expect(all["target"]).To(Equal(map[string]any{
		"url": "http://127.0.0.1:8008", "server_name": "hs.test", "name": "synapse", "version": "Synapse 1.140.0",
		"advertised": []any{"v1.1", "v1.6"}, "how": "image", "variants": []any{"no-mail", "rate-limited"},
	}))
	profile := all["profile"].(map[string]any)
	g.Expect(profile["result"]).To(Equal("failing"))
	g.Expect(profile["not_gating_fails"]).To(BeEquivalentTo(1))
	g.Expect(profile["exit"]).To(BeEquivalentTo(1))
	g.Expect(profile["why"]).To(HaveLen(2))
}

func TestReportJSONHoldsAllRowsInCatalogueOrder(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	ids := map[string]bool{}
	for i, known := range requirements.Rows() {
		g.Expect(r.Requirements[i]).To(And(HaveField("Operation", known.Operation), HaveField("ID", known.Requirement)))
		ids[known.Requirement] = true
	}
	g.Expect(r.Requirements).To(HaveLen(len(requirements.Rows())))
	g.Expect(ids).To(HaveLen(len(requirements.All())))
	g.Expect(decoded(t, r)["requirements"]).To(HaveLen(len(r.Requirements)))
	rows, notTested := r.Tested()
	g.Expect(rows).To(Equal(len(r.Requirements)))
	g.Expect(notTested).To(Equal(rows-7), "seven of eight rows of the run have another verdict")
}

func TestARowOfReportJSON(t *testing.T) {
	g := NewWithT(t)
	rows := map[string]any{}
	for _, item := range decoded(t, aRun(t))["requirements"].([]any) {
		q := item.(map[string]any)
		rows[q["operation"].(string)+" "+q["id"].(string)] = q
	}
	entry, _ := requirements.Lookup(listFields.Requirement)
	g.Expect(rows["getAccount3PIDs get-003-item-required-fields"]).To(Equal(map[string]any{
		"id": "get-003-item-required-fields", "operation": "getAccount3PIDs", "level": "MUST", "enforcement": "hard",
		"gates": true, "verdict": "fail", "reason": "expected added_at; got <nothing> | \"x\"\n  & more", "because": "",
		"link": "https://spec.matrix.org/v1.6/" + entry.Link, "statement": entry.Statement, "selected": true,
		"exchanges": []any{"p1-3"},
		"specs": []any{map[string]any{
			"title": "a spec of get-003-item-required-fields", "file": "suites/contact/x.go", "line": 12.0, "state": "passed",
			"seconds": 0.25, "exchanges": []any{"p1-1", "p1-2"}, "rerun": "conformance run 'get-003-item-required-fields'", "message": "why",
			"waits": []any{map[string]any{"reason": "a token has to expire", "started": "2026-11-24T14:00:02Z", "ms": 1000.0}},
		}},
	}))
	g.Expect(rows["add3PID add-003-requires-uia"]).To(HaveKeyWithValue("because", "getAccount3PIDs get-003-item-required-fields"))
	g.Expect(rows["getAccount3PIDs get-002-fresh-user-empty"]).To(HaveKeyWithValue("link", "https://issues.example/7"), "the user's link wins")
	g.Expect(rows["bind3PID gen-005-errcode-form"]).To(And(HaveKeyWithValue("gates", false), HaveKeyWithValue("level", "SHOULD"), HaveKeyWithValue("enforcement", "strict")))
	g.Expect(rows["bind3PID gen-001-json-object-body"]).To(And(
		HaveKeyWithValue("selected", false), HaveKeyWithValue("specs", BeEmpty()), HaveKeyWithValue("exchanges", BeEmpty())),
		"empty lists are lists, not null")
}

func TestCountsHoldAllSixVerdictsAndAddUp(t *testing.T) {
	g := NewWithT(t)
	all := decoded(t, aRun(t))
	names := []string{"pass", "fail", "expected-fail", "not-supported", "not-tested", "blocked"}
	sum := map[string]float64{}
	add := func(counts any) {
		g.Expect(slices.Collect(maps.Keys(counts.(map[string]any)))).To(ConsistOf(names))
		for name, n := range counts.(map[string]any) {
			sum[name] += n.(float64)
		}
	}
	want := map[string]float64{"pass": 2, "fail": 2, "expected-fail": 1, "not-supported": 1, "blocked": 1,
		"not-tested": float64(len(requirements.Rows()) - 7)}

	profile := all["profile"].(map[string]any)
	for _, level := range []string{"must", "should", "may"} {
		add(profile[level])
	}
	g.Expect(sum).To(Equal(want), "over the levels")
	clear(sum)
	for _, op := range all["operations"].([]any) {
		add(op.(map[string]any)["counts"])
	}
	g.Expect(sum).To(Equal(want), "over the operations")
	g.Expect(profile["should"]).To(And(HaveKeyWithValue("expected-fail", 1.0), HaveKeyWithValue("fail", 1.0), HaveKeyWithValue("pass", 0.0)))
}

func TestOperationsAreInTheOrderOfTheSpecWithAResultEach(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	var ids []string
	byID := map[string]report.Operation{}
	for _, op := range r.Operations {
		ids = append(ids, op.OperationID)
		byID[op.OperationID] = op
	}
	g.Expect(ids).To(Equal(requirements.Operations()))
	g.Expect(byID["getAccount3PIDs"]).To(And(HaveField("Result", verdict.Failing), HaveField("Request", "GET /account/3pid")))
	g.Expect(byID["add3PID"].Result).To(Equal(verdict.Partial))
	g.Expect(byID["requestTokenTo3PIDEmail"].Result).To(Equal(verdict.Conformant), "rows without a spec say nothing")
}

func TestARunWithoutRowsHasListsAndCounts(t *testing.T) {
	g := NewWithT(t)
	r := &report.Report{}
	r.Rows(nil, verdict.Conclude(nil, nil, nil), nil, "latest")
	all := decoded(t, r)
	g.Expect(all["operations"]).To(HaveLen(8))
	g.Expect(all["profile"]).To(HaveKeyWithValue("must", HaveLen(6)))
	g.Expect(all["profile"]).To(HaveKeyWithValue("why", HaveLen(1)))
}
