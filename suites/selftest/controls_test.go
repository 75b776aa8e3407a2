package selftest

import (
	"testing"

	"threepid-conformance/harness/verdict"
)

// passesOnControls are the rows that may pass on a homeserver that misbehaves
// as a whole, each with the reason why that is right.
var passesOnControls = map[string]map[string]string{
	"refuses": {},
	"empty-200": {
		"getAccount3PIDs get-001-200-schema": "an object without threepids satisfies the schema; the rows about items say what is missing",
	},
	"unauthorized": {},
	"hangs":        {},
}

// A homeserver that treats all requests to the operations alike must not
// pass anything by accident: a refusal counts only beside the same request
// granted, and a grant only with its effect.
func TestControlsPassNothing(t *testing.T) {
	t.Parallel()
	for control, allowed := range passesOnControls {
		t.Run(control, func(t *testing.T) {
			t.Parallel()
			// The factor shortens the wait for answers that never come.
			r := conform(t, "--target-option=control="+control, "--timeout-factor=0.03")
			if r.exit != 1 {
				t.Errorf("exit %d, want 1\n%s", r.exit, r.output)
			}
			for name, v := range r.verdicts(t) {
				if passes, listed := v == verdict.Pass, allowed[name] != ""; passes != listed {
					t.Errorf("%s is %s; listed as passing: %v", name, v, listed)
				}
			}
		})
	}
}
