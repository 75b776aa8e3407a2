package signing_test

import (
	"encoding/json"
	"strings"
	"testing"

	"threepid-conformance/mockidserver/internal/signing"
)

func TestCanonicalForm(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"empty object", `{}`, `{}`},
		{"keys are sorted", `{"one":1,"two":"Two"}`, `{"one":1,"two":"Two"}`},
		{"keys are sorted, reversed", `{"b":"2","a":"1"}`, `{"a":"1","b":"2"}`},
		{"space goes", "{ \"b\" : \"2\",\n\"a\"\t:\"1\" }", `{"a":"1","b":"2"}`},
		{"nested", `{"auth":{"success":true,"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"medium":"email","address":"john.doe@example.org"},{"medium":"msisdn","address":"123456789"}]}}}`,
			`{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}`},
		{"non-ASCII stays", `{"a":"日本語"}`, `{"a":"日本語"}`},
		{"non-ASCII keys in order of code points", `{"本":2,"日":1}`, `{"日":1,"本":2}`},
		{"needless escapes go", `{"a":"\u65E5"}`, `{"a":"日"}`},
		{"null", `{"a":null}`, `{"a":null}`},
		{"negative zero and exponent", `{"a":-0,"b":1e10}`, `{"a":0,"b":10000000000}`},
		{"an integer in disguise", `[1.0,12.30e1,100e-2]`, `[1,123,1]`},
		{"control characters, lower case", `"\u001F\u000B"`, `"\u001f\u000b"`},
		{"short escapes", `"\b\f\n\r\t\"\\\/"`, `"\b\f\n\r\t\"\\/"`},
		{"no HTML escapes", `"<>&\u2028\u007f"`, "\"<>&\u2028\x7f\""},
		{"surrogate pair", `"\ud83d\ude00"`, `"😀"`},
		{"beyond the BMP sorts last", `{"\ud83d\ude00":1,"\uffee":2}`, "{\"\uffee\":2,\"😀\":1}"},
		{"largest", `[9007199254740991,-9007199254740991]`, `[9007199254740991,-9007199254740991]`},
		{"literals", `[true,false,null]`, `[true,false,null]`},
	} {
		if got, err := signing.Canonicalize([]byte(c.in)); err != nil || string(got) != c.want {
			t.Errorf("%s: got %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestRefused(t *testing.T) {
	for _, in := range []string{
		``, ` `, `{`, `[1,]`, `{"a":1,}`, `{"a"}`, `{a:1}`, `"a`, `"\x"`, `"\u12"`, `"\u12g4"`, `tru`, `1 2`, `{} {}`,
		`01`, `-`, `1.`, `.5`, `1e`, `+1`, `NaN`,
		`1.5`, `1e-1`, `9007199254740992`, `-9007199254740992`, `9007199254740991.5`, `1e999999999`, `1e400`,
		`{"a":1,"a":1}`, `{"a":1,"\u0061":2}`,
		`"\ud800"`, `"\udc00"`, `"\ud800\ud800"`, `"\ud800x"`, "\"\xff\"", "\"\xed\xa0\x80\"", "\"\x01\"",
		strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000),
	} {
		if got, err := signing.Canonicalize([]byte(in)); err == nil {
			t.Errorf("%.60q was accepted as %.60q", in, got)
		}
	}
}

func TestMarshal(t *testing.T) {
	got, err := signing.Marshal(map[string]any{"z": "<&>", "a": []int64{3, -1}, "raw": json.RawMessage(`{"y":1,"x":2}`)})
	if want := `{"a":[3,-1],"raw":{"x":2,"y":1},"z":"<&>"}`; err != nil || string(got) != want {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
	if _, err := signing.Marshal(1.5); err == nil {
		t.Error("1.5 was accepted")
	}
	if _, err := signing.Marshal(func() {}); err == nil {
		t.Error("a function was accepted")
	}
}
