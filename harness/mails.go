package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A watch remembers how many mails an address may have received when the run
// ends. A server with several mail workers can deliver a mail that should not
// be after the spec that would have seen it is over.
type watch struct {
	Row     requirements.Row
	Spec    string
	Address string
	AtMost  int
}

const watchFile = "watches.jsonl"

// AtMostMails has the running spec's requirement fail if, when the run is over,
// address has received more than n mails. Use it beside an early count.
func AtMostMails(address string, n int) {
	w := watch{Row: session.current.subject.Row, Address: address, AtMost: n}
	line, err := json.Marshal(w)
	if err != nil {
		panic(err) // strings and a number
	}
	if err := appendLine(session.world.scratch(watchFile), line); err != nil {
		panic(err) // our own scratch folder
	}
}

// recount counts the watched mailboxes once more.
func recount(ctx context.Context) ([]verdict.Finding, error) {
	f, err := os.Open(session.world.scratch(watchFile))
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []verdict.Finding
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var w watch
		if err := json.Unmarshal(lines.Bytes(), &w); err != nil {
			return nil, err
		}
		mails, err := session.mail.Find(ctx, w.Address)
		if err != nil {
			return nil, err
		}
		if len(mails) > w.AtMost {
			found = append(found, verdict.Finding{
				Row:     w.Row,
				Message: fmt.Sprintf("expected at most %d mails to the address; by the end of the run %d had arrived", w.AtMost, len(mails)),
			})
		}
	}
	return found, lines.Err()
}
