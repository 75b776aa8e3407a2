// Package journal keeps what the identity server saw, in order, by scope.
package journal

import (
	"context"
	"slices"
	"sync"
	"time"

	"threepid-conformance/mockidserver/control"
)

// maxEntries bounds what is kept of one scope, of the requests that belong to no
// scope, and of the connections to shared listeners: the newest are kept.
const maxEntries = 2000

// Journal is an ordered record of requests and connections. Entries of a scope
// are kept until the scope is freed. It is safe for concurrent use.
type Journal struct {
	mu    sync.Mutex
	seq   int64
	lists map[string]*list // by scope
}

// The lists of what belongs to no scope.
const (
	orphans     = ""
	connections = "connections" // to shared listeners
)

// A list has the records of one scope, or of none.
type list struct {
	records []*Record
	dropped int
	version int64
	changed chan struct{} // closed at the next change
}

func newList() *list { return &list{changed: make(chan struct{})} }

// Record is the handle of an entry that is still being written.
type Record struct {
	journal *Journal
	list    *list
	entry   control.Entry
	lastUse int64 // of a connection: seq of its newest request
}

// New returns an empty journal.
func New() *Journal {
	return &Journal{lists: map[string]*list{orphans: newList(), connections: newList()}}
}

// Open begins to keep entries for a scope and returns the present sequence
// number: later entries have greater ones.
func (j *Journal) Open(scope string) int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lists[scope] = newList()
	return j.seq
}

// Free forgets the entries of a scope.
func (j *Journal) Free(scope string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if l, ok := j.lists[scope]; ok {
		delete(j.lists, scope)
		l.touch()
	}
}

// Number gives out the next sequence number, for an entry that is added when
// its scope is known.
func (j *Journal) Number() int64 {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.seq++
	return j.seq
}

// Add records an entry at the place of its number, or with a new number if it
// has none. An entry of a scope that is not open becomes an orphan.
func (j *Journal) Add(entry control.Entry) *Record {
	j.mu.Lock()
	defer j.mu.Unlock()
	if entry.Seq == 0 {
		j.seq++
		entry.Seq = j.seq
	}
	l := j.lists[entry.Scope]
	if l == nil || entry.Scope == "" {
		entry.Scope = ""
		l = j.lists[orphans]
		if entry.Kind == control.ConnectionEntry {
			l = j.lists[connections]
		}
	}
	r := &Record{journal: j, list: l, entry: entry}
	place := len(l.records)
	for place > 0 && l.records[place-1].entry.Seq > entry.Seq {
		place--
	}
	l.records = slices.Insert(l.records, place, r)
	if len(l.records) > maxEntries {
		l.records = slices.Delete(l.records, 0, 1)
		l.dropped++
	}
	l.touch()
	return r
}

// Update changes an entry. Slices and maps in it must be replaced, not written
// to: readers hold them.
func (r *Record) Update(change func(*control.Entry)) {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	change(&r.entry)
	r.list.touch()
}

// Used notes that a connection carries the request with a number, and returns
// the connection's facts.
func (r *Record) Used(seq int64) control.Connection {
	r.journal.mu.Lock()
	defer r.journal.mu.Unlock()
	r.entry.Connection.Requests++
	r.lastUse = seq
	return r.entry.Connection
}

func (l *list) touch() {
	l.version++
	close(l.changed)
	l.changed = make(chan struct{})
}

// Scope returns the entries of an open scope and the version they have.
func (j *Journal) Scope(scope string) (page control.JournalPage, open bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	l, open := j.lists[scope]
	if !open {
		return page, false
	}
	page.Entries, page.Dropped, page.Version = l.snapshot(nil), l.dropped, l.version
	return page, true
}

// Wait returns when the scope has another version than the given one, is freed,
// or the context or the time ends.
func (j *Journal) Wait(ctx context.Context, scope string, version int64, patience time.Duration) {
	timeout := time.NewTimer(patience)
	defer timeout.Stop()
	for {
		j.mu.Lock()
		l, open := j.lists[scope]
		if !open || l.version != version {
			j.mu.Unlock()
			return
		}
		changed := l.changed
		j.mu.Unlock()
		select {
		case <-changed:
		case <-timeout.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Orphans returns what belongs to no scope, in order.
func (j *Journal) Orphans() control.Journal {
	j.mu.Lock()
	defer j.mu.Unlock()
	requests, connected := j.lists[orphans], j.lists[connections]
	entries := append(requests.snapshot(nil), connected.snapshot(nil)...)
	return control.Journal{Entries: inOrder(entries), Dropped: requests.dropped + connected.dropped}
}

// OrphanRequests is how many requests without a scope are kept.
func (j *Journal) OrphanRequests() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return len(j.lists[orphans].records)
}

// Search returns the requests that carry a key, of all scopes, in order.
func (j *Journal) Search(key control.Key) control.Journal {
	j.mu.Lock()
	defer j.mu.Unlock()
	matches := func(e *control.Entry) bool { return e.Request != nil && e.Keys.Has(key) }
	found := control.Journal{Entries: []control.Entry{}}
	for name, l := range j.lists {
		if name != connections {
			found.Entries = append(found.Entries, l.snapshot(matches)...)
			found.Dropped += l.dropped
		}
	}
	found.Entries = inOrder(found.Entries)
	return found
}

// ConnectionsSince returns the connections to a shared listener that were opened
// or used after a sequence number.
func (j *Journal) ConnectionsSince(seq int64, listener string) []control.Connection {
	j.mu.Lock()
	defer j.mu.Unlock()
	var found []control.Connection
	for _, r := range j.lists[connections].records {
		if r.entry.Listener == listener && max(r.entry.Seq, r.lastUse) > seq {
			found = append(found, r.entry.Connection)
		}
	}
	return found
}

func inOrder(entries []control.Entry) []control.Entry {
	slices.SortFunc(entries, func(a, b control.Entry) int { return int(a.Seq - b.Seq) })
	return entries
}

// snapshot copies the records that match (all, if match is nil).
func (l *list) snapshot(match func(*control.Entry) bool) []control.Entry {
	entries := []control.Entry{}
	for _, r := range l.records {
		if match != nil && !match(&r.entry) {
			continue
		}
		e := r.entry
		if e.Request != nil {
			request := *e.Request
			e.Request = &request
		}
		entries = append(entries, e)
	}
	return entries
}
