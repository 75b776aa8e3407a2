package report

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// Records are read out of larger parts of the file, whatever their length and the
// order in which they are asked for.
func TestRecordsAreReadInAnyOrder(t *testing.T) {
	g := NewWithT(t)
	var lines strings.Builder
	lengths := []int{1, 10, partSize / 2, partSize - 20, partSize, 3 * partSize, 1, 1}
	for n, length := range lengths {
		fmt.Fprintf(&lines, `{"id":"p1-%d","started":"2026-11-30T20:00:%02dZ","error":%q}`+"\n", n, n, strings.Repeat(fmt.Sprint(n), length))
	}
	file := filepath.Join(t.TempDir(), ExchangesFile)
	g.Expect(os.WriteFile(file, []byte(lines.String()), 0o600)).To(Succeed())
	a, err := openArchive(filepath.Dir(file))
	g.Expect(err).NotTo(HaveOccurred())
	defer a.close()
	g.Expect(a.places).To(HaveLen(len(lengths)))
	for range 20 {
		for _, n := range rand.Perm(len(lengths)) {
			r := a.record(a.places[n])
			g.Expect(r.ID).To(Equal(fmt.Sprintf("p1-%d", n)))
			g.Expect(r.Error == strings.Repeat(fmt.Sprint(n), lengths[n])).To(BeTrue(), "record %d", n)
		}
	}
}

func TestARecordOfAFileThatWasCutSaysSo(t *testing.T) {
	g := NewWithT(t)
	file := filepath.Join(t.TempDir(), ExchangesFile)
	g.Expect(os.WriteFile(file, []byte(`{"id":"p1-1"}`+"\n"+`{"id":"p1-2"}`+"\n"), 0o600)).To(Succeed())
	a, err := openArchive(filepath.Dir(file))
	g.Expect(err).NotTo(HaveOccurred())
	defer a.close()
	g.Expect(os.Truncate(file, 20)).To(Succeed())
	g.Expect(a.record(a.places[0]).Error).To(BeEmpty())
	g.Expect(a.record(a.places[1]).Error).To(ContainSubstring("cannot be read"))
}
