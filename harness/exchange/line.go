package exchange

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// appendLine appends a record as a line of exchanges.jsonl, just as encoding/json
// writes it but that <, > and & stay as they are: readers search for
// "<access_token 1>". It is written by hand because that is done for every exchange,
// and encoding/json takes twice as long.
func appendLine(to []byte, r *Record) ([]byte, error) {
	to = append(to, `{"id":`...)
	to = appendText(to, r.ID)
	to = appendField(to, "party", r.Party)
	to = appendField(to, "spec", r.Spec)
	to = appendField(to, "operation", r.Operation)
	to = append(to, `,"started":`...)
	to = appendText(to, r.Started)
	to = append(to, `,"ms":`...)
	to = strconv.AppendFloat(to, r.Millis, 'f', -1, 64)
	to = append(to, `,"request":`...)
	to = r.Request.appendTo(to)
	if r.Response != nil {
		to = append(to, `,"response":`...)
		to = r.Response.appendTo(to)
	}
	to = appendField(to, "error", r.Error)
	if len(r.Notes) > 0 {
		to = append(to, `,"notes":`...)
		to = appendTexts(to, r.Notes)
	}
	if len(r.Findings) > 0 { // few have any
		to = append(to, `,"findings":`...)
		text := bytes.NewBuffer(to)
		enc := json.NewEncoder(text)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(r.Findings); err != nil {
			return nil, err
		}
		to = bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	}
	return append(to, "}\n"...), nil
}

func (m *Message) appendTo(to []byte) []byte {
	at := len(to)
	to = appendField(to, "method", m.Method)
	to = appendField(to, "url", m.URL)
	if m.Status != 0 {
		to = append(to, `,"status":`...)
		to = strconv.AppendInt(to, int64(m.Status), 10)
	}
	if len(m.Headers) > 0 {
		to = append(to, `,"headers":`...)
		names := len(to)
		for _, name := range m.HeaderNames() {
			to = append(to, ',')
			to = appendText(to, name)
			to = append(to, ':')
			to = appendTexts(to, m.Headers[name])
		}
		to[names] = '{'
		to = append(to, '}')
	}
	to = appendField(to, "body", m.Body)
	if m.Truncated {
		to = append(to, `,"truncated":true`...)
	}
	if len(to) == at {
		return append(to, "{}"...)
	}
	to[at] = '{' // in place of the first comma
	return append(to, '}')
}

// appendField appends a member that is left out when it is empty.
func appendField(to []byte, name, text string) []byte {
	if text == "" {
		return to
	}
	to = append(to, `,"`...)
	to = append(to, name...)
	to = append(to, `":`...)
	return appendText(to, text)
}

func appendTexts(to []byte, texts []string) []byte {
	if texts == nil {
		return append(to, "null"...)
	}
	to = append(to, '[')
	for i, text := range texts {
		if i > 0 {
			to = append(to, ',')
		}
		to = appendText(to, text)
	}
	return append(to, ']')
}

// appendText appends a JSON string. What is no UTF-8 becomes U+FFFD.
func appendText(to []byte, text string) []byte {
	to = append(to, '"')
	done := 0 // text before this offset is in to
	for i, r := range text {
		escape, size := "", 1
		switch {
		case r == '"':
			escape = `\"`
		case r == '\\':
			escape = `\\`
		case r == '\n':
			escape = `\n`
		case r == '\r':
			escape = `\r`
		case r == '\t':
			escape = `\t`
		case r == '\b':
			escape = `\b`
		case r == '\f':
			escape = `\f`
		case r < ' ':
			escape = fmt.Sprintf(`\u%04x`, r)
		case r == '\u2028' || r == '\u2029': // ends a line in JavaScript
			escape, size = fmt.Sprintf(`\u%04x`, r), utf8.RuneLen(r)
		case r == utf8.RuneError && text[i] != "\uFFFD"[0]:
			escape = `\ufffd`
		default:
			continue
		}
		to = append(append(to, text[done:i]...), escape...)
		done = i + size
	}
	to = append(to, text[done:]...)
	return append(to, '"')
}
