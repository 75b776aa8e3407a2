// Package canonicaljson writes JSON in the one form that Matrix signs: keys in
// the order of their code points, no space, the shortest escapes, integers only.
//
// It parses by itself because encoding/json repairs what a verifier must refuse:
// duplicate keys, lone surrogates and invalid UTF-8.
// Spec: appendices/#canonical-json.
package canonicaljson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
)

// maxDepth bounds nesting, so that hostile input cannot exhaust the stack.
const maxDepth = 512

// Canonicalize returns the canonical form of one JSON value. Numbers written
// with a fraction or an exponent are accepted when they are integers (1e10 is
// 10000000000, -0 is 0). Errors name the byte offset.
func Canonicalize(raw []byte) ([]byte, error) {
	p := parser{raw: raw}
	out, err := p.value(make([]byte, 0, len(raw)), 0)
	if err != nil {
		return nil, err
	}
	p.space()
	if p.at < len(p.raw) {
		return nil, p.errorf("something follows the value")
	}
	return out, nil
}

// Marshal returns the canonical form of a Go value that encoding/json can write.
func Marshal(v any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return Canonicalize(buffer.Bytes())
}

// A parser reads a value and appends its canonical form to an output.
type parser struct {
	raw []byte
	at  int
}

func (p *parser) errorf(format string, args ...any) error {
	return fmt.Errorf("no canonical JSON at byte %d: %s", p.at, fmt.Sprintf(format, args...))
}

func (p *parser) space() {
	for p.at < len(p.raw) {
		switch p.raw[p.at] {
		case ' ', '\t', '\n', '\r':
			p.at++
		default:
			return
		}
	}
}

// take skips space and consumes c if it comes next.
func (p *parser) take(c byte) bool {
	p.space()
	if p.at < len(p.raw) && p.raw[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *parser) value(out []byte, depth int) ([]byte, error) {
	if depth > maxDepth {
		return nil, p.errorf("nested more than %d deep", maxDepth)
	}
	p.space()
	if p.at == len(p.raw) {
		return nil, p.errorf("a value is missing")
	}
	switch c := p.raw[p.at]; {
	case c == '{':
		return p.object(out, depth)
	case c == '[':
		return p.array(out, depth)
	case c == '"':
		text, err := p.text()
		if err != nil {
			return nil, err
		}
		return appendText(out, text), nil
	case c == '-' || '0' <= c && c <= '9':
		return p.number(out)
	}
	for _, literal := range []string{"true", "false", "null"} {
		if bytes.HasPrefix(p.raw[p.at:], []byte(literal)) {
			p.at += len(literal)
			return append(out, literal...), nil
		}
	}
	return nil, p.errorf("%q begins no value", p.raw[p.at])
}

func (p *parser) array(out []byte, depth int) ([]byte, error) {
	p.at++
	out = append(out, '[')
	if p.take(']') {
		return append(out, ']'), nil
	}
	for {
		var err error
		if out, err = p.value(out, depth+1); err != nil {
			return nil, err
		}
		if p.take(']') {
			return append(out, ']'), nil
		}
		if !p.take(',') {
			return nil, p.errorf("a comma or the end of the array is missing")
		}
		out = append(out, ',')
	}
}

// A member is a key of an object and the canonical form of its value.
type member struct {
	key   string
	value []byte
}

func (p *parser) object(out []byte, depth int) ([]byte, error) {
	p.at++
	if p.take('}') {
		return append(out, '{', '}'), nil
	}
	var members []member
	for {
		p.space()
		if p.at == len(p.raw) || p.raw[p.at] != '"' {
			return nil, p.errorf("a key is missing")
		}
		key, err := p.text()
		if err != nil {
			return nil, err
		}
		if !p.take(':') {
			return nil, p.errorf("a colon is missing")
		}
		value, err := p.value(nil, depth+1)
		if err != nil {
			return nil, err
		}
		members = append(members, member{key, value})
		if p.take('}') {
			break
		}
		if !p.take(',') {
			return nil, p.errorf("a comma or the end of the object is missing")
		}
	}

	// The order of UTF-8 bytes is the order of code points.
	sort.Slice(members, func(i, j int) bool { return members[i].key < members[j].key })
	out = append(out, '{')
	for i, m := range members {
		if i > 0 {
			if m.key == members[i-1].key {
				return nil, p.errorf("the key %q occurs twice", m.key)
			}
			out = append(out, ',')
		}
		out = appendText(out, m.key)
		out = append(out, ':')
		out = append(out, m.value...)
	}
	return append(out, '}'), nil
}
