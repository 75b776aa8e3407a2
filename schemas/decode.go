package schemas

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxDepth is how deep arrays and objects may be nested.
const MaxDepth = 200

// maxNumber bounds a number's literal and its exponent. Both are far beyond
// what float64 holds, and small enough for exact arithmetic to be cheap.
const maxNumber = 400

// ErrNotUTF8 is the error of Decode for a body that is not UTF-8.
var ErrNotUTF8 = errors.New("want JSON in UTF-8, got a body with invalid UTF-8")

// Decode decodes one JSON value and refuses what encoding/json lets pass:
// invalid UTF-8, duplicate keys, nesting beyond MaxDepth, and numbers that no
// float64 can hold. Numbers stay json.Number. The error says where the defect is,
// names keys and sizes, and quotes no string value.
func Decode(body []byte) (any, error) {
	if !utf8.Valid(body) {
		return nil, ErrNotUTF8
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, errors.New("want one JSON value, got an empty body")
	}
	var syntax *json.SyntaxError
	if err := json.Unmarshal(body, new(json.RawMessage)); errors.As(err, &syntax) {
		return nil, fmt.Errorf("want one JSON value: %w (at byte %d)", err, syntax.Offset)
	}
	d := &decoder{Decoder: json.NewDecoder(bytes.NewReader(body))}
	d.UseNumber()
	return d.value()
}

// decoder reads a value of valid JSON token by token. Its path leads to where it
// stands; the pointer is made of it only when needed, lest a long key cost its
// length again for each member below.
type decoder struct {
	*json.Decoder
	path []string
}

// value decodes the next value.
func (d *decoder) value() (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		if !affordable(token) {
			return nil, d.defect("want a number within the range of float64 and of at most %d digits, got %s",
				maxNumber, shorten(string(token)))
		}
	case json.Delim:
		if len(d.path) == MaxDepth {
			return nil, d.defect("want at most %d nested arrays and objects, got more", MaxDepth)
		}
		if token == '{' {
			return d.object()
		}
		return d.array()
	}
	return token, nil
}

func (d *decoder) object() (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		key, _ := token.(string)
		if err != nil {
			return nil, err
		}
		d.path = append(d.path, key)
		if _, twice := object[key]; twice {
			return nil, d.defect("want each key once, got one twice")
		}
		if object[key], err = d.value(); err != nil {
			return nil, err
		}
		d.path = d.path[:len(d.path)-1]
	}
	_, err := d.Token() // the closing bracket
	return object, err
}

func (d *decoder) array() (any, error) {
	array := []any{}
	for d.More() {
		d.path = append(d.path, strconv.Itoa(len(array)))
		element, err := d.value()
		if err != nil {
			return nil, err
		}
		array = append(array, element)
		d.path = d.path[:len(d.path)-1]
	}
	_, err := d.Token() // the closing bracket
	return array, err
}

// defect makes the error for a well-formed value that is refused where the
// decoder stands.
func (d *decoder) defect(format string, args ...any) error {
	return fmt.Errorf(format+" at %s", append(args, shorten(orRoot(pointerTo(d.path))))...)
}

// affordable bounds the cost of a number: float64 must hold it, and neither its
// exponent (1e-10000000 underflows without an error) nor its digits may be so
// many that exact arithmetic on it takes noticeable time.
func affordable(n json.Number) bool {
	if _, err := n.Float64(); err != nil || len(n) > maxNumber {
		return false
	}
	i := strings.IndexAny(string(n), "eE")
	if i < 0 {
		return true
	}
	exponent, err := strconv.Atoi(string(n[i+1:]))
	return err == nil && max(exponent, -exponent) <= maxNumber
}
