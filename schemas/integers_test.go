package schemas

import (
	"testing"

	. "github.com/onsi/gomega"
)

// Wherever a schema asks for an integer, a literal that looks like a float is
// refused, and only there.
func TestIntegersMustLookLikeOne(t *testing.T) {
	g := NewWithT(t)
	s := schemaOf(t, `{
		"properties": {
			"n": {"type": "integer"},
			"any": {"type": "number"},
			"list": {"items": {"type": "integer"}},
			"both": {"allOf": [{"type": "integer"}, {"minimum": 0}]},
			"either": {"type": ["integer", "null"]}
		},
		"additionalProperties": {"properties": {"n": {"type": "integer"}}}
	}`)
	for body, want := range map[string][]string{
		`{"n": 1, "any": 1.0, "list": [0, -7], "both": 2, "x": {"n": 3, "other": 1.0}}`: nil,
		`{"n": 1.0}`:                    {`"/n" type n schema`},
		`{"n": 1E3}`:                    {`"/n" type n schema`},
		`{"n": 10e-1}`:                  {`"/n" type n schema`},
		`{"n": 0.0}`:                    {`"/n" type n schema`},
		`{"n": -0}`:                     nil,
		`{"n": 1.5}`:                    {`"/n" type n schema`}, // by the validator, once
		`{"n": "1.0"}`:                  {`"/n" type n schema`},
		`{"list": [1, 2.0]}`:            {`"/list/1" type list schema`},
		`{"either": 2.0}`:               {`"/either" type either schema`},
		`{"both": 2.0}`:                 {`"/both" type both schema`},
		`{"x": {"n": 3.0}}`:             {`"/x/n" type n schema`},
		`{"x": {"n": 3.0}, "n": 1e0}`:   {`"/n" type n schema`, `"/x/n" type n schema`},
		`{"list": 1.0, "x": 1.0}`:       nil,
		`{"list": {"0": 1.0}, "x": []}`: nil,
	} {
		value, err := Decode([]byte(body))
		g.Expect(err).NotTo(HaveOccurred())
		violations, err := s.validate(value)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(brief(violations)).To(HaveExactElements(toAny(want)...), body)
	}
}
