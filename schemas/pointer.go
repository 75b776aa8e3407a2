package schemas

import (
	"strings"

	"github.com/xeipuuv/gojsonschema"
)

var pointerEscapes = strings.NewReplacer("~", "~0", "/", "~1")

// escapePointer escapes a key for use in a JSON pointer (RFC 6901).
func escapePointer(key string) string { return pointerEscapes.Replace(key) }

// orRoot names the whole value, whose pointer is the empty string.
func orRoot(pointer string) string {
	if pointer == "" {
		return "the top level"
	}
	return pointer
}

// pathOf returns the keys and indices that lead to a validation error. The
// validator joins them with a separator; 0xff occurs in no UTF-8 text, hence
// in no key.
func pathOf(e gojsonschema.ResultError) []string {
	const separator = "\xff"
	return strings.Split(e.Context().String(separator), separator)[1:] // without the name of the root
}

func pointerTo(path []string) string {
	var pointer strings.Builder
	for _, segment := range path {
		pointer.WriteString("/" + escapePointer(segment))
	}
	return pointer.String()
}

// shorten keeps a quotation from filling a log.
func shorten(text string) string {
	const limit = 60
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
