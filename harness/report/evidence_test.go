package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
)

// evidence writes lines as exchanges.jsonl into a folder of its own.
func evidence(t testing.TB, lines ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, report.ExchangesFile), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// exchanged is a line of exchanges.jsonl: a GET of the list at that second, with
// more members of the record.
func exchanged(id string, second float64, more string) string {
	return fmt.Sprintf(`{"id":%q,"started":"2026-11-24T14:00:%09.6fZ","ms":2.5%s,"request":{"method":"GET","url":"http://127.0.0.1:8008/_matrix/client/v3/account/3pid?access_token=<access_token 2>"},"response":{"status":200,"headers":{"Content-Type":["application/json"],"Date":["x"]},"body":"{\"threepids\":[]}"}}`, id, second, more)
}

func TestEvidenceIsInTheOrderOfTime(t *testing.T) {
	g := NewWithT(t)
	dir := evidence(t, exchanged("p2-1", 2.5, ""), exchanged("p1-1", 1.25, ""), exchanged("p1-2", 10, ""), exchanged("is-1", 2.50001, `,"party":"identity-server"`))
	e, err := report.ReadEvidence(dir)
	g.Expect(err).NotTo(HaveOccurred())
	var ids []string
	for _, r := range e.Records {
		ids = append(ids, r.ID)
	}
	g.Expect(ids).To(Equal([]string{"p1-1", "p2-1", "is-1", "p1-2"}))
	g.Expect(e.Unreadable).To(BeZero())
}

// A run that was killed while it wrote leaves half a line.
func TestATornLineIsCountedAndTheRestIsRead(t *testing.T) {
	g := NewWithT(t)
	whole := exchanged("p1-2", 2, "")
	e, err := report.ReadEvidence(evidence(t, exchanged("p1-1", 1, ""), whole[:len(whole)/2]))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Records).To(HaveLen(1))
	g.Expect(e.Unreadable).To(Equal(1))
}

func TestNoEvidenceIsNoError(t *testing.T) {
	g := NewWithT(t)
	e, err := report.ReadEvidence(t.TempDir())
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(e.Records).To(BeEmpty())
}

// page is report.html of a run with this evidence.
func page(t testing.TB, r *report.Report, dir string) string {
	t.Helper()
	if err := r.Write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, report.HTMLFile))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// element is what stands in the page from an opening tag with this id to the end
// of the element.
func element(t testing.TB, text, name, id string) string {
	t.Helper()
	at := strings.Index(text, fmt.Sprintf("<%s class=%q id=%q", name, "row", id))
	if at < 0 {
		at = strings.Index(text, fmt.Sprintf("<%s id=%q", name, id))
	}
	if at < 0 {
		t.Fatalf("the page has no %s %s", name, id)
	}
	depth := 0
	for _, tag := range regexp.MustCompile(`</?`+name+`\b`).FindAllStringIndex(text[at:], -1) {
		if text[at+tag[0]+1] == '/' {
			depth--
		} else {
			depth++
		}
		if depth == 0 {
			return text[at : at+tag[1]]
		}
	}
	t.Fatalf("the %s %s has no end", name, id)
	return ""
}

func TestTheSequenceOfASpecHoldsAllPartiesInTheOrderOfTime(t *testing.T) {
	g := NewWithT(t)
	dir := evidence(t,
		exchanged("p1-2", 3, ""), exchanged("p1-1", 1, ""),
		`{"id":"mail-1","party":"mail","started":"2026-11-24T14:00:02Z","request":{"headers":{"To":["alice@example.org"],"Subject":["Confirm"]},"body":"Follow <token 1>"}}`,
	)
	r := aRun(t)
	for i := range r.Requirements {
		for j := range r.Requirements[i].Specs {
			r.Requirements[i].Specs[j].Exchanges = []string{"p1-1", "p1-2", "mail-1", "p1-9"}
		}
	}
	row := element(t, page(t, r, dir), "details", "getAccount3PIDs.get-003-item-required-fields")
	first, mail, last := strings.Index(row, `id="x-p1-1"`), strings.Index(row, `id="x-mail-1"`), strings.Index(row, `id="x-p1-2"`)
	g.Expect(first).To(And(BeNumerically(">", 0), BeNumerically("<", mail)))
	g.Expect(mail).To(BeNumerically("<", last))
	g.Expect(row).To(ContainSubstring("+1.000 s</i> <span class=\"who\">mail</span> alice@example.org: Confirm"))
	g.Expect(row).To(ContainSubstring("Follow &lt;token 1&gt;"))
	g.Expect(row).To(ContainSubstring("1 of its exchanges are not in exchanges.jsonl"))
	g.Expect(strings.Count(row, "curl -i")).To(Equal(2), "a mail is no request of ours")
}
