package contact

import (
	"slices"
	"strings"

	. "github.com/onsi/ginkgo/v2"

	"threepid-conformance/fixtures"
	. "threepid-conformance/harness"
	"threepid-conformance/harness/requirements"
)

// each makes a table entry of every operation that a requirement is about, as
// far as the fixtures describe its requests: labelled with the requirement, the
// operation and what the deployment must have, and with the operationId as the
// table's parameter. Its argument is what Must, Should or May return.
func each(requirement Labels) []TableEntry {
	GinkgoHelper()
	var entries []TableEntry
	entry := entryOf(requirement)
	for _, operation := range entry.Operations {
		if !slices.Contains(fixtures.Operations(), operation) {
			continue
		}
		needs := slices.Clone(fixtures.NeedsOf(operation))
		for _, need := range entry.NeedsOf(operation) {
			needs = append(needs, string(need))
		}
		entries = append(entries, Entry(operation, requirement, Operation(operation), Needs(needs...), operation))
	}
	return entries
}

// entryOf finds the catalogue's entry of a requirement's labels.
func entryOf(requirement Labels) requirements.Entry {
	for _, label := range requirement {
		if id, ok := strings.CutPrefix(label, "requirement:"); ok {
			if entry, known := requirements.Lookup(id); known {
				return entry
			}
		}
	}
	panic("the catalogue has no such requirement: " + strings.Join(requirement, " "))
}
