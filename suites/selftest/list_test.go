package selftest

import (
	"regexp"
	"strings"
	"testing"
)

// What no spec covers is little, and says why.
func TestTheListSaysWhyARowIsUncovered(t *testing.T) {
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
	if !strings.Contains(list, "8 operations, 214 requirements, 519 rows") {
		t.Errorf("the list is incomplete:\n%s", list)
	}
}
