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
		body    string
		kind    DecodeKind
		pointer string
		offset  int64
		says    string
	}{
		"empty":               {body: "", kind: NotJSON, says: "got an empty body"},
		"blank":               {body: " \n", kind: NotJSON, says: "got an empty body"},
		"HTML":                {body: "<html>", kind: NotJSON, offset: 0, says: "'<'"},
		"cut short":           {body: `{"a": [1`, kind: NotJSON, offset: 8, says: "ends before it does"},
		"cut in a string":     {body: `{"a": "b`, kind: NotJSON, says: "ends before it does", offset: 8},
		"trailing comma":      {body: `{"a": 1,}`, kind: NotJSON, offset: 8},
		"comma in array":      {body: `[1,]`, kind: NotJSON, offset: 3},
		"missing comma":       {body: `[1 2]`, kind: NotJSON, offset: 3},
		"missing colon":       {body: `{"a" 1}`, kind: NotJSON, offset: 5},
		"wrong bracket":       {body: `{"a": 1]`, kind: NotJSON, offset: 7},
		"number as key":       {body: `{1: 2}`, kind: NotJSON, offset: 1},
		"single quotes":       {body: `{'a': 1}`, kind: NotJSON, offset: 1},
		"NaN":                 {body: `{"a": NaN}`, kind: NotJSON, offset: 6},
		"leading zero":        {body: `[01]`, kind: NotJSON, offset: 2},
		"byte order mark":     {body: "\ufeff{}", kind: NotJSON, offset: 0},
		"second value":        {body: `{"a": 1} {"b": 2}`, kind: TrailingBytes, offset: 8, says: "8 more bytes"},
		"garbage after":       {body: `{}x`, kind: TrailingBytes, offset: 2, says: "1 more bytes"},
		"NUL after":           {body: "{}\x00", kind: TrailingBytes, offset: 2},
		"invalid UTF-8":       {body: "{\"a\": \"\xff\"}", kind: NotUTF8, offset: 7},
		"Latin-1 key":         {body: "{\"\xf6\": 1}", kind: NotUTF8, offset: 2},
		"UTF-16":              {body: "\xff\xfe{\x00}\x00", kind: NotUTF8, offset: 0},
		"duplicate key":       {body: `{"a": 1, "a": 1}`, kind: DuplicateKey, pointer: "/a", says: "at /a"},
		"duplicate in depth":  {body: `{"x": [{"b/c~d": 1, "b/c~d": 2}]}`, kind: DuplicateKey, pointer: "/x/0/b~1c~0d"},
		"duplicate by escape": {body: `{"a": 1, "\u0061": 2}`, kind: DuplicateKey, pointer: "/a"},
		"too deep":            {body: nested(MaxDepth + 1), kind: TooDeep, pointer: strings.Repeat("/0", MaxDepth)},
		"much too deep":       {body: strings.Repeat("[", 10_000_000), kind: TooDeep, pointer: strings.Repeat("/0", MaxDepth)},
		"huge number":         {body: `{"a": {"b": 1e400}}`, kind: NumberOutOfRange, pointer: "/a/b", says: "got 1e400 at /a/b"},
		"huge exponent":       {body: `[1e10000000]`, kind: NumberOutOfRange, pointer: "/0"},
		"tiny number":         {body: `[1e-10000000]`, kind: NumberOutOfRange, pointer: "/0"},
		"zero with exponent":  {body: `0e999999999999999999999`, kind: NumberOutOfRange, says: "at the top level"},
		"a million digits":    {body: "0." + strings.Repeat("0", 1_000_000) + "1", kind: NumberOutOfRange},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			start := time.Now()
			value, err := Decode([]byte(c.body))
			g.Expect(value).To(BeNil())
			var refused *DecodeError
			g.Expect(errors.As(err, &refused)).To(BeTrue(), "%v", err)
			g.Expect(refused.Kind).To(Equal(c.kind))
			g.Expect(refused.Pointer).To(Equal(c.pointer))
			g.Expect(refused.Offset).To(Equal(c.offset), err.Error())
			g.Expect(err.Error()).To(ContainSubstring(c.says))
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
