package masking

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// forms lists every way in which a homeserver could write a secret: as it is,
// JSON-escaped, URL-encoded, and inside a longer base64 text.
func forms(secret string) []string {
	all := inBase64(secret)
	for _, text := range inJSON(secret) {
		all = append(all, inJSON(text)...) // an answer may quote a body within a string
	}
	for _, encoded := range []string{url.QueryEscape(secret), url.PathEscape(secret), percentAll(secret)} {
		all = append(all, encoded, lowerEscapes(encoded))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// inJSON lists a text as it is and as encoders of JSON escape it, each form once.
func inJSON(text string) []string {
	quoted, _ := json.Marshal(text) // a string always marshals
	escaped := string(quoted[1 : len(quoted)-1])
	plain := unescapeHTML.Replace(escaped) // Go alone escapes <, > and &
	all := []string{text, escaped, plain,
		ascii(plain, "%04x"), ascii(plain, "%04X")} // Python escapes everything beyond ASCII
	for _, form := range all[1:] {
		all = append(all, strings.ReplaceAll(form, "/", `\/`)) // PHP and others escape the slash
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var unescapeHTML = strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&")

// ascii writes what is beyond ASCII as UTF-16 escapes of JSON, with hex digits
// in the given format.
func ascii(s, format string) string {
	var b strings.Builder
	for _, r := range s {
		if r < utf8.RuneSelf {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u`+format, unit)
		}
	}
	return b.String()
}

// percentAll encodes everything but letters and digits, as strict encoders do.
func percentAll(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

var percentEscape = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerEscapes turns %3D into %3d and leaves the rest alone.
func lowerEscapes(s string) string { return percentEscape.ReplaceAllStringFunc(s, strings.ToLower) }

// inBase64 lists what a text looks like within a longer one in base64, at each
// of the three alignments, without the edge characters that its neighbours
// influence. Results shorter than eight characters would match by accident and
// are left out.
func inBase64(text string) []string {
	var all []string
	for shift := range 3 {
		for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			encoded := encoding.EncodeToString(append(make([]byte, shift), text...))
			first := (shift*8 + 5) / 6 // characters that hold bits of the bytes before
			last := (shift + len(text)) * 8 / 6
			if last-first >= 8 {
				all = append(all, encoded[first:last])
			}
		}
	}
	return all
}
