package requirements

import (
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// operationLetters are how testdata/index.tsv writes the operations.
const operationLetters = "GPABDUEM"

// indexLine is a line of testdata/index.tsv, the list of what must be there.
type indexLine struct{ id, level, letters string }

func readIndex(t *testing.T) []indexLine {
	t.Helper()
	text, err := os.ReadFile("testdata/index.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var index []indexLine
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n")[1:] {
		fields := strings.Split(line, "\t")
		if len(fields) != 3 {
			t.Fatalf("testdata/index.tsv: expected id, level and operations, got %q", line)
		}
		index = append(index, indexLine{id: fields[0], level: fields[1], letters: fields[2]})
	}
	return index
}

// letters writes the judged and the touched operations of an entry as the index does.
func letters(e Entry) string {
	var written strings.Builder
	for i, operation := range operationIDs {
		if slices.Contains(e.Operations, operation) || slices.Contains(e.Touches, operation) {
			written.WriteByte(operationLetters[i])
		}
	}
	return written.String()
}

func TestAllMatchesTheIndex(t *testing.T) {
	var got []indexLine
	for _, entry := range All() {
		got = append(got, indexLine{id: entry.ID, level: string(entry.Level), letters: letters(entry)})
	}
	want := readIndex(t)
	if len(got) != len(want) {
		t.Errorf("expected %d entries, got %d", len(want), len(got))
	}
	for i, line := range want {
		if i < len(got) && got[i] != line {
			t.Errorf("entry %d: expected %v, got %v", i+1, line, got[i])
		}
	}
}

func TestCounts(t *testing.T) {
	levels := map[Level]int{}
	for _, entry := range All() {
		levels[entry.Level]++
	}
	if want := map[Level]int{Must: 161, Should: 46, May: 7}; !reflect.DeepEqual(levels, want) {
		t.Errorf("expected %v, got %v", want, levels)
	}
	if count := len(All()); count != 214 {
		t.Errorf("expected 214 entries, got %d", count)
	}
}

func TestEveryStatementIsFitToPrint(t *testing.T) {
	seen := map[string]string{}
	for _, entry := range All() {
		statements := []string{entry.Statement}
		if entry.Strictly != nil {
			statements = append(statements, entry.Strictly.Statement)
		}
		for _, statement := range statements {
			if length := utf8.RuneCountInString(statement); length < 20 || length > 400 {
				t.Errorf("%s: expected 20 to 400 characters, got %d: %s", entry.ID, length, statement)
			}
			if !strings.HasSuffix(statement, ".") {
				t.Errorf("%s: expected a full stop at the end: %s", entry.ID, statement)
			}
		}
		if other, taken := seen[entry.Statement]; taken {
			t.Errorf("%s has the same statement as %s", entry.ID, other)
		}
		seen[entry.Statement] = entry.ID
	}
}

func TestRows(t *testing.T) {
	rows := Rows()
	perOperation := map[string]int{}
	seen := map[Row]bool{}
	for _, row := range rows {
		if !slices.Contains(Operations(), row.Operation) {
			t.Errorf("%v: no such operation", row)
		}
		if _, ok := Lookup(row.Requirement); !ok {
			t.Errorf("%v: no such requirement", row)
		}
		if seen[row] {
			t.Errorf("%v occurs twice", row)
		}
		seen[row] = true
		perOperation[row.Operation]++
	}
	for _, operation := range Operations() {
		if perOperation[operation] == 0 {
			t.Errorf("no row for %s", operation)
		}
	}
	if first := (Row{Operation: "getAccount3PIDs", Requirement: "gen-001-json-object-body"}); rows[0] != first {
		t.Errorf("expected the catalogue's first entry and operation first, got %v", rows[0])
	}
}

func TestScenarioHasOneRow(t *testing.T) {
	entry, ok := Lookup("add-002-listed-after-add")
	if !ok {
		t.Fatal("add-002-listed-after-add is missing")
	}
	want := []Row{{Operation: "add3PID", Requirement: "add-002-listed-after-add"}}
	if got := entry.Rows(); !reflect.DeepEqual(got, want) {
		t.Errorf("expected %v, got %v", want, got)
	}
}

// A row that waits for a variant must still be reachable on a server that offers
// the same thing without one.
func TestConditionsOfSingleRows(t *testing.T) {
	entry, ok := Lookup("val-006-submit-url-validates")
	if !ok {
		t.Fatal("val-006-submit-url-validates is missing")
	}
	if got := entry.VariantOf("requestTokenTo3PIDEmail"); got != EmailSubmitURL {
		t.Errorf("e-mail: expected variant %q, got %q", EmailSubmitURL, got)
	}
	if got := entry.VariantOf("requestTokenTo3PIDMSISDN"); got != "" {
		t.Errorf("msisdn: expected the main server, got variant %q", got)
	}
	if got := entry.NeedsOf("requestTokenTo3PIDMSISDN"); !slices.Equal(got, []Need{SMS}) {
		t.Errorf("msisdn: expected sms alone, got %v", got)
	}
}

func TestLookupOfAnUnknownID(t *testing.T) {
	if entry, ok := Lookup("add-999-no-such-thing"); ok {
		t.Errorf("expected nothing, got %v", entry)
	}
}

func TestAllHandsOutACopy(t *testing.T) {
	All()[0].ID = "changed"
	if got := All()[0].ID; got != "gen-001-json-object-body" {
		t.Errorf("the catalogue was changed through All: %s", got)
	}
}
