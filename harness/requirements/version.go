package requirements

import (
	"fmt"
	"strconv"
	"strings"
)

// firstVersion is the first version of the specification that has the v3 paths,
// and the one from which on an entry holds unless it says otherwise.
const firstVersion = "v1.1"

// Advertises reports whether a server that lists these versions at
// /_matrix/client/versions advertises the given version (such as "v1.6") or a
// later one. Other spellings, such as r0.6.1, count for nothing.
func Advertises(advertised []string, version string) bool {
	wanted, ok := minorOf(version)
	if !ok {
		return false
	}
	_, highest, found := minorRange(advertised)
	return found && highest >= wanted
}

// AppliesTo reports whether the entry may be asserted against a server that
// lists these versions. If not, the reason says so in one sentence.
func (e Entry) AppliesTo(advertised []string) (ok bool, reason string) {
	return within(e.Since, e.Until, advertised)
}

// AppliesTo reports whether this half may be asserted against a server that
// lists these versions. If not, the reason says so in one sentence.
func (h Half) AppliesTo(advertised []string) (ok bool, reason string) {
	return within(h.Since, "", advertised)
}

// URL is the entry's section in the published specification of a version such
// as "v1.6". A section that is younger than that is linked in the version that
// brought it, as there is nothing to see in an older one.
func (e Entry) URL(specVersion string) string {
	asked, isVersion := minorOf(specVersion)
	if since, ok := minorOf(e.Since); ok && isVersion && asked < since {
		specVersion = e.Since
	}
	return "https://spec.matrix.org/" + specVersion + "/" + e.Link
}

// within decides whether something that holds from since to until ("" for no
// end) may be asserted. A server owes the old as long as it advertises any
// version up to until, whatever newer ones it lists besides.
func within(since, until string, advertised []string) (ok bool, reason string) {
	lowest, highest, found := minorRange(advertised)
	if !found {
		return false, "the server advertises no version of the form v1.N"
	}
	if !Advertises(advertised, since) {
		return false, fmt.Sprintf("asserted from %s on; the server advertises v1.%d at most", since, highest)
	}
	if last, ends := minorOf(until); ends && lowest > last {
		return false, fmt.Sprintf("asserted up to %s only; the server advertises nothing older than v1.%d", until, lowest)
	}
	return true, ""
}

// minorRange finds the lowest and the highest N among the versions v1.N.
func minorRange(versions []string) (lowest, highest int, found bool) {
	for _, version := range versions {
		minor, ok := minorOf(version)
		if !ok {
			continue
		}
		if !found {
			lowest, highest, found = minor, minor, true
		}
		lowest, highest = min(lowest, minor), max(highest, minor)
	}
	return lowest, highest, found
}

// minorOf reads the N of a version v1.N.
func minorOf(version string) (minor int, ok bool) {
	digits, found := strings.CutPrefix(version, "v1.")
	if !found {
		return 0, false
	}
	minor, err := strconv.Atoi(digits)
	if err != nil || strconv.Itoa(minor) != digits || minor < 1 {
		return 0, false
	}
	return minor, true
}
