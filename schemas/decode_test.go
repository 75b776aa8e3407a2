package schemas

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestDecodeKeepsValues(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Decode([]byte(" {\"a\": [1, 1.0, -0, 1e3, 12345678901234567890], \"b\": {\"ö\\u00f6\": null}, \"\": true, \"s\": \"\"}\r\n\t "))).To(Equal(map[string]any{
		"a": []any{json.Number("1"), json.Number("1.0"), json.Number("-0"), json.Number("1e3"), json.Number("12345678901234567890")},
		"b": map[string]any{"öö": nil},
		"":  true,
		"s": "",
	}))
	g.Expect(Decode([]byte(`"x"`))).To(Equal("x"))
	g.Expect(Decode([]byte(`null`))).To(BeNil())
	g.Expect(Decode([]byte(`[{"a":1},{"a":1}]`))).To(HaveLen(2), "the same key in two objects")
}

func TestDecodeRefuses(t *testing.T) {
	nested := func(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }
	for name, c := range map[string]struct {
		body string
		says []string
	}{
		"empty":               {"", []string{"want one JSON value", "got an empty body"}},
		"HTML":                {"<html>", []string{"want one JSON value", "'<'", "(at byte 1)"}},
		"cut short":           {`{"a": [1`, []string{"want one JSON value", "unexpected end", "(at byte 8)"}},
		"trailing comma":      {`{"a": 1,}`, []string{"want one JSON value", "(at byte 9)"}},
		"missing colon":       {`{"a" 1}`, []string{"want one JSON value", "(at byte 6)"}},
		"number as key":       {`{1: 2}`, []string{"want one JSON value", "(at byte 2)"}},
		"NaN":                 {`{"a": NaN}`, []string{"want one JSON value", "(at byte 7)"}},
		"leading zero":        {`[01]`, []string{"want one JSON value", "(at byte 3)"}},
		"byte order mark":     {"\ufeff{}", []string{"want one JSON value", "(at byte 1)"}},
		"second value":        {`{"a": 1} {"b": 2}`, []string{"want one JSON value", "after top-level value", "(at byte 10)"}},
		"garbage after":       {`{}x`, []string{"want one JSON value", "after top-level value", "(at byte 3)"}},
		"invalid UTF-8":       {"{\"a\": \"\xff\"}", []string{"want JSON in UTF-8"}},
		"duplicate key":       {`{"a": 1, "a": 1}`, []string{"want each key once", "at /a"}},
		"duplicate in depth":  {`{"x": [{"b/c~d": 1, "b/c~d": 2}]}`, []string{"want each key once", " at /x/0/b~1c~0d"}},
		"duplicate by escape": {`{"a": 1, "\u0061": 2}`, []string{"want each key once", " at /a"}},
		"too deep":            {nested(MaxDepth + 1), []string{"nested arrays", " at /0/0"}},
		"much too deep":       {strings.Repeat("[", 10_000_000), []string{"exceeded max depth"}},
		"huge number":         {`{"a": {"b": 1e400}}`, []string{"want a number within", "got 1e400 at /a/b"}},
		"tiny number":         {`[1e-10000000]`, []string{"want a number within", " at /0"}},
		"zero with exponent":  {`0e999999999999999999999`, []string{"want a number within", "at the top level"}},
		"a million digits":    {"0." + strings.Repeat("0", 1_000_000) + "1", []string{"want a number within", " at the top level"}},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			start := time.Now()
			value, err := Decode([]byte(c.body))
			g.Expect(value).To(BeNil())
			for _, part := range c.says {
				g.Expect(err).To(MatchError(ContainSubstring(part)))
			}
			g.Expect(errors.Is(err, ErrNotUTF8)).To(Equal(strings.Contains(c.says[0], "UTF-8")))
			g.Expect(len(err.Error())).To(BeNumerically("<", 250))
			g.Expect(time.Since(start)).To(BeNumerically("<", 10*time.Second))
		})
	}
	NewWithT(t).Expect(Decode([]byte(nested(MaxDepth)))).To(HaveLen(1), "the deepest that is allowed")
}

// A long key above many members must not be copied for each of them.
func TestDecodeCostDoesNotMultiply(t *testing.T) {
	g := NewWithT(t)
	body := `{"` + strings.Repeat("k", 1<<20) + `": [` + strings.Repeat("0,", 1<<19) + `0]}`
	start := time.Now()
	_, err := Decode([]byte(body))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(time.Since(start)).To(BeNumerically("<", 10*time.Second)) // copying would take minutes
}

func TestDecodeErrorsQuoteNoStrings(t *testing.T) {
	g := NewWithT(t)
	for _, body := range []string{`{"token": "s3cret"} s3cret`, `{"token": "s3cret`, `{"token": "s3cret", "token": "s3cret"}`, "{\"token\": \"s3cret\xff\"}"} {
		_, err := Decode([]byte(body))
		g.Expect(err).To(MatchError(Not(ContainSubstring("s3cret"))))
	}
}
