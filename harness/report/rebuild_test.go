package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/verdict"
)

// killed is what a run leaves that was killed in its second spec.
func killed(t testing.TB) string {
	t.Helper()
	asked := func(id string, port int, path, spec, versions, more string) string {
		return fmt.Sprintf(`{"id":%q,"spec":%q,"started":"2026-11-24T14:00:0%dZ","ms":500%s,"request":{"method":"GET","url":"http://127.0.0.1:%d%s"},"response":{"status":200,"body":%q}}`,
			id, spec, len(id), more, port, path, versions)
	}
	const spec = "getAccount3PIDs get-003-item-required-fields: lists the fields"
	return evidence(t,
		asked("a", 9009, "/_matrix/client/versions", "preflight", `{"versions":["v1.19"]}`, ""), // a variant may be first
		asked("bb", 8008, "/_matrix/client/versions", "preflight", `{"versions":["v1.1","v1.6"]}`, ""),
		asked("ccc", 8008, "/_matrix/client/v3/account/3pid/bind", "preflight", `{}`, ""),
		asked("dddd", 8008, "/_matrix/client/v3/account/3pid", "getAccount3PIDs get-001-200-schema: is an object", `{}`, ""),
		asked("eeeee", 8008, "/_matrix/client/v3/account/3pid", spec, `{}`, `,"findings":[{"row":{"operation":"getAccount3PIDs","requirement":"gen-005-errcode-form"},"message":"got m_x","exchange":"eeeee"},{"row":{"operation":"getAccount3PIDs","requirement":"get-001-200-schema"},"message":"threepids is null","exchange":"eeeee"}]`),
		asked("ffffff", 8008, "/_matrix/client/v3/account/3pid", spec, `{}`, ""),
		`{"id":"torn","spec":"`,
	)
}

func TestAKilledRunIsRebuiltFromItsExchanges(t *testing.T) {
	g := NewWithT(t)
	dir := killed(t)
	r, err := report.Rebuild(dir, "0.9.9")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(r.Complete).To(BeFalse())
	g.Expect(r.Target.URL).To(Equal("http://127.0.0.1:8008"))
	g.Expect(r.Target.Advertised).To(Equal([]string{"v1.1", "v1.6"}))
	g.Expect(r.Suite).To(And(HaveField("Version", "0.9.9"), HaveField("Spec", "v1.6")))
	g.Expect(r.Suite.Finished.Sub(r.Suite.Started).Seconds()).To(Equal(5.5))
	g.Expect(r.Profile.Exit).To(Equal(1))
	g.Expect(r.Profile.Why).To(ContainElement(ContainSubstring("the run was killed")))

	rows := map[string]report.Requirement{}
	for _, q := range r.Requirements {
		rows[q.Operation+" "+q.ID] = q
		if q.Verdict != verdict.Fail {
			g.Expect(q).To(And(HaveField("Verdict", verdict.NotTested), HaveField("Reason", "the run was killed")))
		}
	}
	schema := rows["getAccount3PIDs get-001-200-schema"]
	g.Expect(schema).To(And(HaveField("Verdict", verdict.Fail), HaveField("Gates", true), HaveField("Reason", "threepids is null"), HaveField("Exchanges", []string{"eeeee"})))
	g.Expect(schema.Specs).To(ConsistOf(And(HaveField("Title", "is an object"), HaveField("Exchanges", []string{"dddd"}))))
	g.Expect(rows["getAccount3PIDs gen-005-errcode-form"]).To(And(HaveField("Verdict", verdict.Fail), HaveField("Gates", false)))
	fields := rows["getAccount3PIDs get-003-item-required-fields"].Specs
	g.Expect(fields).To(HaveLen(1))
	g.Expect(fields[0]).To(And(HaveField("Exchanges", []string{"eeeee", "ffffff"}), HaveField("Seconds", 1.5),
		HaveField("Rerun", "conformance run --label-filter='getAccount3PIDs && requirement:get-003-item-required-fields'")))

	g.Expect(r.Write(dir)).To(Succeed())
	text, err := os.ReadFile(filepath.Join(dir, report.JSONFile))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(report.Validate(text)).To(Succeed())
}

func TestNothingIsRebuiltFromNothing(t *testing.T) {
	dir := evidence(t, "")
	_, err := report.Rebuild(dir, "0.9.9")
	NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring(dir), ContainSubstring("nothing to rebuild"))))
}
