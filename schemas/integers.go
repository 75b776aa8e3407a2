package schemas

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// The validator takes 1.0 and 1e3 for integers, as draft-07 has it. Matrix
// JSON has no floats, so where a schema wants an integer the literal must be
// one too. walkIntegers finds the literals that only look like a float; what
// is no whole number at all the validator reports itself.
//
// It understands the keywords that nest in the schemas of this package;
// checkIntegerWalk refuses a schema that needs more.
func walkIntegers(schema map[string]any, value any, path []string, found func(path []string, literal json.Number)) {
	if branches, ok := schema["allOf"].([]any); ok {
		for _, branch := range branches {
			if branch, ok := branch.(map[string]any); ok {
				walkIntegers(branch, value, path, found)
			}
		}
	}
	switch value := value.(type) {
	case json.Number:
		if schema["type"] == "integer" && isWholeFloat(value) {
			found(path, value)
		}
	case []any:
		items, ok := schema["items"].(map[string]any)
		if !ok {
			return
		}
		for i, item := range value {
			walkIntegers(items, item, append(path, strconv.Itoa(i)), found)
		}
	case map[string]any:
		properties, _ := schema["properties"].(map[string]any)
		others, _ := schema["additionalProperties"].(map[string]any)
		for key, member := range value {
			if declared, ok := properties[key]; ok {
				if declared, ok := declared.(map[string]any); ok {
					walkIntegers(declared, member, append(path, key), found)
				}
			} else if others != nil {
				walkIntegers(others, member, append(path, key), found)
			}
		}
	}
}

// isWholeFloat tells a whole number written with a fraction or an exponent.
func isWholeFloat(n json.Number) bool {
	if !strings.ContainsAny(string(n), ".eE") {
		return false
	}
	exact, ok := new(big.Rat).SetString(string(n)) // cheap: Decode bounds the literal
	return ok && exact.IsInt()
}

// notWalked are the keywords below which walkIntegers would miss an integer.
var notWalked = []string{
	"additionalItems", "anyOf", "contains", "dependencies", "else", "if", "not", "oneOf",
	"patternProperties", "propertyNames", "then",
}

// checkIntegerWalk makes sure that walkIntegers sees all of a schema.
func checkIntegerWalk(schema map[string]any) error {
	for _, keyword := range notWalked {
		if _, used := schema[keyword]; used {
			return fmt.Errorf("the integer check does not look below %q; teach it before using the keyword", keyword)
		}
	}
	switch schema["items"].(type) {
	case []any:
		return fmt.Errorf("the integer check does not look into a list of items schemas; teach it before using one")
	}
	if types, ok := schema["type"].([]any); ok && slices.Contains(types, any("integer")) {
		return fmt.Errorf("the integer check does not know a list of types; teach it before using one")
	}
	for _, child := range children(schema) {
		if err := checkIntegerWalk(child); err != nil {
			return err
		}
	}
	return nil
}

// children returns the schemas directly below the keywords that walkIntegers
// descends into.
func children(schema map[string]any) []map[string]any {
	var list []map[string]any
	add := func(values ...any) {
		for _, value := range values {
			if child, ok := value.(map[string]any); ok {
				list = append(list, child)
			}
		}
	}
	add(schema["items"], schema["additionalProperties"])
	if branches, ok := schema["allOf"].([]any); ok {
		add(branches...)
	}
	if properties, ok := schema["properties"].(map[string]any); ok {
		for _, property := range properties {
			add(property)
		}
	}
	return list
}
