package requirements

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

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
	first := All()[0].ID
	All()[0].ID = "changed"
	if got := All()[0].ID; got != first {
		t.Errorf("the catalogue was changed through All: %s", got)
	}
}
