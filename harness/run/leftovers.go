package run

import (
	"context"
	"fmt"
)

// Leftovers count what a run made on a homeserver that goes on without it.
type Leftovers struct {
	Accounts    int // made by the suite
	Deactivated int // of these
	Identifiers int // that stay on accounts the suite was given
}

const leftoversFile = "leftovers.jsonl"

// tidy cleans up after this process and leaves the count for process 1.
func tidy(ctx context.Context) error {
	if current.deployment.How != "url" || current.invocation.CleanUp == nil {
		return nil
	}
	current.spec = running{}
	current.recorder.Begin("clean-up")
	return handOver(leftoversFile, current.invocation.CleanUp(ctx))
}

// leftovers sums up what all processes left behind, as a sentence, "" for
// nothing.
func leftovers() (string, error) {
	counts, err := handedOver[Leftovers](leftoversFile)
	if err != nil || len(counts) == 0 {
		return "", err
	}
	var all Leftovers
	for _, one := range counts {
		all.Accounts += one.Accounts
		all.Deactivated += one.Deactivated
		all.Identifiers += one.Identifiers
	}
	sentence := fmt.Sprintf("%d accounts with %s in their names were made, %d of them deactivated", all.Accounts, ID(), all.Deactivated)
	if all.Identifiers > 0 {
		sentence += fmt.Sprintf("; %d identifiers stay on the given accounts", all.Identifiers)
	}
	return sentence, nil
}
