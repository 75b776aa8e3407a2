package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"threepid-conformance/harness/exchange"
)

// Evidence is what exchanges.jsonl holds, in the order of time.
type Evidence struct {
	Records []exchange.Record
	// Unreadable counts lines that are no record. A run that was killed while it
	// wrote leaves one.
	Unreadable int
}

// ReadEvidence reads exchanges.jsonl in dir. A folder without the file holds no
// evidence, which is no error.
func ReadEvidence(dir string) (Evidence, error) {
	f, err := os.Open(filepath.Join(dir, ExchangesFile))
	if errors.Is(err, os.ErrNotExist) {
		return Evidence{}, nil
	}
	var e Evidence
	if err == nil {
		defer f.Close()
		e, err = readEvidence(f)
	}
	if err != nil {
		return e, fmt.Errorf("the evidence cannot be read: %w", err)
	}
	return e, nil
}

func readEvidence(in io.Reader) (Evidence, error) {
	var e Evidence
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return e, err
		}
		var r exchange.Record
		switch {
		case len(bytes.TrimSpace(line)) == 0:
		case json.Unmarshal(line, &r) == nil && r.ID != "":
			e.Records = append(e.Records, r)
		default:
			e.Unreadable++
		}
		if err != nil {
			break
		}
	}
	// Parallel processes, and servers beside them, append when they are done.
	slices.SortStableFunc(e.Records, func(a, b exchange.Record) int { return started(a).Compare(started(b)) })
	return e, nil
}

// started is when an exchange began; the zero time when the record does not say.
func started(r exchange.Record) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, r.Started)
	return t
}

// ended is when the last byte of the response had come.
func ended(r exchange.Record) time.Time {
	return started(r).Add(time.Duration(r.Millis * float64(time.Millisecond)))
}
