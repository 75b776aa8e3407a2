package matrix

import (
	"slices"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
)

// spoilt is the story of answers that a proxy spoils.
const spoilt = "a proxy spoils the answers"

// A Bug is one that the suite has to notice.
type Bug struct {
	Name         string   `json:"name"`
	Operation    string   `json:"operation"`
	Requirements []string `json:"requirements"` // the first has to fail
	Variant      string   `json:"variant,omitempty"`
	Story        string   `json:"story"`
	Also         []string `json:"also"` // rows that may move with it

	option string // of the reference homeserver, that plants it
}

// Bugs are the faults of the reference homeserver, and answers that a proxy in
// front of it spoils. Those come first for which the suite waits longest, because
// the last one to start decides when all are done.
func Bugs() []Bug {
	var bugs []Bug
	for _, f := range refserver.Faults() {
		bugs = append(bugs, Bug{f.Name, f.Operation, f.Requirements, f.Variant, f.Story, append([]string{}, f.Also...), "fault=" + f.Name})
	}
	for _, f := range mutate.Faults() {
		bugs = append(bugs, Bug{f.Mutation, f.Operation, []string{f.Requirement}, "", spoilt, []string{}, "mutation=" + f.Mutation})
	}
	slices.SortStableFunc(bugs, func(a, b Bug) int { return b.silences() - a.silences() })
	return bugs
}

// silences is 1 where the suite waits for a mail or an SMS that never comes.
func (b Bug) silences() int {
	if slices.Contains([]string{"email-004-mail-sent-once-to-address", "msisdn-002-success"}, b.Requirements[0]) {
		return 1
	}
	return 0
}

// row is the one that has to fail.
func (b Bug) row() string { return b.Operation + " " + b.Requirements[0] }

// rows are those that a bug could move: its own, those that were seen to move with
// it, and, for a fault of the homeserver, those whose specs call its operation. A
// bug that shows in one configuration is not to be seen in another.
func (b Bug) rows(calls map[string][]string) []string {
	rows := append([]string{b.row()}, b.Also...)
	for row, operations := range calls {
		if b.Story != spoilt && slices.Contains(operations, b.Operation) && (b.Variant == "" || b.Variant == variantOf(row)) {
			rows = append(rows, row)
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}
