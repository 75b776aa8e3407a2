package schemas

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// The numbers that make gojsonschema panic or compute for long, in every place
// of every answer where a schema says something.
func TestHostileNumbersNeitherPanicNorStall(t *testing.T) {
	g := NewWithT(t)
	numbers := []string{"1e400", "-1e400", "1e10000000", "1e-10000000", "1e999999", "1e308", "1e-308", "1e-400", "4.9e-324",
		strings.Repeat("9", 309), strings.Repeat("9", 5_000), "0." + strings.Repeat("3", 5_000), "1e+400", "-0", "-0.0"}
	bodies := []string{`%s`, `{"threepids": %s}`, `{"threepids": [%s]}`, `{"errcode": %s, "error": %[1]s, "retry_after_ms": %[1]s}`,
		`{"threepids": [{"medium": %s, "address": %[1]s, "validated_at": %[1]s, "added_at": %[1]s}]}`, `{"sid": %s, "submit_url": %[1]s}`,
		`{"id_server_unbind_result": %s}`, `{"flows": [{"stages": [%s]}], "params": {"a": %[1]s}, "session": %[1]s, "completed": [%[1]s]}`}
	start := time.Now()
	for _, op := range Operations() {
		for _, status := range []int{200, 401, 429} {
			for _, body := range bodies {
				for _, number := range numbers {
					for _, check := range []func(string, int, []byte) ([]Violation, error){For(nil).Check, For(nil).CheckStrict} {
						_, err := check(op.ID, status, fmt.Appendf(nil, body, number))
						if err != nil {
							g.Expect(errors.As(err, new(*DecodeError))).To(BeTrue(), "%s %d: %v", op.ID, status, err)
						}
					}
				}
			}
		}
	}
	g.Expect(time.Since(start)).To(BeNumerically("<", 30*time.Second))
}

// The validator's panics end in an error; no schema of ours provokes one, so
// one is made here: the validator's raw numbers, which Decode never returns.
func TestPanicsOfTheValidatorAreContained(t *testing.T) {
	g := NewWithT(t)
	s, err := compile("test.json", []byte(`{"uniqueItems": true, "items": {"type": "string"}}`))
	g.Expect(err).NotTo(HaveOccurred())
	_, err = s.validate([]string{"not what Decode makes"})
	g.Expect(err).To(MatchError(ContainSubstring("the validator panicked")))
}
