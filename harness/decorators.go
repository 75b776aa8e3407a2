// Package harness is the vocabulary of a spec, which imports it with a dot: the
// decorators (Must, Needs, On), the matchers (HaveStatus, …), and the words by which
// a spec says more than pass or fail (Strictly, Decline, NotTested, Blocked). Below it:
//
//	run           one run, from the selection to the exit code
//	deploy        starts homeserver, mail catcher and identity servers
//	preflight     looks at what was started before the first spec
//	exchange      sends requests, checks responses against schemas, records both
//	masking       keeps secrets out of records and reports
//	mailbox       reads the mails the homeserver sent
//	containers    the Docker engine, as one run uses it
//	target        what a homeserver under test is
//	advice        settings of homeservers, to mend and to paste
//	config        the settings of a run
//	requirements  the catalogue
//	verdict       decides verdicts, profile and exit code
//	report        writes results/
package harness

import (
	"strings"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/run"
)

// JSON is a request body.
type JSON map[string]any

// What a spec may need of the deployment; see [Needs].
const (
	Mail           = string(requirements.Mail)
	SMS            = string(requirements.SMS)
	IdentityServer = string(requirements.IdentityServer)
)

// Configurations of the homeserver other than its ordinary one; see [On].
const (
	RateLimited        = string(requirements.RateLimited)
	NoMail             = string(requirements.NoMail)
	NoSMS              = string(requirements.NoSMS)
	ChangesDisabled    = string(requirements.ChangesDisabled)
	TwoStageUIA        = string(requirements.TwoStageUIA)
	DummyUIA           = string(requirements.DummyUIA)
	EmailSubmitURL     = string(requirements.EmailSubmitURL)
	DeniedAddresses    = string(requirements.DeniedAddresses)
	ShortTokenLifetime = string(requirements.ShortTokenLifetime)
	Admin              = string(requirements.Admin)
	ApplicationService = string(requirements.ApplicationService)
	ResourceLimited    = string(requirements.ResourceLimited)
)

// Must, Should and May name the requirement a spec judges, by its id in the
// catalogue. The level has to be the catalogue's. What else the catalogue knows
// (the operation, what the deployment needs, the variant) comes from there.
func Must(id string) ginkgo.Labels   { return requirement(requirements.Must, id) }
func Should(id string) ginkgo.Labels { return requirement(requirements.Should, id) }
func May(id string) ginkgo.Labels    { return requirement(requirements.May, id) }

func requirement(level requirements.Level, id string) ginkgo.Labels {
	return ginkgo.Labels{string(level), run.RequirementLabel + id}
}

// Operation says which operation a spec judges, where its requirement is about
// several.
func Operation(operationID string) ginkgo.Labels { return ginkgo.Labels{operationID} }

// Needs says what a spec needs of the deployment beyond what the catalogue says of
// its requirement: Mail, SMS, IdentityServer.
func Needs(capabilities ...string) ginkgo.Labels { return capabilities }

// On says which configuration of the homeserver a spec runs against, where the
// catalogue has a choice for its requirement.
func On(variant string) ginkgo.Labels { return ginkgo.Labels{variant} }

// Each makes a table entry of every operation that a requirement is about, named
// by the operationId, which is also the table's parameter. Its argument is what
// Must, Should or May return.
func Each(requirement ginkgo.Labels) []ginkgo.TableEntry {
	ginkgo.GinkgoHelper()
	var entries []ginkgo.TableEntry
	for _, label := range requirement {
		id, _ := strings.CutPrefix(label, run.RequirementLabel)
		entry, known := requirements.Lookup(id)
		if !known {
			continue
		}
		for _, operation := range entry.Operations {
			entries = append(entries, ginkgo.Entry(operation, requirement, Operation(operation), operation))
		}
	}
	return entries
}
