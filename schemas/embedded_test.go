package schemas

import (
	"errors"
	"io/fs"
	"net/http"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
	"github.com/xeipuuv/gojsonschema"
)

// schemaFiles returns the embedded schemas by name.
func schemaFiles(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{strictFolder + "/*", "v1.*/*/*"} {
		names, err := fs.Glob(files, pattern)
		NewWithT(t).Expect(err).NotTo(HaveOccurred())
		for _, name := range names {
			text, err := files.ReadFile(name)
			NewWithT(t).Expect(err).NotTo(HaveOccurred())
			found[name] = string(text)
		}
	}
	return found
}

type noNetwork struct{}

func (noNetwork) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("network access denied")
}

// Prose belongs to the specification; these files carry its structure only. And
// they need no network.
func TestEverySchemaIsValidAndCarriesNoProse(t *testing.T) {
	transport := http.DefaultTransport
	http.DefaultTransport = noNetwork{}
	defer func() { http.DefaultTransport = transport }()
	for name, text := range schemaFiles(t) {
		g := NewWithT(t)
		loader := gojsonschema.NewSchemaLoader()
		loader.Validate = true // against the draft's own schema
		_, err := loader.Compile(gojsonschema.NewStringLoader(text))
		g.Expect(err).NotTo(HaveOccurred(), name)
		_, err = compile([]byte(text))
		g.Expect(err).NotTo(HaveOccurred(), name)

		g.Expect(text).To(ContainSubstring(`"$schema": "http://json-schema.org/draft-07/schema#"`), name)
		for _, keyword := range []string{"description", "title", "example", "examples", "deprecated"} {
			g.Expect(text).NotTo(ContainSubstring(`"`+keyword+`"`), name)
		}
		g.Expect(text).NotTo(ContainSubstring(`"additionalProperties": false`), name)
	}
}

func TestBrokenSchemasAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ schema, want string }{
		"reference":     {`{"$ref": "https://example.org/schema.json"}`, "$ref"},
		"not JSON":      {`{`, "unexpected end"},
		"duplicate key": {`{"type": "object", "type": "array"}`, "each key once"},
		"not an object": {`true`, "must be a JSON object"},
		"unknown type":  {`{"type": "strin"}`, "strin"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := compile([]byte(c.schema))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.want)))
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
