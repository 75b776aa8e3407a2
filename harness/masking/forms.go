package masking

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// forms lists every way in which a homeserver could write a secret: as it is,
// JSON-escaped, URL-encoded, and inside a longer base64 text.
func forms(secret string) []string {
	if isUnreserved(secret) { // most are: only strict encoders of URLs change them
		all := append(base64Forms(secret), secret)
		if encoded := percentAll(secret); encoded != secret {
			all = append(all, encoded, lowerEscapes(encoded))
		}
		return all
	}
	set := map[string]bool{secret: true}
	add := func(s string) { set[s] = true }

	quoted, _ := json.Marshal(secret) // a string always marshals
	escaped := string(quoted[1 : len(quoted)-1])
	add(escaped)
	plain := unescapeHTML.Replace(escaped) // Go alone escapes <, > and &
	add(plain)
	add(ascii(plain, "%04x")) // Python escapes everything beyond ASCII
	add(ascii(plain, "%04X"))
	for _, form := range []string{escaped, plain, ascii(plain, "%04x")} {
		add(strings.ReplaceAll(form, "/", `\/`)) // PHP and others escape the slash
	}
	for _, form := range slices.Collect(maps.Keys(set)) { // an answer may quote a body within a string
		again, _ := json.Marshal(form)
		add(string(again[1 : len(again)-1]))
		add(unescapeHTML.Replace(string(again[1 : len(again)-1])))
	}

	for _, encoded := range []string{url.QueryEscape(secret), url.PathEscape(secret), percentAll(secret)} {
		add(encoded)
		add(lowerEscapes(encoded))
	}
	for _, b := range base64Forms(secret) {
		add(b)
	}

	all := make([]string, 0, len(set))
	for s := range set {
		all = append(all, s)
	}
	sort.Strings(all)
	return all
}

// isUnreserved reports whether a text has only what neither JSON nor a URL has to
// escape.
func isUnreserved(s string) bool {
	for i := range len(s) {
		if c := s[i]; !isAlphanumeric(c) && c != '-' && c != '.' && c != '_' && c != '~' {
			return false
		}
	}
	return true
}

func isAlphanumeric(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
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
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(s) + 16) // few have more than eight others
	for i := range len(s) {
		c := s[i]
		if isAlphanumeric(c) {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// lowerEscapes turns %3D into %3d and leaves the rest alone.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			b[i+1], b[i+2] = lower(b[i+1]), lower(b[i+2])
		}
	}
	return string(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'F' {
		return c + 'a' - 'A'
	}
	return c
}

// base64Forms returns what the secret looks like within a base64 text, at each
// of the three alignments, without the edge characters that its neighbours
// influence. Results shorter than eight characters would match by accident and
// are left out.
func base64Forms(secret string) []string {
	found := make([]string, 0, 8)
	shifted := append(make([]byte, 2, 2+len(secret)), secret...)
	for shift := range 3 {
		text := base64.RawStdEncoding.EncodeToString(shifted[2-shift:])
		first := (shift*8 + 5) / 6 // characters that hold bits of the bytes before
		last := (shift + len(secret)) * 8 / 6
		inner := text[first:last]
		if len(inner) < 8 {
			continue
		}
		found = append(found, inner)
		if strings.ContainsAny(inner, "+/") { // where the alphabet for URLs differs
			found = append(found, forURL.Replace(inner))
		}
	}
	return found
}

var forURL = strings.NewReplacer("+", "-", "/", "_")
