package requirements

import (
	"strings"
	"testing"
	"testing/fstest"

	"threepid-conformance/schemas"
)

// A defect of any operation has to have a requirement, whatever a schema may demand in
// a later version.
func TestEveryDefectOfEveryOperationBreaksARequirement(t *testing.T) {
	for _, operation := range Operations() {
		for _, observed := range observations {
			for _, status := range []int{200, 201, 302, 400, 401, 429, 500} {
				d := Defect{Observed: observed, Operation: operation, Status: status}
				if observed == BrokenSchema {
					d.Pointer, d.Keyword, d.Rule = "/later/addition", "type", schemas.RuleSchema
				}
				if _, _, ok := BrokenBy(d); !ok {
					t.Errorf("%+v breaks nothing", d)
				}
			}
		}
	}
}

func TestTheMostExactConditionCounts(t *testing.T) {
	broken := Defect{Observed: BrokenSchema, Status: 429, Rule: "errcode-form", Schema: "v1.19/add3PID/429.json", Keyword: "pattern", Pointer: "/list/0/errcode"}
	for _, fitting := range [][]Condition{ // each is less exact than the one after it
		{{Status: "400+"}, {Status: "429"}, {Status: "400+", Rule: "errcode-form"}, {Status: "429", Rule: "errcode-form"}},
		{{}, {Schema: "/429.json"}, {Schema: "/429.json", Keyword: "pattern"}, {Schema: "/429.json", Keyword: "pattern", Pointer: "/list/*/errcode"}},
	} {
		last := -1
		for _, c := range fitting {
			c.Observed = BrokenSchema
			if !c.fits(broken) || c.exactness() <= last {
				t.Errorf("%+v: expected it to fit and to be more exact than %d, which is %d", c, last, c.exactness())
			}
			last = c.exactness()
		}
	}
	for _, other := range []Condition{
		{Observed: NotJSON}, {Status: "200"}, {Rule: "sid-grammar"}, {Schema: "/200.json"}, {Keyword: "type"}, {Pointer: "/errcode"}, {Pointer: "/*/errcode"},
	} {
		if other.Observed == "" {
			other.Observed = BrokenSchema
		}
		if other.fits(broken) {
			t.Errorf("%+v: expected it not to fit", other)
		}
	}
}

func TestLoadNamesTheMistakeInBrokenBy(t *testing.T) {
	const half = "  strictly: {enforcement: strict, since: v1.13, statement: The errcode is one that exists.}\n"
	for conditions, says := range map[string]string{
		"{observed: bad-weather}":                                  "observed: expected one of",
		"{observed: too-long, colour: red}":                        "colour",
		"{observed: too-long, keyword: type}":                      "are for broken-schema, not for too-long",
		"{observed: broken-schema, status: 4xx}":                   "status: expected one such as 429",
		"{observed: broken-schema, rule: of-thumb}":                "rule: expected one of",
		"{observed: broken-schema, pointer: medium}":               "pointer: expected one such as",
		"{observed: broken-schema, pointer: '/['}":                 "pointer: expected one such as",
		"{observed: not-json, strictly: true}":                     "has no second half",
		"{observed: not-utf8}":                                     "gen-002-other-rule claims the same defects",
		"{observed: broken-schema, status: 429, pointer: /a/*}":    "gen-002-other-rule claims the same defects",
		"{observed: broken-schema, status: 400+, rule: error-key}": "gen-002-other-rule claims the same defects",
	} {
		files := fstest.MapFS{}
		first := strings.Replace(strings.ReplaceAll(sound, "GROUP", "gen"), half, "", 1) + "  broken_by: [" + conditions + "]\n"
		second := strings.ReplaceAll(strings.ReplaceAll(sound, "GROUP-001", "gen-002"), "some-rule", "other-rule") +
			"  broken_by: [{observed: not-utf8}, {observed: broken-schema, status: 429, pointer: /a/b}, {observed: broken-schema, status: 400+, keyword: required}]\n"
		files["common/gen.yaml"] = &fstest.MapFile{Data: []byte(first + second)}
		if _, err := load(files); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: expected a mistake that says %q, got %v", conditions, says, err)
		}
	}
}
