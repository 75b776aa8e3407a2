package schemas

import (
	"math/big"
	"net/url"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

// setFormats replaces the validator's format checks that accept too much and
// adds the one it lacks. The registry is global to the process and set once.
var setFormats = sync.OnceFunc(func() {
	gojsonschema.FormatCheckers.Add("uri", webURI{})
	gojsonschema.FormatCheckers.Add("int64", int64Range{})
})

// formatMeaning explains a format to the reader of a violation.
var formatMeaning = map[string]string{
	"uri":   "an absolute http or https URI",
	"int64": "a whole number of 64 bits",
}

// webURI accepts absolute http and https URIs (RFC 3986) with a host, which is
// what a client can send the submit_url request to. The validator's own check
// is content with "a:b" and "http://".
type webURI struct{}

// IsFormat implements gojsonschema.FormatChecker. Formats of strings do not
// concern other values.
func (webURI) IsFormat(input any) bool {
	text, ok := input.(string)
	if !ok {
		return true
	}
	if strings.ContainsFunc(text, notInURI) {
		return false
	}
	if _, err := url.PathUnescape(text); err != nil {
		return false // a % without two hexadecimal digits; url.Parse lets it pass in a query
	}
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil
}

// notInURI tells the characters that RFC 3986 allows only percent-encoded.
func notInURI(r rune) bool {
	return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\<>\"{}|^`", r)
}

// int64Range accepts whole numbers between -2^63 and 2^63-1. The validator
// hands numbers over as *big.Rat.
type int64Range struct{}

// IsFormat implements gojsonschema.FormatChecker.
func (int64Range) IsFormat(input any) bool {
	number, ok := input.(*big.Rat)
	return !ok || number.IsInt() && number.Num().IsInt64()
}
