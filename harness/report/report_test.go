package report_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
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
	g.Expect(r.Write(dir)).To(Succeed())
	g.Expect(r.Write(dir)).To(Succeed(), "a second time over the first")
	g.Expect(r.Write(dir + "/none")).To(MatchError(And(ContainSubstring("the report cannot be written"), ContainSubstring(dir+"/none"))))
	for _, path := range []string{dir, filepath.Join(dir, report.JSONFile)} {
		read, err := report.Load(path)
		g.Expect(read, err).To(Equal(r))
	}
}

func TestWhatIsNoReportIsOneSentence(t *testing.T) {
	path := filepath.Join(t.TempDir(), report.JSONFile)
	_, err := report.Load(path)
	NewWithT(t).Expect(err).To(And(MatchError(os.ErrNotExist), MatchError(ContainSubstring("give a report.json or a results folder"))))
	good := written(t, aRun(t))[report.JSONFile]
	for text, want := range map[string]string{
		"":              "is no report of this suite",
		"[]":            "is no report of this suite",
		`{"schema":1}`:  "complete is required",
		`{"schema":2}`:  "has the shape 2, and this version of the suite reads shape 1",
		`{"other":"x"}`: "is no report of this suite",
		strings.Replace(good, `"verdict": "fail"`, `"verdict": "failed"`, 1): "at requirements.",
	} {
		g := NewWithT(t)
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		_, err := report.Load(path)
		g.Expect(err).To(MatchError(And(ContainSubstring(path), ContainSubstring(want), Not(ContainSubstring("\n")))))
	}
}

// The keys that users were promised. One that goes is a change of the shape, which
// needs a new schema number.
var promised = map[string][]string{
	"":             {"schema", "complete", "suite", "target", "profile", "chapters", "operations", "requirements"},
	"suite":        {"version", "commit", "spec", "seed", "started", "finished", "command"},
	"target":       {"url", "server_name", "name", "version", "advertised", "how", "variants"},
	"profile":      {"result", "must", "should", "may", "not_gating_fails"},
	"chapters":     {"name", "result", "counts"},
	"operations":   {"operation_id", "chapter", "request", "result", "counts"},
	"requirements": {"id", "operation", "level", "enforcement", "gates", "verdict", "reason", "because", "link", "specs"},
	"specs":        {"title", "file", "line", "state", "seconds", "exchanges", "rerun"},
}

// Every key that a report has is described, and nothing is described that no
// report has.
func TestReportJSONHasTheKeysThatItsSchemaDescribes(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile("report.schema.json")
	g.Expect(err).NotTo(HaveOccurred())
	var schema map[string]any
	g.Expect(json.Unmarshal(text, &schema)).To(Succeed())
	described, found := map[string]bool{}, map[string]bool{}
	describe(schema, schema, "", described)
	collect(decoded(t, aRun(t)), "", found)
	g.Expect(found).To(Equal(described))
	for where, keys := range promised {
		for _, key := range keys {
			path := strings.ReplaceAll("."+where+"."+key, "..", ".")
			g.Expect(found).To(HaveKey(strings.Replace(path, ".specs.", ".requirements.specs.", 1)))
		}
	}
	for name, r := range map[string]*report.Report{"every verdict": aRun(t), "nothing known": reportOf(t, changes{})} {
		g.Expect(report.Validate([]byte(written(t, r)[report.JSONFile]))).To(Succeed(), name)
	}
}

// describe collects the paths of a schema's properties.
func describe(root, schema map[string]any, path string, found map[string]bool) {
	if ref, ok := schema["$ref"].(string); ok {
		name := strings.TrimPrefix(ref, "#/definitions/")
		describe(root, root["definitions"].(map[string]any)[name].(map[string]any), path, found)
	}
	if items, ok := schema["items"].(map[string]any); ok {
		describe(root, items, path, found)
	}
	properties, _ := schema["properties"].(map[string]any)
	for key, property := range properties {
		found[path+"."+key] = true
		describe(root, property.(map[string]any), path+"."+key, found)
	}
}

