package report_test

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/verdict"
)

// R1
func TestListsOfTheTargetAreNeverNull(t *testing.T) {
	r := reportOf(t, changes{listSchema: {Verdict: verdict.Pass}})
	r.Target.Variants, r.Target.Advertised = nil, nil // as world.variants() gives them
	NewWithT(t).Expect(decoded(t, r)["target"]).To(And(HaveKeyWithValue("variants", BeEmpty()), HaveKeyWithValue("advertised", BeEmpty())))
	NewWithT(t).Expect(decoded(t, r)["target"].(map[string]any)["variants"]).NotTo(BeNil())
}

// R2 (with V2)
func TestFailuresOutsideTheSelectionAreNotListedAsCounting(t *testing.T) {
	r := withFindingOutsideTheSelection("no JSON")
	NewWithT(t).Expect(r.Profile.Exit).To(BeZero())
	NewWithT(t).Expect(section(markdown(t, r), "Failed")).To(BeEmpty())
}

// R3
func TestLinksAndNamesFromOutsideKeepToTheirCell(t *testing.T) {
	r := reportOf(t, changes{listFresh: {Verdict: verdict.ExpectedFail, Reason: "x", Link: "https://issues.example/?q=a|b (c)"}})
	r.Target.Version = "<img src=x>\nSynapse"
	text := markdown(t, r)
	lines := strings.Split(strings.TrimSpace(section(text, "Known failures")), "\n")
	NewWithT(t).Expect(strings.Count(strings.ReplaceAll(lines[2], `\|`, ""), "|")).To(Equal(5))
	NewWithT(t).Expect(text).NotTo(ContainSubstring("<img"))
}

// R4
func TestSecretNamesAreReadableInReportJSON(t *testing.T) {
	r := reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: "got <access_token 1>"}})
	NewWithT(t).Expect(written(t, r)["report.json"]).To(ContainSubstring("<access_token 1>"))
}
