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
	err = eachLine(f, func(line []byte, _ int64) {
		var r exchange.Record
		if json.Unmarshal(line, &r) == nil && r.ID != "" {
			e.Records = append(e.Records, r)
		} else {
			e.Unreadable++
		}
	})
	if err != nil {
		return e, fmt.Errorf("the evidence cannot be read: %w", err)
	}
	// Parallel processes, and servers beside them, append when they are done.
	slices.SortStableFunc(e.Records, func(a, b exchange.Record) int { return started(a).Compare(started(b)) })
	return e, nil
}

// eachLine calls do with each line that is not blank, and where it begins.
func eachLine(in io.Reader, do func(line []byte, at int64)) error {
	lines := bufio.NewReader(in)
	for at := int64(0); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if len(bytes.TrimSpace(line)) > 0 {
			do(line, at)
		}
		if err != nil {
			return nil
		}
		at += int64(len(line))
	}
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
