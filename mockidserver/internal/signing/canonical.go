package signing

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// maxInteger is the largest integer that canonical JSON allows, 2^53-1.
const maxInteger = 1<<53 - 1

// maxNumberLength bounds how a number is written: big.Rat would compute
// 1e999999999 for as long as it takes.
const maxNumberLength = 64

// Canonicalize returns one JSON value in the form that Matrix signs: keys in the
// order of their code points, no space, the shortest escapes, integers only.
// Numbers written with a fraction or an exponent are accepted when they are
// integers (1e10 is 10000000000, -0 is 0).
// Spec: appendices/#canonical-json.
func Canonicalize(raw []byte) ([]byte, error) {
	// jsontext refuses what encoding/json repairs and a verifier must refuse:
	// duplicate keys, lone surrogates and invalid UTF-8.
	strict := jsontext.Value(bytes.Clone(raw))
	if err := strict.Format(); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	decoder := json.NewDecoder(bytes.NewReader(strict))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return appendCanonical(nil, value)
}

// Marshal returns the canonical form of a Go value that encoding/json can write.
func Marshal(v any) ([]byte, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("canonical JSON: %w", err)
	}
	return Canonicalize(raw)
}

// appendCanonical writes what encoding/json has read.
func appendCanonical(out []byte, value any) ([]byte, error) {
	var err error
	switch value := value.(type) {
	case map[string]any:
		out = append(out, '{')
		// The order of UTF-8 bytes, in which Go compares, is that of code points.
		for i, key := range slices.Sorted(maps.Keys(value)) {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = jsontext.AppendQuote(out, key); err != nil {
				return nil, err
			}
			if out, err = appendCanonical(append(out, ':'), value[key]); err != nil {
				return nil, err
			}
		}
		return append(out, '}'), nil
	case []any:
		out = append(out, '[')
		for i, element := range value {
			if i > 0 {
				out = append(out, ',')
			}
			if out, err = appendCanonical(out, element); err != nil {
				return nil, err
			}
		}
		return append(out, ']'), nil
	case string:
		return jsontext.AppendQuote(out, value)
	case json.Number:
		n, err := integer(value.String())
		return strconv.AppendInt(out, n, 10), err
	case bool:
		return strconv.AppendBool(out, value), nil
	}
	return append(out, "null"...), nil
}

// integer reads a number, which must be an integer that canonical JSON allows.
func integer(written string) (int64, error) {
	mantissa, exponent, _ := strings.Cut(strings.ToLower(written), "e")
	if len(mantissa) > maxNumberLength || len(exponent) > 3 {
		return 0, fmt.Errorf("canonical JSON: the number %.20s… is too long to be an allowed integer", written)
	}
	exact, ok := new(big.Rat).SetString(written)
	if !ok || !exact.IsInt() {
		return 0, fmt.Errorf("canonical JSON: %s is not an integer", written)
	}
	if n := exact.Num(); n.IsInt64() && n.Int64() <= maxInteger && n.Int64() >= -maxInteger {
		return n.Int64(), nil
	}
	return 0, fmt.Errorf("canonical JSON: %s is outside [-(2^53)+1, (2^53)-1]", written)
}
