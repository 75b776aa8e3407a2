package replay

import (
	"bytes"
	"encoding/json"
	"iter"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// A place is where in an answer a value stands: the same place of another run's
// answer holds that run's value.
type place struct {
	header string   // name of a header, "" for the body
	path   []string // through the body's JSON; nil for a body that is none
	word   int      // which word of the text there; whole for all of it
}

// whole is the word that stands for the entire text.
const whole = -1

// Words and whole texts shorter than these are no values: they would be met by
// chance.
const (
	shortestWord  = 5
	shortestWhole = 4
)

// issuing are the headers in which a server hands something out.
var issuing = []string{"Location", "Set-Cookie"}

// texts are all texts of an answer with their places.
func texts(header http.Header, body []byte) iter.Seq2[place, string] {
	return func(yield func(place, string) bool) {
		for _, name := range issuing {
			if text := header.Get(name); text != "" && !yield(place{header: name, word: whole}, text) {
				return
			}
		}
		value, err := parse(body)
		if err != nil {
			yield(place{word: whole}, string(body))
			return
		}
		leaves(value, nil, yield)
	}
}

// leaves visits the strings and numbers of a JSON value. It returns false when
// the visit was ended.
func leaves(value any, path []string, yield func(place, string) bool) bool {
	switch v := value.(type) {
	case string:
		return yield(place{path: slices.Clone(path), word: whole}, v)
	case json.Number:
		return yield(place{path: slices.Clone(path), word: whole}, v.String())
	case []any:
		for i, item := range v {
			if !leaves(item, append(path, strconv.Itoa(i)), yield) {
				return false
			}
		}
	case map[string]any:
		for key, item := range v {
			if !leaves(item, append(path, key), yield) {
				return false
			}
		}
	}
	return true
}

func parse(body []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	err := decoder.Decode(&value)
	return value, err
}

// An answer is one that values are read from.
type answer struct {
	header http.Header
	body   []byte
	parsed any
	json   bool
}

func newAnswer(header http.Header, body []byte) answer {
	value, err := parse(body)
	return answer{header: header, body: body, parsed: value, json: err == nil}
}

// at returns the text at a place, and whether there is one.
func (a answer) at(p place) (string, bool) {
	var text string
	switch {
	case p.header != "":
		text = a.header.Get(p.header)
	case p.path == nil:
		text = string(a.body)
	case a.json:
		text = leaf(a.parsed, p.path)
	}
	if p.word == whole {
		return text, text != ""
	}
	for n, word := range words(text) {
		if n == p.word {
			return word, true
		}
	}
	return "", false
}

// leaf is the string or number at the end of a path, "" where there is none.
func leaf(value any, path []string) string {
	for _, key := range path {
		switch v := value.(type) {
		case []any:
			i, err := strconv.Atoi(key)
			if err != nil || i >= len(v) {
				return ""
			}
			value = v[i]
		case map[string]any:
			value = v[key]
		default:
			return ""
		}
	}
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// words are the longest sequences of letters, digits, _ and - of a text, numbered
// from 0.
func words(text string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		n := 0
		for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return !inWord(r) }) {
			if !yield(n, word) {
				return
			}
			n++
		}
	}
}

func inWord(r rune) bool {
	return r == '_' || r == '-' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}
