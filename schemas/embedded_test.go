package schemas

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"
	"github.com/xeipuuv/gojsonschema"
)

// schemaFiles returns the embedded schemas by name.
func schemaFiles(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	names, err := fs.Glob(files, "*/*.json") // strict
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	extracted, err := fs.Glob(files, "*/*/*.json")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	for _, name := range append(names, extracted...) {
		text, err := files.ReadFile(name)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		found[name] = string(text)
	}
	return found
}

// Prose belongs to the specification; these files carry its structure only.
func TestEverySchemaIsValidAndCarriesNoProse(t *testing.T) {
	for name, text := range schemaFiles(t) {
		g := NewWithT(t)
		loader := gojsonschema.NewSchemaLoader()
		loader.Validate = true
		_, err := loader.Compile(gojsonschema.NewStringLoader(text))
		g.Expect(err).NotTo(HaveOccurred(), name)
		_, err = compile(files, name)
		g.Expect(err).NotTo(HaveOccurred())

		var schema map[string]any
		g.Expect(json.Unmarshal([]byte(text), &schema)).To(Succeed())
		g.Expect(schema).To(HaveKeyWithValue("$schema", "http://json-schema.org/draft-07/schema#"), name)
		g.Expect(text).To(HaveSuffix("}\n"), name)
		for _, keyword := range []string{"description", "title", "example", "examples", "deprecated", "$ref"} {
			g.Expect(text).NotTo(ContainSubstring(`"`+keyword+`"`), name)
		}
		g.Expect(text).NotTo(ContainSubstring(`"additionalProperties": false`), name)
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

	for name := range schemaFiles(t) {
		_, err := compile(files, name)
		g.Expect(err).NotTo(HaveOccurred())
	}
	g.Expect(denied.requests).To(BeZero())
}

func TestBrokenSchemasAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ schema, want string }{
		"reference":             {`{"$ref": "https://example.org/schema.json"}`, "$ref"},
		"not JSON":              {`{`, "ends before"},
		"duplicate key":         {`{"type": "object", "type": "array"}`, "each key once"},
		"not an object":         {`true`, "must be a JSON object"},
		"unknown type":          {`{"type": "strin"}`, "strin"},
		"integers below anyOf":  {`{"properties": {"a": {"anyOf": [{"type": "integer"}]}}}`, "anyOf"},
		"integers in a tuple":   {`{"allOf": [{"items": [{"type": "integer"}]}]}`, "items"},
		"integers in type list": {`{"additionalProperties": {"type": ["integer", "null"]}}`, "list of types"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compile(fstest.MapFS{"strict/a.json": {Data: []byte(c.schema)}}, "strict/a.json")
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
