package journal_test

import (
	"context"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/journal"
)

func request(scope, sid string) control.Entry {
	return control.Entry{Kind: control.RequestEntry, Scope: scope, Request: &control.Request{Keys: control.Keys{SID: sid}}}
}

func TestScopesAreApartAndInOrder(t *testing.T) {
	j := journal.New()
	j.Open("a")
	j.Open("b")
	for i := range 30 {
		j.Add(request([]string{"a", "b", "closed"}[i%3], "s"))
	}
	page, open := j.Scope("a")
	if !open || len(page.Entries) != 10 || page.Dropped != 0 {
		t.Fatalf("a has %d entries, %d dropped", len(page.Entries), page.Dropped)
	}
	last := int64(0)
	for _, e := range page.Entries {
		if e.Seq <= last || e.Scope != "a" {
			t.Errorf("entry %d of scope %q after %d", e.Seq, e.Scope, last)
		}
		last = e.Seq
	}
	if orphans := j.Orphans(); len(orphans.Entries) != 10 || orphans.Entries[0].Scope != "" {
		t.Errorf("%d orphans", len(orphans.Entries))
	}
	if found := j.Search(control.SID("s")); len(found.Entries) != 30 || found.Entries[29].Seq != 30 {
		t.Errorf("found %d", len(found.Entries))
	}
	j.Free("a")
	if _, open := j.Scope("a"); open {
		t.Error("a is open after Free")
	}
	if found := j.Search(control.SID("s")); len(found.Entries) != 20 {
		t.Errorf("found %d after Free", len(found.Entries))
	}
}

func TestLateEntriesStandInOrder(t *testing.T) {
	j := journal.New()
	j.Open("a")
	early := j.Number()
	j.Add(request("a", "later"))
	late := request("a", "early")
	late.Seq = early
	j.Add(late)
	if page, _ := j.Scope("a"); page.Entries[0].Keys.SID != "early" || page.Entries[1].Keys.SID != "later" {
		t.Errorf("%v", page.Entries)
	}
}

func TestTheOldestGoFirst(t *testing.T) {
	j := journal.New()
	j.Open("a")
	first := j.Add(request("a", "first"))
	for range 3000 {
		j.Add(request("a", "s"))
		j.Add(request("", "s"))
	}
	first.Update(func(e *control.Entry) { e.Request = &control.Request{Status: 200} }) // of a forgotten entry: harmless
	page, _ := j.Scope("a")
	orphans := j.Orphans()
	if len(page.Entries) != 2000 || page.Dropped != 1001 || len(orphans.Entries) != 2000 || orphans.Dropped != 1000 {
		t.Errorf("of the scope %d and %d dropped, of none %d and %d", len(page.Entries), page.Dropped, len(orphans.Entries), orphans.Dropped)
	}
	if last := page.Entries[1999].Seq; last != page.Entries[0].Seq+2*1999 {
		t.Errorf("the newest is #%d", last)
	}
}

func TestReadersDoNotSeeLaterChanges(t *testing.T) {
	j := journal.New()
	j.Open("a")
	r := j.Add(request("a", "s"))
	before, _ := j.Scope("a")
	r.Update(func(e *control.Entry) { e.Status = 418 })
	if before.Entries[0].Status != 0 {
		t.Error("a snapshot changed")
	}
	if after, _ := j.Scope("a"); after.Entries[0].Status != 418 || after.Version == before.Version {
		t.Error("the change is not visible")
	}
}

func TestWait(t *testing.T) {
	j := journal.New()
	j.Open("a")
	j.Open("b")
	page, _ := j.Scope("a")
	done := make(chan struct{})
	go func() {
		j.Wait(t.Context(), "a", page.Version, time.Minute)
		close(done)
	}()
	j.Add(request("b", "s"))
	select {
	case <-done:
		t.Fatal("another scope's entry ended the wait")
	default:
	}
	j.Add(request("a", "s"))
	<-done

	j.Wait(t.Context(), "a", page.Version, time.Minute)    // has changed already
	j.Wait(t.Context(), "gone", page.Version, time.Minute) // not open
	page, _ = j.Scope("a")
	j.Wait(t.Context(), "a", page.Version, time.Millisecond)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	j.Wait(ctx, "a", page.Version, time.Minute)

	freed := make(chan struct{})
	go func() {
		j.Wait(t.Context(), "a", page.Version, time.Minute)
		close(freed)
	}()
	j.Free("a")
	<-freed
}
