package run

import (
	"context"
	"fmt"
	"slices"
	"time"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/control"
)

// A watch remembers how many mails an address, or SMS a phone number, may have
// received when the run ends. A server with several workers can send what should
// not be after the spec that would have seen it is over.
type watch struct {
	Row     requirements.Row
	Address string
	SMS     bool // Address is a phone number
	AtMost  int
	Counted time.Time
}

// lateness is how long after its spec's count a message that should not be may
// come and is still counted, even if the run is over by then.
const lateness = time.Second

const watchFile = "watches.jsonl"

// AtMostMails has the running spec's requirement fail if, when the run is over,
// address has received more than n mails. Use it beside an early count.
func AtMostMails(address string, n int) {
	current.spec.recounted = append(current.spec.recounted, address)
	watch{Address: address, AtMost: n}.begin()
}

// AtMostLateSMS is AtMostMails for the SMS that our delegate was told to send to
// a number. Those that the running spec's scopes have seen are gone with it, so
// they are not among the n.
func AtMostLateSMS(msisdn string, n int) { watch{Address: msisdn, SMS: true, AtMost: n}.begin() }

// begin hands the watch over, as one of the running spec's requirement.
func (w watch) begin() {
	w.Row, w.Counted = current.spec.subject.Row, time.Now()
	if err := handOver(watchFile, w); err != nil {
		panic(err) // our own scratch folder
	}
}

// count is how many messages have arrived.
func (w watch) count(ctx context.Context) (int, error) {
	if !w.SMS {
		mails, err := current.mail.Find(ctx, w.Address)
		return len(mails), err
	}
	codes, err := Identity().Codes(ctx, control.Address(w.Address))
	codes = slices.DeleteFunc(codes, func(c control.Code) bool { return c.Service != control.ServiceSMS })
	return len(codes), err
}

// kind is what is counted.
func (w watch) kind() string {
	if w.SMS {
		return "SMS to the number after its spec"
	}
	return "mails to the address"
}

// recount counts what was sent to those watched once more.
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
	defer waited("a message that should not be has some time to come", time.Now())
	select {
	case <-time.After(time.Until(last.Add(lateness))):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var found []verdict.Finding
	for _, w := range watches {
		n, err := w.count(ctx)
		if err != nil {
			return nil, err
		}
		if n > w.AtMost {
			found = append(found, verdict.Finding{
				Row:     w.Row,
				Message: fmt.Sprintf("expected at most %d %s; by the end of the run %d had arrived", w.AtMost, w.kind(), n),
			})
		}
	}
	return found, nil
}
