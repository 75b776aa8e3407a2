package verdict_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

const goodEntry = `
- operation: getAccount3PIDs
  requirement: get-001-200-schema
  reason: the list of a fresh user is null
  link: https://issues.example/7
  says: want array, got null
`

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "known.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadExpectations(t *testing.T) {
	g := NewWithT(t)
	second := strings.NewReplacer("get-001-200-schema", "get-003-item-required-fields", "https://issues", "http://issues").Replace(goodEntry)
	known, err := verdict.LoadExpectations(write(t, goodEntry+second))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(known).To(HaveLen(2))
	row := requirements.Row{Operation: "getAccount3PIDs", Requirement: "get-001-200-schema"}
	g.Expect(known[row]).To(Equal(verdict.Expectation{
		Operation: "getAccount3PIDs", Requirement: "get-001-200-schema", Reason: "the list of a fresh user is null",
		Link: "https://issues.example/7", Says: "want array, got null",
	}))
	g.Expect(known[row].Row()).To(Equal(row))
}

func TestAnEmptyListExpectsNothing(t *testing.T) {
	for _, text := range []string{"", "[]", "# none yet\n"} {
		known, err := verdict.LoadExpectations(write(t, text))
		NewWithT(t).Expect(known, err).To(BeEmpty(), "%q", text)
	}
}

func TestMistakesInExpectationsAreOneSentence(t *testing.T) {
	without := func(key string) string {
		lines := strings.SplitAfter(goodEntry, "\n")
		for i, l := range lines {
			if strings.HasPrefix(strings.TrimLeft(l, "- "), key+":") {
				lines[i] = ""
			}
		}
		return strings.Join(lines, "")
	}
	for name, c := range map[string]struct{ text, says string }{
		"unknown key":        {goodEntry + "  until: v1.9\n", "until"},
		"duplicate key":      {goodEntry + "  says: another\n", `"says" already defined`},
		"unknown row":        {strings.Replace(goodEntry, "get-001", "get-999", 1), "names no row of the catalogue"},
		"row of another op":  {strings.Replace(goodEntry, "getAccount3PIDs", "bind3PID", 1), "names no row of the catalogue"},
		"no operation":       {strings.Replace(goodEntry, "operation: getAccount3PIDs", "operation:", 1), "names no row of the catalogue"},
		"listed twice":       {goodEntry + strings.Replace(goodEntry, "want array", "want object", 1), "entry 2 (getAccount3PIDs get-001-200-schema) is listed twice"},
		"no reason":          {without("reason"), "has no reason"},
		"blank reason":       {strings.Replace(goodEntry, "the list of a fresh user is null", `" "`, 1), "has no reason"},
		"no link":            {without("link"), "has no link"},
		"link that is none":  {strings.Replace(goodEntry, "https://issues.example/7", "issue 7", 1), "has no link"},
		"no says":            {without("says"), "has no says"},
		"blank says":         {strings.Replace(goodEntry, "want array, got null", `"\t"`, 1), "has no says"},
		"a map":              {"getAccount3PIDs: get-001-200-schema\n", "is not a list of {operation, requirement, reason, link, says}"},
		"a word":             {"none\n", "is not a list of {operation, requirement, reason, link, says}"},
		"a list of words":    {"- get-001-200-schema\n", "is not a list of {operation, requirement, reason, link, says}"},
		"no YAML":            {"- {operation: [\n", "is not a list of {operation, requirement, reason, link, says}"},
		"several wrong keys": {"- {until: x, from: y}\n", "from"},
		"two documents":      {goodEntry + "---" + goodEntry, "more than one YAML document"},
	} {
		g := NewWithT(t)
		path := write(t, c.text)
		known, err := verdict.LoadExpectations(path)
		g.Expect(err).To(MatchError(And(ContainSubstring(c.says), ContainSubstring(path))), name)
		g.Expect(err.Error()).NotTo(ContainSubstring("\n"), name)
		g.Expect(known).To(BeNil(), name)
	}
}

func TestAMissingExpectationsFileIsNamed(t *testing.T) {
	_, err := verdict.LoadExpectations("none.yaml")
	NewWithT(t).Expect(err).To(MatchError(And(ContainSubstring("cannot be read"), ContainSubstring("none.yaml"), Not(ContainSubstring("\n")))))
}

func TestAnExpectedFailureIsMatchedByWhatItSays(t *testing.T) {
	const message = "expected {},\tgot   []\nwith 200"
	for says, want := range map[string]verdict.Verdict{
		"got []":      verdict.ExpectedFail,
		" got\n  [] ": verdict.ExpectedFail, // white space differs
		"got null":    verdict.Fail,
		"GOT []":      verdict.Fail,
		"g o t":       verdict.Fail,
	} {
		g := NewWithT(t)
		r := run{
			rows:     []verdict.Candidate{must("r-1"), must("r-2")},
			outcomes: []verdict.Outcome{ended("r-2", verdict.Pass)},
			findings: []verdict.Finding{finding("r-1", message)},
			known:    expecting("r-1", says),
		}
		row := r.first()
		g.Expect(row).To(And(HaveField("Verdict", want), HaveField("Reason", ContainSubstring(message)), HaveField("Evidence", []string{"p1-7"})), says)
		g.Expect(r.conclude().Exit == 1).To(Equal(want == verdict.Fail), says)
		if want == verdict.ExpectedFail {
			g.Expect(row.Reason).To(HavePrefix("old bug"), "the user's reason comes first")
			g.Expect(row.Link).To(Equal("https://issues.example/1"))
		}
	}
	_, matches := expecting("r-1", "old").Match(rowOf("r-2"), "the old one")
	NewWithT(t).Expect(matches).To(BeFalse(), "it is for its row only")
}

func TestAnotherFailureOfAListedRowStillFails(t *testing.T) {
	row := run{
		rows:     []verdict.Candidate{must("r-1")},
		findings: []verdict.Finding{finding("r-1", "old"), finding("r-1", "new")},
		known:    expecting("r-1", "old"),
	}.first()
	NewWithT(t).Expect(row).To(And(HaveField("Verdict", verdict.Fail), HaveField("Reason", "new")))
}

// A listed row that was not run, or that is declined, is no unexpected pass.
func TestAListedRowThatPassesFailsTheRun(t *testing.T) {
	g := NewWithT(t)
	r := run{
		rows:     []verdict.Candidate{must("r-1"), must("r-2", notSelected), must("r-3")},
		outcomes: []verdict.Outcome{ended("r-1", verdict.Pass), ended("r-3", verdict.NotSupported)},
		known:    verdict.Expectations{rowOf("r-1"): {}, rowOf("r-2"): {}, rowOf("r-3"): {}},
	}
	g.Expect(r.first()).To(And(HaveField("Verdict", verdict.Pass), HaveField("Reason", ContainSubstring("remove it from the expectations file"))))
	g.Expect(r.conclude().Why).To(ConsistOf(And(ContainSubstring("add3PID r-1"), ContainSubstring("passes"))))
}
