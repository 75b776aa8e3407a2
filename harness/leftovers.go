package harness

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

// cleanUp takes back what fixtures made, as far as it can.
var cleanUp func(context.Context) Leftovers

// OnEnd has fixtures clean up at the end of a run against a homeserver that the
// suite did not start. One that it started is thrown away.
func OnEnd(f func(context.Context) Leftovers) { cleanUp = f }

const leftoversFile = "leftovers.jsonl"

// tidy cleans up after this process and leaves the count for process 1.
func tidy(ctx context.Context) error {
	if session.world.How != "url" || cleanUp == nil {
		return nil
	}
	session.current = running{}
	session.recorder.Begin("clean-up")
	return handOver(leftoversFile, cleanUp(ctx))
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
	sentence := fmt.Sprintf("%d accounts with %s in their names were made, %d of them deactivated", all.Accounts, RunID(), all.Deactivated)
	if all.Identifiers > 0 {
		sentence += fmt.Sprintf("; %d identifiers stay on the given accounts", all.Identifiers)
	}
	return sentence, nil
}
