package selftest

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"threepid-conformance/harness/requirements"
)

// The list has every row. What no spec covers is little, and says why.
func TestTheListSaysWhyARowIsUncovered(t *testing.T) {
	t.Parallel()
	list := verb(t, 0, "list").output
	uncovered := regexp.MustCompile(`(?m)^  (\S+) .* uncovered(: .+\.)?$`).FindAllStringSubmatch(list, -1)
	if len(uncovered) > 6 || strings.Count(list, "uncovered")-1 != len(uncovered) { // the last line counts them
		t.Errorf("%d rows are uncovered, want at most 6:\n%s", len(uncovered), list)
	}
	for _, row := range uncovered {
		if row[2] == "" {
			t.Errorf("%s is uncovered without a sentence", row[1])
		}
	}
	all := fmt.Sprintf("%d operations, %d requirements, %d rows", len(requirements.Operations()), len(requirements.All()), len(requirements.Rows()))
	if !strings.Contains(list, all) {
		t.Errorf("the list does not end with %s:\n%s", all, list)
	}
}
