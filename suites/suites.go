// Package suites holds everything a run needs: the specs and the homeservers
// that can be started. Both ways to run the suite import it.
package suites

import (
	_ "threepid-conformance/fixtures/targets/dendrite"
	_ "threepid-conformance/fixtures/targets/folder"
	_ "threepid-conformance/fixtures/targets/reference"
	_ "threepid-conformance/fixtures/targets/synapse"
	_ "threepid-conformance/suites/common"
	_ "threepid-conformance/suites/contact"
)
