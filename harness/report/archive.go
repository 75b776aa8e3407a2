package report

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"threepid-conformance/harness/exchange"
)

// An archive gives out the records of exchanges.jsonl one at a time, so that a
// page can be made of more evidence than would fit into memory.
type archive struct {
	file       *os.File // nil without evidence
	places     []place  // in the order of time
	byID       map[string]int32
	usual      usual
	unreadable int // lines that are no record

	part   []byte // of the file, that was read last
	partAt int64
}

// partSize is how much of the file is read at once, as a rule: the records of a spec
// stand together.
const partSize = 128 << 10

// A place is where a record is in the file. There are as many as exchanges, so it is
// small.
type place struct {
	id      string
	started int64 // in nanoseconds since 1970, 0 when the record does not say
	at      int64
	length  int32
}

// time is when the exchange began; the zero time when the record does not say.
func (p place) time() time.Time {
	if p.started == 0 {
		return time.Time{}
	}
	return time.Unix(0, p.started).UTC()
}

// openArchive reads exchanges.jsonl in dir once, and keeps it open.
func openArchive(dir string) (*archive, error) {
	a := &archive{byID: map[string]int32{}}
	f, err := os.Open(filepath.Join(dir, ExchangesFile))
	if errors.Is(err, os.ErrNotExist) {
		return a, nil
	}
	if err == nil {
		a.file = f
		err = a.index(f)
	}
	if err != nil {
		a.close()
		return nil, fmt.Errorf("the evidence cannot be read: %w", err)
	}
	return a, nil
}

func (a *archive) close() { _ = a.file.Close() } // read only; nil is an error, too

func (a *archive) index(in io.Reader) error {
	var headers headerCounts
	err := eachLine(in, func(line []byte, at int64) {
		id := gjson.GetBytes(line, "id")
		if !gjson.ValidBytes(line) || id.Type != gjson.String || id.Str == "" {
			a.unreadable++
			return
		}
		p := place{id: id.Str, at: at, length: int32(len(line))}
		if started := timeOfRecord(gjson.GetBytes(line, "started").String()); !started.IsZero() {
			p.started = started.UnixNano()
		}
		a.places = append(a.places, p)
		if !gjson.GetBytes(line, "party").Exists() {
			headers.add(gjson.GetBytes(line, "response.headers"))
		}
	})
	if err != nil {
		return err
	}
	// Parallel processes, and servers beside them, append when they are done.
	slices.SortStableFunc(a.places, func(x, y place) int { return cmp.Compare(x.started, y.started) })
	for i, p := range a.places {
		a.byID[p.id] = int32(i)
	}
	a.usual = headers.usual()
	return nil
}

// has reports whether there is a record with this id.
func (a *archive) has(id string) bool {
	_, there := a.byID[id]
	return there
}

// of finds the records with these ids, in the order of time.
func (a *archive) of(ids []string) []place {
	var found []int32
	for _, id := range ids {
		if i, there := a.byID[id]; there && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	slices.Sort(found)
	places := make([]place, len(found))
	for n, i := range found {
		places[n] = a.places[i]
	}
	return places
}

// read reads records one after the other.
func (a *archive) read(places []place) iter.Seq[exchange.Record] {
	return func(yield func(exchange.Record) bool) {
		for _, p := range places {
			if !yield(a.record(p)) {
				return
			}
		}
	}
}

// record reads one record. Where the file was changed meanwhile, the record says
// so in place of what it held.
func (a *archive) record(p place) exchange.Record {
	var r exchange.Record
	line, err := a.line(p)
	if err == nil {
		r, err = decode(line)
	}
	if err != nil {
		return exchange.Record{ID: p.id, Started: p.time().Format(time.RFC3339Nano), Error: fmt.Sprintf("%s cannot be read: %v", ExchangesFile, err)}
	}
	return r
}

// line is valid until the next one is asked for.
func (a *archive) line(p place) ([]byte, error) {
	from := p.at - a.partAt
	if from < 0 || from+int64(p.length) > int64(len(a.part)) {
		size := max(partSize, int(p.length))
		a.part = slices.Grow(a.part[:0], size)[:size]
		n, err := a.file.ReadAt(a.part, p.at)
		a.part, a.partAt, from = a.part[:n], p.at, 0
		if n < int(p.length) {
			return nil, err
		}
	}
	return a.part[from : from+int64(p.length)], nil
}
