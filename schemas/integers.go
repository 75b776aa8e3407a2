package schemas

import (
	"encoding/json"
	"math/big"
	"strings"
)

// The validator takes 1.0 and 1e3 for integers, as draft-07 has it. Matrix JSON
// has no floats, so where a schema wants an integer the literal must be one too.
// withoutWholeFloats copies a value with a half added to each number that only its
// literal tells from an integer, which the validator then takes for the float that
// it looks like.
func withoutWholeFloats(value any) any {
	switch value := value.(type) {
	case json.Number:
		if !strings.ContainsAny(string(value), ".eE") {
			return value
		}
		exact, ok := new(big.Rat).SetString(string(value)) // cheap: Decode bounds the literal
		if !ok || !exact.IsInt() {
			return value
		}
		return json.Number(exact.Add(exact, big.NewRat(1, 2)).FloatString(1))
	case []any:
		list := make([]any, len(value))
		for i, element := range value {
			list[i] = withoutWholeFloats(element)
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(value))
		for key, member := range value {
			object[key] = withoutWholeFloats(member)
		}
		return object
	}
	return value
}
