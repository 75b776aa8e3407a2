package report_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
)

// Several processes append to the file, and a run that was killed while it wrote
// leaves half a line.
func TestEvidenceIsInTheOrderOfTime(t *testing.T) {
	g := NewWithT(t)
	torn := exchanged("p1-3", 11, "")
	dir := evidence(t, exchanged("p2-1", 2.5, ""), exchanged("p1-1", 1.25, ""), exchanged("p1-2", 10, ""), "",
		exchanged("is-1", 2.50001, `,"party":"identity-server"`), `{"id":"p1-4","findings":7}`, `{}`, torn[:len(torn)/2])
	e, err := report.ReadEvidence(dir)
	g.Expect(err).NotTo(HaveOccurred())
	var ids []string
	for _, r := range e.Records {
		ids = append(ids, r.ID)
	}
	g.Expect(ids).To(Equal([]string{"p1-1", "p2-1", "is-1", "p1-2"}))
	g.Expect(e.Unreadable).To(Equal(3))

	e, err = report.ReadEvidence(t.TempDir())
	g.Expect(e.Records, err).To(BeEmpty(), "a folder without evidence is no error")
}
