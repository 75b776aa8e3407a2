package canonicaljson

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxInteger is the largest integer that canonical JSON allows, 2^53-1.
const maxInteger = 1<<53 - 1

// maxNumberLength bounds the digits and the exponent of a number; nothing
// longer can be an allowed integer unless it is padded with zeros.
const maxNumberLength = 64

// text reads a string and returns what it stands for.
func (p *parser) text() (string, error) {
	p.at++ // the quote
	var text strings.Builder
	for p.at < len(p.raw) {
		c := p.raw[p.at]
		switch {
		case c == '"':
			p.at++
			return text.String(), nil
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			text.WriteRune(r)
		case c < 0x20:
			return "", p.errorf("a control character stands in a string")
		case c < utf8.RuneSelf:
			text.WriteByte(c)
			p.at++
		default:
			r, size := utf8.DecodeRune(p.raw[p.at:])
			if r == utf8.RuneError && size == 1 {
				return "", p.errorf("invalid UTF-8")
			}
			text.WriteRune(r)
			p.at += size
		}
	}
	return "", p.errorf("a string does not end")
}

var shortEscapes = map[byte]rune{
	'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t',
}

func (p *parser) escape() (rune, error) {
	if p.at+1 >= len(p.raw) {
		return 0, p.errorf("a string does not end")
	}
	c := p.raw[p.at+1]
	if r, ok := shortEscapes[c]; ok {
		p.at += 2
		return r, nil
	}
	if c != 'u' {
		return 0, p.errorf(`\%c is no escape`, c)
	}
	first, err := p.hex()
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(first) {
		return first, nil
	}
	if p.at+1 < len(p.raw) && p.raw[p.at] == '\\' && p.raw[p.at+1] == 'u' {
		second, err := p.hex()
		if err != nil {
			return 0, err
		}
		if r := utf16.DecodeRune(first, second); r != utf8.RuneError {
			return r, nil
		}
	}
	return 0, p.errorf("half a surrogate pair stands alone")
}

// hex consumes \uXXXX.
func (p *parser) hex() (rune, error) {
	if p.at+6 > len(p.raw) {
		return 0, p.errorf("an escape is cut off")
	}
	n, err := strconv.ParseUint(string(p.raw[p.at+2:p.at+6]), 16, 16)
	if err != nil {
		return 0, p.errorf("an escape needs four hexadecimal digits")
	}
	p.at += 6
	return rune(n), nil
}

// appendText writes a string with the shortest escapes: what JSON requires and
// nothing else.
func appendText(out []byte, text string) []byte {
	const hexDigits = "0123456789abcdef"
	out = append(out, '"')
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c >= 0x20:
			out = append(out, c)
		case c == '\b':
			out = append(out, '\\', 'b')
		case c == '\f':
			out = append(out, '\\', 'f')
		case c == '\n':
			out = append(out, '\\', 'n')
		case c == '\r':
			out = append(out, '\\', 'r')
		case c == '\t':
			out = append(out, '\\', 't')
		default:
			out = append(out, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
	}
	return append(out, '"')
}

// number reads a JSON number and writes it as a plain integer.
func (p *parser) number(out []byte) ([]byte, error) {
	start := p.at
	digits := func() bool {
		from := p.at
		for p.at < len(p.raw) && '0' <= p.raw[p.at] && p.raw[p.at] <= '9' {
			p.at++
		}
		return p.at > from
	}
	next := func(set string) bool {
		if p.at < len(p.raw) && strings.IndexByte(set, p.raw[p.at]) >= 0 {
			p.at++
			return true
		}
		return false
	}

	next("-")
	if !next("0") && !digits() {
		return nil, p.errorf("a number has no digits")
	}
	if next(".") && !digits() {
		return nil, p.errorf("a number has no digits after its point")
	}
	exponent := ""
	if next("eE") {
		next("+-")
		from := p.at
		if !digits() {
			return nil, p.errorf("a number has no digits in its exponent")
		}
		exponent = strings.TrimLeft(string(p.raw[from:p.at]), "0")
	}
	written := string(p.raw[start:p.at])
	// big.Rat would compute 1e999999999 for as long as it takes.
	if len(written) > maxNumberLength || len(exponent) > 2 {
		return nil, p.errorf("the number is too long to be an allowed integer")
	}
	exact, ok := new(big.Rat).SetString(written)
	if !ok || !exact.IsInt() {
		return nil, p.errorf("%s is not an integer", written)
	}
	n := exact.Num()
	if !n.IsInt64() || n.Int64() > maxInteger || n.Int64() < -maxInteger {
		return nil, p.errorf("%s is outside [-(2^53)+1, (2^53)-1]", written)
	}
	return strconv.AppendInt(out, n.Int64(), 10), nil
}
