package exchange

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"reflect"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// standard is the line as encoding/json writes it.
func standard(g *WithT, r Record) string {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	g.Expect(enc.Encode(r)).To(Succeed())
	return line.String()
}

// awkward are texts that JSON has to escape, or that are no text.
var awkward = []string{
	"", "plain", `"quoted" \ /`, "\x00\x01\b\f\n\r\t\x1f\x7f", "<access_token 1> & more", "äöü € 𝄞",
	"\u2028 and \u2029", "\uFFFD stays", "\xff\xfe", "cut \xe2\x82", "\xed\xa0\x80", "\xf4\x90\x80\x80",
}

func TestALineIsWhatEncodingJSONWrites(t *testing.T) {
	g := NewWithT(t)
	random := rand.New(rand.NewPCG(1, 2))
	text := func() string { return awkward[random.IntN(len(awkward))] }
	texts := func() []string {
		list := make([]string, random.IntN(3))
		for i := range list {
			list[i] = text()
		}
		if len(list) == 0 && random.IntN(2) == 0 {
			return nil
		}
		return list
	}
	message := func() *Message {
		m := &Message{Method: text(), URL: text(), Status: random.IntN(2) * 200, Body: text(), Truncated: random.IntN(2) == 0}
		for range random.IntN(3) {
			if m.Headers == nil {
				m.Headers = map[string][]string{}
			}
			m.Headers[text()] = texts()
		}
		return m
	}
	for range 3000 {
		r := Record{
			ID: text(), Party: text(), Spec: text(), Operation: text(), Started: text(), Millis: float64(random.IntN(1e6)) / 1000,
			Request: *message(), Error: text(), Notes: texts(),
		}
		if random.IntN(2) == 0 {
			r.Response = message()
		}
		for range random.IntN(2) {
			r.Findings = append(r.Findings, verdict.Finding{Row: requirements.Row{Operation: text(), Requirement: text()}, Message: text()})
		}
		line, err := appendLine(nil, &r)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(string(line)).To(Equal(standard(g, r)))
	}
}

// A field that is added to a record has to be written, too.
func TestALineHasEveryField(t *testing.T) {
	g := NewWithT(t)
	var r Record
	fill(reflect.ValueOf(&r).Elem())
	line, err := appendLine(nil, &r)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(line)).To(Equal(standard(g, r)))
}

// fill puts something into every field.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(7)
	case reflect.Float64:
		v.SetFloat(7.5)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		fill(value)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("X"), value)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	}
}
