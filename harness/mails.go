package harness

import (
	"context"
	"fmt"
	"time"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A watch remembers how many mails an address may have received when the run
// ends. A server with several mail workers can deliver a mail that should not
// be after the spec that would have seen it is over.
type watch struct {
	Row     requirements.Row
	Address string
	AtMost  int
	Counted time.Time
}

// lateness is how long after its spec's count a mail that should not be may come
// and is still counted, even if the run is over by then.
const lateness = time.Second

const watchFile = "watches.jsonl"

// AtMostMails has the running spec's requirement fail if, when the run is over,
// address has received more than n mails. Use it beside an early count.
func AtMostMails(address string, n int) {
	w := watch{Row: session.current.subject.Row, Address: address, AtMost: n, Counted: time.Now()}
	if err := handOver(watchFile, w); err != nil {
		panic(err) // our own scratch folder
	}
}

// recount counts the watched mailboxes once more.
func recount(ctx context.Context) ([]verdict.Finding, error) {
	watches, err := handedOver[watch](watchFile)
	if err != nil {
		return nil, err
	}
	var last time.Time
	for _, w := range watches {
		if w.Counted.After(last) {
			last = w.Counted
		}
	}
	began := time.Now()
	select {
	case <-time.After(time.Until(last.Add(lateness))):
		noteWait("", "a mail that should not be has some time to come", began)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var found []verdict.Finding
	for _, w := range watches {
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
	return found, nil
}
