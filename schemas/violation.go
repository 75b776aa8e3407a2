package schemas

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/xeipuuv/gojsonschema"
)

// Violation is one place where an answer breaks a schema.
type Violation struct {
	// Pointer (RFC 6901) is the offending value, or the object that lacks a
	// key; empty for the whole answer.
	Pointer string `json:"pointer"`
	// Keyword is the JSON Schema keyword that was broken: "required", "type",
	// "enum", "format", "pattern", "minItems" …
	Keyword string `json:"keyword"`
	// Detail says what was wanted and what came. The value itself is shown
	// only where it cannot be a secret.
	Detail string `json:"detail"`
	// Field is the object key concerned: the missing one for "required",
	// otherwise the last key on the way to the value, whatever array indices
	// follow ("stages" for /flows/0/stages/1); empty for the whole answer.
	Field string `json:"field"`
	// Schema is what was broken: version, operation and status, such as
	// v1.6/add3PID/401.json, or the file of the rule, such as
	// strict/error-key.json.
	Schema string `json:"schema"`
	// Rule is RuleSchema, or the rule in prose.
	Rule string `json:"rule"`
}

// String is one line for a log.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s (%s in %s)", orRoot(v.Pointer), v.Detail, v.Keyword, v.Schema)
}

// validate runs the schema over a value that Decode has made and returns what it
// finds, sorted.
func (s *schema) validate(value any) (violations []Violation, err error) {
	schema := s.compiled()
	// The validator panics on some numbers. Decode lets none of them through;
	// should one remain, the run must go on and say so.
	defer func() {
		if r := recover(); r != nil {
			violations, err = nil, fmt.Errorf("schema %s: the validator panicked: %v", s.name, r)
		}
	}()
	// The raw loader is right only because all numbers are json.Number.
	result, err := schema.validator.Validate(gojsonschema.NewRawLoader(withoutWholeFloats(value)))
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", s.name, err)
	}
	for _, e := range result.Errors() {
		keyword, path := keywordOf(e), pathOf(e)
		if keyword == "" {
			continue
		}
		field, got := follow(value, path)
		if key, ok := e.Details()["property"].(string); ok {
			field = key
		}
		violations = append(violations, Violation{
			Pointer: pointerTo(path), Keyword: keyword, Detail: explain(e, keyword, field, got),
			Field: field, Schema: s.name, Rule: s.rule,
		})
	}
	return inOrder(violations), nil
}

// follow returns the last object key on a path into value, and what is there.
func follow(value any, path []string) (lastKey string, there any) {
	for _, segment := range path {
		switch container := value.(type) {
		case map[string]any:
			lastKey, value = segment, container[segment]
		case []any:
			index, err := strconv.Atoi(segment)
			if err != nil || index < 0 || index >= len(container) {
				return lastKey, nil
			}
			value = container[index]
		}
	}
	return lastKey, value
}

// inOrder sorts violations (the validator reports them in random order) and
// removes those that the branches of an allOf report twice.
func inOrder(violations []Violation) []Violation {
	slices.SortFunc(violations, func(a, b Violation) int {
		return cmp.Or(
			cmp.Compare(a.Pointer, b.Pointer),
			cmp.Compare(a.Keyword, b.Keyword),
			cmp.Compare(a.Detail, b.Detail),
		)
	})
	return slices.Compact(violations)
}
