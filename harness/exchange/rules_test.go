package exchange

import (
	"slices"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/schemas"
)

func TestEveryRuleNamesARowOfTheCatalogue(t *testing.T) {
	for _, r := range rules {
		g := NewWithT(t)
		entry, ok := requirements.Lookup(r.row)
		g.Expect(ok).To(BeTrue(), "%+v: no such requirement", r)
		operations := []string{r.operation}
		if r.operation == "" {
			operations = requirements.Operations()
		}
		for _, op := range operations {
			g.Expect(entry.Rows()).To(ContainElement(requirements.Row{Operation: op, Requirement: r.row}), "%+v", r)
		}
		if r.rule != "" && r.rule != schemas.RuleSchema {
			g.Expect(schemas.Rules()).To(ContainElement(r.rule), "%+v: no such rule of the schemas", r)
		}
	}
}

// The prose rules of the schemas, each broken by an answer, and the row it is.
func TestEveryProseRuleOfTheSchemasBelongsToARow(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range []struct {
		rule, operation string
		status          int
		body            string
		row             string
	}{
		{schemas.RuleErrorKey, "bind3PID", 403, `{"errcode":"M_X"}`, "gen-004-standard-error-shape"},
		{schemas.RuleErrorKey, "bind3PID", 429, `{"errcode":"M_X"}`, "rl-001-429-shape"},
		{schemas.RuleErrcodeForm, "bind3PID", 403, `{"errcode":"x","error":"x"}`, "gen-005-errcode-form"},
		{schemas.RuleErrcodeForm, "add3PID", 401, `{"flows":[{"stages":["x"]}],"errcode":"x"}`, "gen-005-errcode-form"},
		{schemas.RuleSIDGrammar, "requestTokenTo3PIDEmail", 200, `{"sid":"~"}`, "email-003-sid-grammar"},
		{schemas.RuleSIDGrammar, "requestTokenTo3PIDMSISDN", 200, `{"sid":"~"}`, "email-003-sid-grammar"},
		{schemas.RuleFlowsNonEmpty, "add3PID", 401, `{"flows":[]}`, "uia-002-flows-non-empty"},
		{schemas.RuleStagesNonEmpty, "add3PID", 401, `{"flows":[{"stages":[]}]}`, "uia-002-flows-non-empty"},
		{schemas.RuleTimestampMilliseconds, "getAccount3PIDs", 200, `{"threepids":[{"added_at":1}]}`, "get-005-added-at-milliseconds"},
		{schemas.RuleTimestampMilliseconds, "getAccount3PIDs", 200, `{"threepids":[{"validated_at":1}]}`, "get-006-validated-at-milliseconds"},
		{schemas.RuleRetryAfterNonNegative, "bind3PID", 429, `{"errcode":"M_X","error":"x","retry_after_ms":-1}`, "rl-002-retry-after-ms-type"},
	} {
		g := NewWithT(t)
		value, err := schemas.Decode([]byte(c.body))
		g.Expect(err).NotTo(HaveOccurred())
		broken, err := schemas.For(modern).Check(c.operation, c.status, value)
		g.Expect(err).NotTo(HaveOccurred())
		i := slices.IndexFunc(broken, func(v schemas.Violation) bool { return v.Rule == c.rule })
		g.Expect(i).NotTo(Equal(-1), "%s is not broken by %s", c.rule, c.body)
		row := rowOf(&Response{Operation: c.operation, Status: c.status}, broken[i])
		g.Expect(row).To(Equal(c.row), "%s by %s", c.rule, c.body)
		covered[c.rule] = true
	}
	for _, rule := range schemas.Rules() {
		if !covered[rule] {
			t.Errorf("no answer of this test breaks %s; add one, with the row it belongs to", rule)
		}
	}
}

// Whatever a schema may forbid in a later version, it has a row to go to.
func TestEveryOperationHasARowForAnyViolation(t *testing.T) {
	anything := schemas.Violation{Pointer: "/later/addition", Keyword: "type", Rule: schemas.RuleSchema}
	for _, op := range schemas.Operations() {
		for _, status := range []int{200, 201, 302, 400, 401, 429, 500} {
			id := rowOf(&Response{Operation: op.ID, Status: status}, anything)
			entry, ok := requirements.Lookup(id)
			g := NewWithT(t)
			g.Expect(ok).To(BeTrue())
			g.Expect(entry.Rows()).To(ContainElement(requirements.Row{Operation: op.ID, Requirement: id}), "%s %d", op.ID, status)
			if status >= 400 && status != 429 && (op.ID != "add3PID" || status != 401) {
				g.Expect(id).To(Equal("gen-004-standard-error-shape"), "%s %d", op.ID, status)
			}
		}
	}
	id := rowOf(&Response{Operation: "later", Status: 200}, anything)
	NewWithT(t).Expect(id).To(Equal("gen-001-json-object-body"), "the last resort")
}
