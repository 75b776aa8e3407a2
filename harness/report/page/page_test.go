package page_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report/page"
	"threepid-conformance/harness/verdict"
)

func TestEveryVerdictHasAMarkOfItsOwn(t *testing.T) {
	g := NewWithT(t)
	style := string(page.NewHead("title").Style)
	seen := map[string]bool{}
	for _, v := range verdict.All {
		m := page.MarkOf(v, true)
		g.Expect(m.Word).To(Equal(string(v)))
		g.Expect([]rune(m.Symbol)).To(HaveLen(1))
		g.Expect(style).To(MatchRegexp(`[} ]\.` + m.Class + ` \{`))
		g.Expect(seen[m.Symbol] || seen[m.Class]).To(BeFalse(), m.Word)
		seen[m.Symbol], seen[m.Class] = true, true
	}
	weak := page.MarkOf(verdict.Fail, false)
	g.Expect(weak.Word).To(Equal("fail, does not count"))
	g.Expect(seen[weak.Symbol] || seen[weak.Class]).To(BeFalse())
	g.Expect(page.MarkOf(verdict.Pass, false)).To(Equal(page.MarkOf(verdict.Pass, true)), "only a failure counts")
	g.Expect(page.MarkOf("surprise", true)).To(Equal(page.Absent))
	g.Expect(page.Marks).To(HaveLen(len(verdict.All) + 1))
}

func TestResultsHaveMarks(t *testing.T) {
	g := NewWithT(t)
	for p, symbol := range map[verdict.Profile]string{verdict.Conformant: "✓", verdict.Failing: "✗", verdict.Partial: "~"} {
		g.Expect(page.OfProfile(p)).To(And(HaveField("Symbol", symbol), HaveField("Word", string(p))))
	}
}

// A browser runs the script only if the policy has its hash.
func TestThePolicyAllowsOurScriptAlone(t *testing.T) {
	head := page.NewHead("title")
	sum := sha256.Sum256([]byte(head.Script))
	g := NewWithT(t)
	g.Expect(head.Policy).To(ContainSubstring("script-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"))
	g.Expect(head.Policy).To(HavePrefix("default-src 'none'"))
	g.Expect(strings.ToLower(string(head.Script))).NotTo(ContainSubstring("</script"), "which would end it")
	g.Expect(strings.ToLower(string(head.Style))).NotTo(ContainSubstring("</style"))
}
