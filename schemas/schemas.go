// Package schemas judges what homeservers answer by JSON Schemas.
//
// Those of folders v1.x are extracted from the Matrix specification (see
// cmd/extract); those of folder strict state by hand what the specification says
// in prose only. All are embedded and complete in themselves, so that judging
// needs neither files nor network.
package schemas

import (
	"strconv"
	"strings"
)

// Set is the schemas of one version of the specification. It is safe for
// concurrent use.
type Set struct {
	// Version is the spec version, such as "v1.6".
	Version string

	minor  int
	files  map[string]*schema // by name: "add3PID/200.json", "add3PID/request.json"
	strict map[string]*schema // by rule
}

// For returns the schemas to judge a server by that advertises these versions
// (as in the answer of GET /_matrix/client/versions): those of the newest v1.x
// among them, and no newer than the newest there is. What is not of the form v1.x
// does not count; if nothing does, the oldest set is returned.
func For(advertised []string) *Set { return embedded().setFor(advertised) }

func (c *catalogue) setFor(advertised []string) *Set {
	newest := 0
	for _, version := range advertised {
		if minor, ok := minorVersion(version); ok {
			newest = max(newest, minor)
		}
	}
	chosen := c.sets[0]
	for _, set := range c.sets { // ascending
		if set.minor <= newest {
			chosen = set
		}
	}
	return chosen
}

// Versions returns the versions of the specification that there are schemas of,
// oldest first.
func Versions() []string {
	var versions []string
	for _, set := range embedded().sets {
		versions = append(versions, set.Version)
	}
	return versions
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
