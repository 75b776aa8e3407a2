package main

import (
	"bufio"
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// A figure is what one run cost, in seconds unless its name says otherwise.
type figure struct {
	Wall     float64 `json:"wall_seconds"`
	StartUp  float64 `json:"start_up_seconds"` // until the first spec
	Waits    float64 `json:"wait_seconds"`     // demanded by requirements
	UnderWay float64 `json:"under_way_seconds"`
	Own      float64 `json:"own_seconds"`
	Requests float64 `json:"requests"`
	PeakMB   float64 `json:"peak_mb"`
}

// A wait is one that a requirement demands.
type wait struct {
	Reason  string    `json:"reason"`
	Started time.Time `json:"started"`
	Millis  float64   `json:"ms"`
}

// record is the part of report.json that this command reads.
type record struct {
	Suite struct {
		FirstSpec time.Time `json:"first_spec"`
		Finished  time.Time `json:"finished"`
		Waits     []wait    `json:"waits"` // outside of specs
	} `json:"suite"`
	Requirements []struct {
		Specs []struct {
			Waits []wait `json:"waits"`
		} `json:"specs"`
	} `json:"requirements"`
}

// read is what a run cost that began at a time, from its own record. The time of
// the specs has three parts: the waits that requirements demand, the time that at
// least one request was under way beside them, and the suite's own.
func read(results string, began time.Time) (figure, []wait, error) {
	text, err := os.ReadFile(filepath.Join(results, "report.json"))
	if err != nil {
		return figure{}, nil, err
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return figure{}, nil, fmt.Errorf("report.json: %w", err)
	}
	requests, err := requestsOf(filepath.Join(results, "exchanges.jsonl"))
	if err != nil {
		return figure{}, nil, err
	}
	if r.Suite.FirstSpec.IsZero() {
		return figure{}, nil, fmt.Errorf("report.json does not say when the first spec began")
	}
	waits := r.Suite.Waits
	for _, row := range r.Requirements {
		for _, spec := range row.Specs {
			waits = append(waits, spec.Waits...)
		}
	}
	// A spec that judges several rows is listed with each.
	slices.SortFunc(waits, func(a, b wait) int { return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Reason, b.Reason)) })
	waits = slices.Compact(waits)

	specs := span{r.Suite.FirstSpec, r.Suite.Finished}
	var waiting []span
	for _, w := range waits {
		waiting = append(waiting, lasting(w.Started, w.Millis))
	}
	waited := covered(specs, waiting)
	busy := covered(specs, append(waiting, requests...))
	return figure{
		Wall:     specs.end.Sub(began).Seconds(),
		StartUp:  specs.start.Sub(began).Seconds(),
		Waits:    waited.Seconds(),
		UnderWay: (busy - waited).Seconds(),
		Own:      (specs.end.Sub(specs.start) - busy).Seconds(),
		Requests: float64(len(requests)),
	}, waits, nil
}

// requestsOf are the requests that the suite sent. What came to other parties is
// in the evidence, too.
func requestsOf(file string) ([]span, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var requests []span
	for lines := json.NewDecoder(bufio.NewReader(f)); lines.More(); {
		var x struct {
			ID      string    `json:"id"`
			Party   string    `json:"party"`
			Started time.Time `json:"started"`
			Millis  float64   `json:"ms"`
		}
		if err := lines.Decode(&x); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if x.ID != "" && x.Party == "" {
			requests = append(requests, lasting(x.Started, x.Millis))
		}
	}
	return requests, nil
}

// A span is a stretch of time.
type span struct{ start, end time.Time }

func lasting(start time.Time, ms float64) span {
	return span{start, start.Add(time.Duration(ms * float64(time.Millisecond)))}
}

// covered is how much of a span others cover, which may overlap.
func covered(whole span, others []span) time.Duration {
	others = slices.SortedFunc(slices.Values(others), func(a, b span) int { return a.start.Compare(b.start) })
	var sum time.Duration
	for at := whole.start; len(others) > 0; others = others[1:] {
		start, end := others[0].start, others[0].end
		if start.Before(at) {
			start = at
		}
		if end.After(whole.end) {
			end = whole.end
		}
		if end.After(start) {
			sum += end.Sub(start)
			at = end
		}
	}
	return sum
}
