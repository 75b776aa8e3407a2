package main

import (
	"strings"
	"testing"
	"time"
)

// The miniature has all that makes the sums differ from plain ones: a request
// before the first spec and one that outlasts the run, requests that overlap each
// other or a wait, waits side by side, and one that two rows name.
func TestARunIsReadFromItsRecord(t *testing.T) {
	got, waits, err := read("testdata/run", time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	want := figure{Wall: 12, StartUp: 2, Waits: 5, UnderWay: 2, Own: 3, Requests: 5}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if len(waits) != 3 {
		t.Errorf("the waits are %v", waits)
	}
}

func TestTheTableHasMedianAndSpread(t *testing.T) {
	text := table([]*series{{Homeserver: "reference", Runs: []figure{{Wall: 9}, {Wall: 7}, {Wall: 7.52}}}})
	if !strings.Contains(text, "| whole run | 7.5 s (7.0–9.0) |") {
		t.Error(text)
	}
}
