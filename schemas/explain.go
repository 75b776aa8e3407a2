package schemas

import (
	"encoding/json"
	"fmt"
	"math/big"
	"unicode/utf8"

	"github.com/xeipuuv/gojsonschema"
)

// keywordsByType translates the validator's error types, as far as they are not
// called like the keyword. Those without one only sum up errors that are reported
// as well.
var keywordsByType = map[string]string{
	"array_min_items": "minItems",
	"condition_else":  "",
	"condition_then":  "",
	"invalid_type":    "type",
	"number_all_of":   "",
	"number_gte":      "minimum",
	"number_lte":      "maximum",
	"string_gte":      "minLength",
	"string_lte":      "maxLength",
}

// keywordOf returns the JSON Schema keyword of a validation error, empty for a
// mere summary.
func keywordOf(e gojsonschema.ResultError) string {
	if keyword, ok := keywordsByType[e.Type()]; ok {
		return keyword
	}
	return e.Type()
}

// publicFields hold words of the protocol. Other strings (sid, addresses,
// submit_url …) are described, not quoted, since a log may be public.
var publicFields = map[string]bool{"errcode": true, "id_server_unbind_result": true, "medium": true}

// explain says what was wanted and what came.
func explain(e gojsonschema.ResultError, keyword, field string, value any) string {
	d := e.Details()
	got := describe(value, publicFields[field])
	switch keyword {
	case "required":
		return fmt.Sprintf("the key %q is missing", field)
	case "type":
		if literal, ok := value.(json.Number); ok && d["expected"] == "integer" {
			return fmt.Sprintf("want an integer without fraction and exponent, got %s", shorten(string(literal)))
		}
		return fmt.Sprintf("want %v, got %v", d["expected"], d["given"])
	case "enum":
		return fmt.Sprintf("want one of %v, got %s", d["allowed"], got)
	case "pattern":
		return fmt.Sprintf("want text of the form %v, got %s", d["pattern"], got)
	case "format":
		format := fmt.Sprint(d["format"])
		if meaning, ok := formatMeaning[format]; ok {
			format = meaning
		}
		return fmt.Sprintf("want %s, got %s", format, got)
	case "minItems":
		return fmt.Sprintf("want at least %v in the list, got %s", d["min"], got)
	case "minLength":
		return fmt.Sprintf("want at least %v characters, got %s", d["min"], got)
	case "minimum":
		return fmt.Sprintf("want at least %s, got %s", decimal(d["min"]), got)
	}
	return fmt.Sprintf("%s, got %s", e.Description(), got)
}

// describe renders a value for a message.
func describe(value any, public bool) string {
	switch value := value.(type) {
	case nil:
		return "null"
	case json.Number:
		return shorten(string(value))
	case string:
		if public {
			return fmt.Sprintf("%q", shorten(value))
		}
		return fmt.Sprintf("a string of %d characters", utf8.RuneCountInString(value))
	case []any:
		return fmt.Sprintf("a list of %d", len(value))
	case map[string]any:
		return fmt.Sprintf("an object with %d keys", len(value))
	}
	return fmt.Sprint(value) // true, false
}

// decimal renders a bound in full, where %v would write 1e+12.
func decimal(bound any) string {
	if number, ok := bound.(*big.Float); ok {
		return number.Text('f', -1)
	}
	return fmt.Sprint(bound)
}
