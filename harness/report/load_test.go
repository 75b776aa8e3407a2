package report_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
)

func TestAReportIsReadAsItWasWritten(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	dir := t.TempDir()
	g.Expect(r.Write(dir)).To(Succeed())
	for _, path := range []string{dir, filepath.Join(dir, report.JSONFile)} {
		read, err := report.Load(path)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(read).To(Equal(r))
	}
}

func TestWhatIsNoReportIsOneSentence(t *testing.T) {
	dir := t.TempDir()
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
		path := filepath.Join(dir, report.JSONFile)
		g.Expect(os.WriteFile(path, []byte(text), 0o600)).To(Succeed())
		_, err := report.Load(path)
		g.Expect(err).To(MatchError(And(ContainSubstring(path), ContainSubstring(want), Not(ContainSubstring("\n")))))
	}
	_, err := report.Load(filepath.Join(dir, "none"))
	NewWithT(t).Expect(err).To(And(MatchError(os.ErrNotExist), MatchError(ContainSubstring("give a report.json or a results folder"))))
}

// Every key that a report has is described, and nothing is described that no
// report has.
func TestTheSchemaDescribesEveryKey(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile("report.schema.json")
	g.Expect(err).NotTo(HaveOccurred())
	var schema map[string]any
	g.Expect(json.Unmarshal(text, &schema)).To(Succeed())
	described := map[string]bool{}
	describe(schema, schema, "", described)

	found := map[string]bool{}
	collect(decoded(t, aRun(t)), "", found)
	g.Expect(found).To(Equal(described))
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

func TestReportsSatisfyTheSchema(t *testing.T) {
	for name, r := range map[string]*report.Report{
		"every verdict":   aRun(t),
		"nothing known":   reportOf(t, changes{}),
		"finding outside": withFindingOutsideTheSelection("x"),
	} {
		r.Schema = 1
		r.Suite.Version = "0.1.0"
		NewWithT(t).Expect(report.Validate([]byte(written(t, r)[report.JSONFile]))).To(Succeed(), name)
	}
}
