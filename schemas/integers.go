package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
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
func checkIntegerWalk(schema any) error {
	switch schema := schema.(type) {
	case []any:
		for _, branch := range schema {
			if err := checkIntegerWalk(branch); err != nil {
				return err
			}
		}
	case map[string]any:
		for keyword, value := range schema {
			list, isList := value.([]any)
			switch {
			case slices.Contains(notWalked, keyword):
				return fmt.Errorf("the integer check does not look below %q; teach it before using the keyword", keyword)
			case keyword == "items" && isList:
				return fmt.Errorf("the integer check does not look into a list of items schemas; teach it before using one")
			case keyword == "type" && slices.Contains(list, any("integer")):
				return fmt.Errorf("the integer check does not know a list of types; teach it before using one")
			case keyword == "properties": // whose keys are names
				value = slices.Collect(maps.Values(value.(map[string]any)))
			}
			if err := checkIntegerWalk(value); err != nil {
				return err
			}
		}
	}
	return nil
}
