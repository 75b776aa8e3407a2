package main

import (
	"math"
	"slices"
)

// A spread is what repeated measurements came to.
type spread struct {
	Median float64   `json:"median"`
	Min    float64   `json:"min"`
	Max    float64   `json:"max"`
	Values []float64 `json:"values"` // in the order in which they were measured
}

// newSpread sums up at least one value, each rounded to a thousandth.
func newSpread(values []float64) spread {
	s := spread{}
	for _, v := range values {
		s.Values = append(s.Values, round(v, 3))
	}
	sorted := slices.Sorted(slices.Values(s.Values))
	n := len(sorted)
	s.Min, s.Max = sorted[0], sorted[n-1]
	s.Median = round((sorted[(n-1)/2]+sorted[n/2])/2, 3)
	return s
}

// spreadOf sums up one figure of each of several things.
func spreadOf[T any](things []T, figure func(T) float64) spread {
	var values []float64
	for _, t := range things {
		values = append(values, figure(t))
	}
	return newSpread(values)
}

// round leaves so many digits after the point.
func round(v float64, digits int) float64 {
	factor := math.Pow10(digits)
	return math.Round(v*factor) / factor
}
