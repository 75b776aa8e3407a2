package verdict

import (
	"fmt"

	"threepid-conformance/harness/requirements"
)

// Profile names what a run says about the homeserver as a whole.
type Profile string

// The three profiles.
const (
	Conformant Profile = "conformant" // every covered MUST row passed or was lawfully declined
	Partial    Profile = "partial"    // nothing that counts failed, but something was not shown
	Failing    Profile = "failing"    // a row that counts failed
)

// Levels are the levels of requirements in the order of reports.
var Levels = []requirements.Level{requirements.Must, requirements.Should, requirements.May}

// A Result is the end of a run.
type Result struct {
	Profile        Profile
	Counts         map[requirements.Level]map[Verdict]int
	NotGatingFails int
	Exit           int      // 0 or 1
	Why            []string // of exit 1: one sentence for each reason
}

// Conclude decides profile and exit code. Complaints are what Ginkgo itself
// holds against the run (a failed set-up or clean-up node, an interrupt).
func Conclude(rows []Judged, known Expectations, complaints []string) Result {
	result := Result{
		Profile: ProfileOf(rows),
		Counts:  map[requirements.Level]map[Verdict]int{},
	}
	for _, level := range Levels {
		result.Counts[level] = map[Verdict]int{}
	}
	fails, blocked, selected, passed := 0, 0, 0, 0
	var unexpected []string
	for _, r := range rows {
		result.Counts[r.Entry.Level][r.Verdict]++
		if r.Selected && r.Specs > 0 {
			selected++
		}
		switch r.Verdict {
		case Fail:
			switch {
			case r.Gates:
				fails++
			case r.Selected:
				result.NotGatingFails++
			}
		case Blocked:
			blocked++
		case Pass:
			passed++
			if _, listed := known[r.Row]; listed {
				unexpected = append(unexpected, r.Row.Operation+" "+r.Row.Requirement)
			}
		}
	}

	because := func(format string, args ...any) { result.Why = append(result.Why, fmt.Sprintf(format, args...)) }
	switch {
	case fails == 1:
		because("1 row that counts failed")
	case fails > 1:
		because("%d rows that count failed", fails)
	}
	if blocked > 0 {
		because("%s blocked with nothing in this run to explain it", plural(blocked, "row"))
	}
	for _, row := range unexpected {
		because("%s is listed as a known failure but passes; remove it from the expectations file", row)
	}
	if selected == 0 {
		because("the selection holds no spec")
	} else if passed == 0 {
		because("nothing passed, so nothing was shown")
	}
	result.Why = append(result.Why, complaints...)
	if len(result.Why) > 0 {
		result.Exit = 1
	}
	if len(complaints) > 0 && result.Profile == Conformant {
		result.Profile = Partial
	}
	return result
}

// ProfileOf sums up some of a run's rows, such as those of one operation. Rows
// without a spec say nothing unless something was found about them.
func ProfileOf(rows []Judged) Profile {
	passed, open := false, false
	for _, r := range rows {
		if r.Specs == 0 && !r.Executed {
			continue
		}
		switch {
		case r.Verdict == Fail && r.Gates:
			return Failing
		case r.Verdict == Pass:
			passed = true
		case r.Entry.Level == requirements.Must && r.Verdict != NotSupported:
			open = true
		}
	}
	if passed && !open {
		return Conformant
	}
	return Partial
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
