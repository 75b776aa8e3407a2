package report

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

// ReadEvidence reads all of exchanges.jsonl in dir into memory. A folder without the file holds no
// evidence, which is no error.
func ReadEvidence(dir string) (Evidence, error) {
	var e Evidence
	f, err := os.Open(filepath.Join(dir, ExchangesFile))
	if errors.Is(err, os.ErrNotExist) {
		return e, nil
	}
	if err != nil {
		return e, fmt.Errorf("the evidence cannot be read: %w", err)
	}
	defer f.Close()
	for lines := bufio.NewReader(f); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return e, fmt.Errorf("the evidence cannot be read: %w", err)
		}
		if len(strings.TrimSpace(string(line))) > 0 {
			var r exchange.Record
			if json.Unmarshal(line, &r) == nil && r.ID != "" {
				e.Records = append(e.Records, r)
			} else {
				e.Unreadable++
			}
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
func started(r exchange.Record) time.Time { return timeOfRecord(r.Started) }

func timeOfRecord(text string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, text)
	return t
}

// ended is when the last byte of the answer had come.
func ended(r exchange.Record) time.Time {
	return started(r).Add(time.Duration(r.Millis * float64(time.Millisecond)))
}
