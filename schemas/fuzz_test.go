package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// FuzzCheck holds for any body: nothing panics or stalls, violations are complete,
// and Decode agrees with encoding/json.
func FuzzCheck(f *testing.F) {
	operations, set := Operations(), For([]string{"v1.6"})
	seed := func(body string) {
		for operation := range operations {
			for _, status := range []uint16{200, 302, 401, 429, 500} {
				f.Add(uint8(operation), status, []byte(body))
			}
		}
	}
	for _, body := range []string{
		``, ` `, `null`, `{}`, `[]`, `0`, `"x"`, `{} {}`, `{}x`, `{"a":1,"a":2}`, `{"\u0061":1,"a":2}`, "{\"a\":\"\xff\"}", `"\ud800"`, `[1,]`,
		`{"a" 1}`, `{"a":1]`, `[[[[`, `1e400`, `1e-400`, `-0`, `1.0`, `[1e999999]`, `tru`, "\ufeff{}", "{}\x00",
		goodList, `{"threepids":null}`, `{"threepids":[{"medium":"fax","added_at":1e3,"validated_at":9223372036854775808}]}`,
		`{"flows":[{"stages":["m.login.password"]}],"params":{"a/b~\u0000":1},"session":"x","completed":[]}`,
		`{"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":2.0}`, `{"sid":"a\n","submit_url":"http://h/%zz"}`,
		`{"id_server_unbind_result":"no-support"}`,
	} {
		seed(body)
	}
	// The numbers that make gojsonschema panic or compute for long, in every place
	// of every answer where a schema says something.
	for _, body := range []string{
		`%s`, `{"threepids": [%s]}`, `{"errcode": %s, "error": %[1]s, "retry_after_ms": %[1]s}`,
		`{"threepids": [{"medium": %s, "address": %[1]s, "validated_at": %[1]s, "added_at": %[1]s}]}`, `{"sid": %s, "submit_url": %[1]s}`,
		`{"id_server_unbind_result": %s}`, `{"flows": [{"stages": [%s]}], "params": {"a": %[1]s}, "session": %[1]s, "completed": [%[1]s]}`,
	} {
		for _, number := range []string{"1e400", "1e10000000", "1e-10000000", "1e308", "1e-308", "4.9e-324", "-0.0",
			strings.Repeat("9", 309), strings.Repeat("9", 5_000), "0." + strings.Repeat("3", 5_000)} {
			seed(fmt.Sprintf(body, number))
		}
	}
	f.Fuzz(func(t *testing.T, operation uint8, status uint16, body []byte) {
		value, decodeErr := Decode(body)
		agreesWithEncodingJSON(t, body, value, decodeErr)

		if decodeErr != nil {
			return
		}
		violations, err := set.Check(operations[int(operation)%len(operations)].ID, int(status), value)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range violations {
			if v.Keyword == "" || v.Detail == "" || v.Schema == "" || v.Rule == "" {
				t.Errorf("an incomplete violation: %+v", v)
			}
		}
	})
}

func agreesWithEncodingJSON(t *testing.T, body []byte, value any, err error) {
	t.Helper()
	if err != nil {
		if json.Valid(body) && (strings.Contains(err.Error(), "JSON value")) {
			t.Fatalf("encoding/json accepts %q, Decode says %v", body, err)
		}
		return
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var want any
	if !json.Valid(body) || decoder.Decode(&want) != nil {
		t.Fatalf("Decode accepts %q, encoding/json does not", body)
	}
	if !reflect.DeepEqual(value, want) {
		t.Fatalf("%q: Decode gives %#v, encoding/json %#v", body, value, want)
	}
}