// collect collects the paths of a document's keys.
func collect(value any, path string, found map[string]bool) {
	switch value := value.(type) {
	case map[string]any:
		for key, member := range value {
			found[path+"."+key] = true
			collect(member, path+"."+key, found)
		}
	case []any:
		for _, item := range value {
			collect(item, path, found)
		}
	}
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
	g.Expect(all["profile"]).To(And(HaveKeyWithValue("result", "failing"), HaveKeyWithValue("not_gating_fails", 1.0),
		HaveKeyWithValue("exit", 1.0), HaveKeyWithValue("why", HaveLen(2))))
}

func TestReportJSONHoldsAllRowsInCatalogueOrder(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	var rows []requirements.Row
	for _, q := range r.Requirements {
		rows = append(rows, requirements.Row{Operation: q.Operation, Requirement: q.ID})
	}
	g.Expect(rows).To(Equal(requirements.Rows()))
	n, notTested := r.Tested()
	g.Expect(n).To(Equal(len(rows)))
	g.Expect(notTested).To(Equal(n-7), "seven of eight rows of the run have another verdict")
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

	secret := reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: "got <access_token 1>"}})
	g.Expect(written(t, secret)[report.JSONFile]).To(ContainSubstring("<access_token 1>"), "as readers search for it")
}

func TestCountsHoldAllSixVerdictsAndAddUp(t *testing.T) {
	g := NewWithT(t)
	all := decoded(t, aRun(t))
	want := map[string]float64{"pass": 2, "fail": 2, "expected-fail": 1, "not-supported": 1, "blocked": 1,
		"not-tested": float64(len(requirements.Rows()) - 7)}
	check := func(where string, lists ...any) {
		sum := map[string]float64{}
		for _, counts := range lists {
			g.Expect(counts).To(HaveLen(len(want)))
			for name, n := range counts.(map[string]any) {
				sum[name] += n.(float64)
			}
		}
		g.Expect(sum).To(Equal(want), where)
	}
	profile := all["profile"].(map[string]any)
	check("levels", profile["must"], profile["should"], profile["may"])
	g.Expect(profile["should"]).To(And(HaveKeyWithValue("expected-fail", 1.0), HaveKeyWithValue("fail", 1.0), HaveKeyWithValue("pass", 0.0)))
	for _, where := range []string{"chapters", "operations"} {
		var lists []any
		for _, item := range all[where].([]any) {
			lists = append(lists, item.(map[string]any)["counts"])
		}
		check(where, lists...)
	}
}

func TestOperationsHaveAResultEach(t *testing.T) {
	g := NewWithT(t)
	byID := map[string]report.Operation{}
	for _, op := range aRun(t).Operations {
		byID[op.OperationID] = op
	}
	g.Expect(byID).To(HaveLen(len(schemas.Operations())))
	g.Expect(byID["getAccount3PIDs"]).To(And(HaveField("Result", verdict.Failing), HaveField("Request", "GET /account/3pid"), HaveField("Chapter", "contact")))
	g.Expect(byID["add3PID"].Result).To(Equal(verdict.Partial))
	g.Expect(byID["requestTokenTo3PIDEmail"].Result).To(Equal(verdict.Conformant), "rows without a spec say nothing")
}

func TestARunWithoutRowsHasListsAndCounts(t *testing.T) {
	g := NewWithT(t)
	r := &report.Report{}
	r.Rows(nil, verdict.Conclude(nil, nil, nil), nil, "latest")
	all := decoded(t, r)
	g.Expect(all["operations"]).To(HaveLen(len(schemas.Operations())))
	g.Expect(all["profile"]).To(And(HaveKeyWithValue("must", HaveLen(6)), HaveKeyWithValue("why", HaveLen(1))))
	empty := []any{}
	g.Expect(all["target"]).To(And(HaveKeyWithValue("variants", empty), HaveKeyWithValue("advertised", empty)), "lists, never null")
}
