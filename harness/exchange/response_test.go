package exchange

import (
	"testing"

	. "github.com/onsi/gomega"
)

func TestReadingAResponse(t *testing.T) {
	read := func(status int, body string) *Response {
		a := &Response{Status: status, Body: []byte(body)}
		a.decode()
		return a
	}
	for name, c := range map[string]struct {
		a                        *Response
		ok, challenge, stdErr    bool
		errcode, kindOfMalformed string
	}{
		"success":                {a: read(200, `{}`), ok: true},
		"created":                {a: read(201, `{}`), ok: true},
		"redirect":               {a: read(302, `{}`)},
		"error":                  {a: read(400, `{"errcode":"M_X","error":""}`), stdErr: true, errcode: "M_X"},
		"server error":           {a: read(500, `{"errcode":"M_X","error":"x"}`), stdErr: true, errcode: "M_X"},
		"error with a 200":       {a: read(200, `{"errcode":"M_X","error":"x"}`), ok: true, errcode: "M_X"},
		"error without text":     {a: read(400, `{"errcode":"M_X"}`), errcode: "M_X"},
		"error without code":     {a: read(400, `{"error":"x"}`)},
		"numeric code":           {a: read(400, `{"errcode":7,"error":"x"}`)},
		"challenge":              {a: read(401, `{"flows":[]}`), challenge: true},
		"challenge after a fail": {a: read(401, `{"flows":[],"errcode":"M_X","error":"x"}`), challenge: true, stdErr: true, errcode: "M_X"},
		"flows with a 403":       {a: read(403, `{"flows":[]}`)},
		"401 for the token":      {a: read(401, `{"errcode":"M_X","error":"x"}`), stdErr: true, errcode: "M_X"},
		"null":                   {a: read(401, `null`), kindOfMalformed: "null"},
		"boolean":                {a: read(401, `true`), kindOfMalformed: "boolean"},
		"number":                 {a: read(401, `1`), kindOfMalformed: "number"},
		"string":                 {a: read(401, `"x"`), kindOfMalformed: "string"},
		"array":                  {a: read(401, `[]`), kindOfMalformed: "array"},
		"nothing":                {a: read(401, ``), kindOfMalformed: "empty body"},
	} {
		g := NewWithT(t)
		g.Expect(c.a.OK()).To(Equal(c.ok), name)
		g.Expect(c.a.IsChallenge()).To(Equal(c.challenge), name)
		g.Expect(c.a.IsStandardError()).To(Equal(c.stdErr), name)
		g.Expect(c.a.Errcode()).To(Equal(c.errcode), name)
		if c.kindOfMalformed == "" {
			g.Expect(c.a.Malformed).NotTo(HaveOccurred(), name)
			continue
		}
		g.Expect(c.a.JSON).To(BeNil(), name)
		g.Expect(c.a.Malformed).To(MatchError(ContainSubstring(c.kindOfMalformed)), name)
	}
	NewWithT(t).Expect((*Response)(nil).String()).To(Equal("no answer"))
}
