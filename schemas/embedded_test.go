package schemas

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"
	"github.com/xeipuuv/gojsonschema"
)

// schemaFiles returns the embedded schemas by name.
func schemaFiles(t *testing.T) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == operationsFile {
			return err
		}
		found[name], err = files.ReadFile(name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestEverySchemaIsValidDraft07(t *testing.T) {
	g := NewWithT(t)
	all := schemaFiles(t)
	g.Expect(len(all)).To(BeNumerically(">", 50))
	for name, text := range all {
		loader := gojsonschema.NewSchemaLoader()
		loader.Validate = true
		_, err := loader.Compile(gojsonschema.NewBytesLoader(text))
		g.Expect(err).NotTo(HaveOccurred(), name)

		var schema map[string]any
		g.Expect(json.Unmarshal(text, &schema)).To(Succeed())
		g.Expect(schema).To(HaveKeyWithValue("$schema", "http://json-schema.org/draft-07/schema#"), name)
		g.Expect(string(text)).To(HaveSuffix("}\n"), name)
	}
}

// Each documented status that has a body has a file, and the other way round.
func TestFilesAndOperationsAgree(t *testing.T) {
	g := NewWithT(t)
	for _, set := range embedded().sets {
		want := []string{"common/auth_response.json", "common/error.json", "common/rate_limited.json"}
		for _, op := range Operations() {
			for _, status := range op.Statuses {
				want = append(want, op.ID+"/"+statusFile(status))
			}
			if op.Method == http.MethodPost {
				want = append(want, op.ID+"/request.json")
			}
		}
		var have []string
		for name := range set.files {
			have = append(have, name)
		}
		g.Expect(have).To(ConsistOf(want), set.Version)
	}
}

// Prose belongs to the specification; these files carry its structure only.
func TestExtractedSchemasCarryNoProse(t *testing.T) {
	g := NewWithT(t)
	for name, text := range schemaFiles(t) {
		for _, keyword := range []string{"description", "title", "example", "examples", "deprecated", "$ref"} {
			g.Expect(string(text)).NotTo(ContainSubstring(`"`+keyword+`"`), name)
		}
		g.Expect(string(text)).NotTo(ContainSubstring(`"additionalProperties": false`), name)
	}
}

// source.json is for people and for the extractor's --check: it must name the
// sets that are embedded.
func TestSourceNamesTheVersions(t *testing.T) {
	g := NewWithT(t)
	text, err := os.ReadFile("source.json")
	g.Expect(err).NotTo(HaveOccurred())
	var sources map[string]struct {
		Tag   string            `json:"tag"`
		Files map[string]string `json:"files"`
	}
	g.Expect(json.Unmarshal(text, &sources)).To(Succeed())
	g.Expect(sources).To(HaveLen(len(embedded().sets)))
	for _, set := range embedded().sets {
		g.Expect(sources[set.Version].Tag).To(Equal(set.Version))
		g.Expect(sources[set.Version].Files).To(HaveKeyWithValue(
			set.Version+"/client-server/administrative_contact.yaml", MatchRegexp("^[0-9a-f]{64}$")))
	}
}

type noNetwork struct{ requests int }

func (n *noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	n.requests++
	return nil, errors.New("network access denied")
}

func TestCompilingNeedsNoNetwork(t *testing.T) {
	g := NewWithT(t)
	transport := http.DefaultTransport
	denied := &noNetwork{}
	http.DefaultTransport = denied
	defer func() { http.DefaultTransport = transport }()

	_, err := load(files)
	g.Expect(err).NotTo(HaveOccurred())

	_, err = load(fstest.MapFS{"strict/a.json": {Data: []byte(`{"$ref": "https://example.org/schema.json"}`)}})
	g.Expect(err).To(MatchError(And(ContainSubstring("strict/a.json"), ContainSubstring("$ref"))))
	g.Expect(denied.requests).To(BeZero())
}

func TestBrokenSchemasAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ schema, want string }{
		"not JSON":              {`{`, "ends before"},
		"duplicate key":         {`{"type": "object", "type": "array"}`, "each key once"},
		"not an object":         {`true`, "must be a JSON object"},
		"unknown type":          {`{"type": "strin"}`, "strin"},
		"integers below anyOf":  {`{"properties": {"a": {"anyOf": [{"type": "integer"}]}}}`, "anyOf"},
		"integers in a tuple":   {`{"allOf": [{"items": [{"type": "integer"}]}]}`, "items"},
		"integers in type list": {`{"additionalProperties": {"type": ["integer", "null"]}}`, "list of types"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := load(fstest.MapFS{"strict/a.json": {Data: []byte(c.schema)}})
			NewWithT(t).Expect(err).To(MatchError(And(HavePrefix("strict/a.json: "), ContainSubstring(c.want))))
		})
	}
}

func TestRulesAreTheStrictFiles(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Rules()).To(ConsistOf(RuleErrorKey, RuleErrcodeForm, RuleSIDGrammar, RuleFlowsNonEmpty, RuleStagesNonEmpty,
		RuleTimestampMilliseconds, RuleRetryAfterNonNegative))
	for _, rule := range Rules() {
		g.Expect(embedded().strict[rule].name).To(Equal(strictFolder + "/" + rule + ".json"))
		g.Expect(strings.ToLower(rule)).To(Equal(rule))
	}
}
