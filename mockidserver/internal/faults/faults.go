// Package faults has the faults of a scope: which one a request meets, and how it
// is played.
package faults

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
)

// maxFaults bounds the faults of one scope.
const maxFaults = 1000

// Set has the faults of one scope, in the order in which they are tried.
type Set struct {
	mu     sync.Mutex
	faults []*fault
}

// A fault, and how often it matched a request and was played.
type fault struct {
	control.Fault
	matched int
	played  int
}

// Check refuses a fault that could not be played, and fills in defaults.
func Check(f control.Fault) (control.Fault, error) {
	switch f.Kind {
	case control.FaultStatus:
		if f.Status < 200 || f.Status > 599 {
			return f, fmt.Errorf("a status fault needs a status from 200 to 599, not %d", f.Status)
		}
		if f.Body == nil && f.ErrCode == "" {
			return f, errors.New("a status fault needs an errcode or a body (which may be empty)")
		}
		if f.Body != nil && f.ContentType == "" {
			f.ContentType = "text/html; charset=utf-8"
		}
	case control.FaultSlow:
		if f.Delay <= 0 {
			return f, errors.New("a slow fault needs a delay")
		}
		f.Effect = true
	case control.FaultStalled, control.FaultStalledBody:
		if f.Delay == 0 {
			f.Delay = control.Duration(control.DefaultStall)
		}
	case control.FaultMalformed, control.FaultTruncated, control.FaultReset, control.FaultClosed:
	default:
		return f, fmt.Errorf("there is no fault of kind %q", f.Kind)
	}
	if f.Delay < 0 || f.Skip < 0 || f.Times < 0 {
		return f, errors.New("delay, skip and times of a fault are not negative")
	}
	if f.API != "" && f.API != "v1" && f.API != "v2" {
		return f, fmt.Errorf("the api of a fault is v1 or v2, not %q", f.API)
	}
	return f, nil
}

// Add puts a fault that was checked behind the others, and gives it an ID.
func (s *Set) Add(f control.Fault) (control.Fault, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) >= maxFaults {
		return f, fmt.Errorf("the scope has %d faults already", maxFaults)
	}
	f.ID = "fault-" + store.Random()[:8]
	s.faults = append(s.faults, &fault{Fault: f})
	return f, nil
}

// Remove takes a fault away and reports whether there was one.
func (s *Set) Remove(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := len(s.faults)
	s.faults = slices.DeleteFunc(s.faults, func(f *fault) bool { return f.ID == id })
	return len(s.faults) < before
}

// Next returns the first fault that matches a request, nil for none, and counts
// it as played.
func (s *Set) Next(endpoint control.Endpoint, api string, keys control.Keys) *control.Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Endpoint != "" && f.Endpoint != endpoint || f.API != "" && f.API != api || f.Key != nil && !keys.Has(*f.Key) {
			continue
		}
		if f.Times > 0 && f.played >= f.Times {
			continue
		}
		if f.matched++; f.matched <= f.Skip {
			continue
		}
		f.played++
		played := f.Fault
		return &played
	}
	return nil
}
