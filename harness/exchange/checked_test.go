package exchange

import (
	"fmt"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/schemas"
)

func TestARepeatedAnswerIsCheckedOnce(t *testing.T) {
	g := NewWithT(t)
	c, asked := new(checked), 0
	of := func(operation string, status int, body string) string {
		found := c.of(&Response{Operation: operation, Status: status, Body: []byte(body)}, func() []schemas.Violation {
			asked++
			return []schemas.Violation{{Detail: fmt.Sprint(operation, status, body)}}
		})
		return found[0].Detail
	}
	for range 3 {
		for _, operation := range []string{"add3PID", "bind3PID"} {
			for _, status := range []int{200, 400} {
				for _, body := range []string{`{}`, `{"a":1}`} {
					g.Expect(of(operation, status, body)).To(Equal(fmt.Sprint(operation, status, body)))
				}
			}
		}
	}
	g.Expect(asked).To(Equal(8))
}

// A server that answers differently each time must not fill the memory.
func TestWhatIsRememberedOfAnswersIsBounded(t *testing.T) {
	g := NewWithT(t)
	c := new(checked)
	none := func() []schemas.Violation { return nil }
	for n := range 2 * mostChecked {
		c.of(&Response{Body: fmt.Append(nil, n)}, none)
		c.of(&Response{Body: []byte(strings.Repeat("x", longestChecked+1+n))}, none)
	}
	g.Expect(c.found).To(HaveLen(mostChecked))
}
