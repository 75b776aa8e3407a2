package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"testing"
)

// FuzzCheck holds for any body: nothing panics, Check and CheckStrict agree
// with Decode on what can be judged, and Decode agrees with encoding/json.
func FuzzCheck(f *testing.F) {
	for _, body := range []string{
		``, ` `, `null`, `{}`, `[]`, `0`, `"x"`, `{} {}`, `{}x`, `{"a":1,"a":2}`, `{"\u0061":1,"a":2}`, "{\"a\":\"\xff\"}", `"\ud800"`, `[1,]`,
		`{"a" 1}`, `{"a":1]`, `[[[[`, `1e400`, `1e-400`, `-0`, `1.0`, `[1e999999]`, `tru`, "\ufeff{}", "{}\x00",
		goodList, `{"threepids":null}`, `{"threepids":[{"medium":"fax","added_at":1e3,"validated_at":9223372036854775808}]}`,
		`{"flows":[{"stages":["m.login.password"]}],"params":{"a/b~\u0000":1},"session":"x","completed":[]}`,
		`{"errcode":"M_LIMIT_EXCEEDED","error":"x","retry_after_ms":2.0}`, `{"sid":"a\n","submit_url":"http://h/%zz"}`,
		`{"id_server_unbind_result":"no-support"}`,
	} {
		for operation := range uint8(8) {
			f.Add(operation, uint16(200), []byte(body))
		}
		f.Add(uint8(2), uint16(401), []byte(body))
		f.Add(uint8(0), uint16(429), []byte(body))
		f.Add(uint8(1), uint16(500), []byte(body))
		f.Add(uint8(1), uint16(302), []byte(body))
	}
	operations := Operations()
	set := For(nil)
	f.Fuzz(func(t *testing.T, operation uint8, status uint16, body []byte) {
		value, decodeErr := Decode(body)
		agreesWithEncodingJSON(t, body, value, decodeErr)

		id := operations[int(operation)%len(operations)].ID
		for _, check := range []func(string, int, []byte) ([]Violation, error){set.Check, set.CheckStrict} {
			violations, err := check(id, int(status), body)
			if (err == nil) != (decodeErr == nil) {
				t.Fatalf("Decode says %v, the check says %v", decodeErr, err)
			}
			for _, v := range violations {
				if v.Keyword == "" || v.Detail == "" || v.Schema == "" || v.Rule == "" {
					t.Errorf("an incomplete violation: %+v", v)
				}
				if v.Pointer != "" && !pointsInto(value, v.Pointer) {
					t.Errorf("%q points to nothing in %q", v.Pointer, body)
				}
			}
		}
	})
}

func agreesWithEncodingJSON(t *testing.T, body []byte, value any, err error) {
	t.Helper()
	if err != nil {
		var refused *DecodeError
		if !errors.As(err, &refused) {
			t.Fatalf("Decode returned an untyped error: %v", err)
		}
		if json.Valid(body) && (refused.Kind == NotJSON || refused.Kind == TrailingBytes) {
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

// pointsInto follows an RFC 6901 pointer, by escaping what is there instead of
// unescaping the pointer.
func pointsInto(value any, pointer string) bool {
	if pointer == "" {
		return true
	}
	try := func(name string, child any) bool {
		head := "/" + escapePointer(name)
		return len(pointer) >= len(head) && pointer[:len(head)] == head &&
			(len(pointer) == len(head) || pointer[len(head)] == '/') && pointsInto(child, pointer[len(head):])
	}
	switch value := value.(type) {
	case map[string]any:
		for name, child := range value {
			if try(name, child) {
				return true
			}
		}
	case []any:
		for i, child := range value {
			if try(strconv.Itoa(i), child) {
				return true
			}
		}
	}
	return false
}
