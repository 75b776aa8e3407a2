// Package schemas judges the answers of the eight third-party-identifier
// operations by their JSON Schemas.
//
// The schemas of folders v1.6 and v1.19 are extracted from the Matrix
// specification (see cmd/extract); those of folder strict state by hand what
// the specification says in prose only. All are embedded and complete in
// themselves, so that judging needs neither files nor network.
package schemas

import (
	"cmp"
	"strconv"
	"strings"
)

// Set is the schemas of one version of the specification. It is safe for
// concurrent use.
type Set struct {
	// Version is the spec version the schemas were extracted from, "v1.6" or
	// "v1.19".
	Version string

	minor  int
	files  map[string]*schema // by name within the version: "add3PID/200.json"
	strict map[string]*schema // by rule
}

// For returns the schemas to judge a server by that advertises these versions
// (as in the answer of GET /_matrix/client/versions): the newest set that is
// not newer than the newest advertised v1.x, and at least the oldest set. What
// is not of the form v1.x does not count.
func For(advertised []string) *Set {
	newest := 0
	for _, version := range advertised {
		if minor, ok := minorVersion(version); ok {
			newest = max(newest, minor)
		}
	}
	sets := embedded().sets // ascending
	chosen := sets[0]
	for _, set := range sets {
		if set.minor <= newest {
			chosen = set
		}
	}
	return chosen
}

// minorVersion returns the x of a version v1.x.
func minorVersion(version string) (int, bool) {
	digits, ok := strings.CutPrefix(version, "v1.")
	if !ok || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	minor, err := strconv.Atoi(digits)
	return minor, err == nil
}

func byMinorVersion(a, b *Set) int { return cmp.Compare(a.minor, b.minor) }
