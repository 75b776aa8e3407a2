// Package requirements is the catalogue of what the operations of all chapters owe
// their clients, kept as YAML under catalogue/ (a folder for each chapter, a file
// for each id group) and embedded.
//
// An entry becomes one or more rows of a report, a row being an operation and
// a requirement. Statements speak of "the list" for the answer of
// GET /account/3pid, and name the other operations by the end of their path:
// /add, /bind, /delete, /unbind and requestToken.
package requirements

import "threepid-conformance/schemas"

// Kind says how the operations of an entry relate to its rows.
type Kind string

const (
	// PerOperation is one rule that is checked against the handler of each of
	// the entry's operations.
	PerOperation Kind = "per-operation"
	// Scenario is one story: it is owned by the entry's only operation, and may
	// pass through others on its way (Entry.Touches).
	Scenario Kind = "scenario"
)

// Level is the word with which the specification demands something.
type Level string

// The levels, strongest first.
const (
	Must   Level = "MUST"
	Should Level = "SHOULD"
	May    Level = "MAY"
)

// Enforcement says when a broken requirement fails a run.
type Enforcement string

const (
	// Hard always fails the run.
	Hard Enforcement = "hard"
	// Strict fails the run only with strict: true, and is reported otherwise.
	Strict Enforcement = "strict"
	// Info is reported and never fails the run.
	Info Enforcement = "info"
)

// Need is a capability that must surround the homeserver for a requirement to
// be judged.
type Need string

const (
	// Mail is a mail server through which the homeserver's mail can be read.
	Mail Need = "mail"
	// SMS is a delegate through which the homeserver's SMS can be read.
	SMS Need = "sms"
	// IdentityServer is an observed identity server that the homeserver reaches.
	IdentityServer Need = "identity-server"
)

// Variant names a configuration of the homeserver other than its main one.
type Variant string

const (
	// RateLimited has its rate limiter on, with low limits.
	RateLimited Variant = "rate-limited"
	// NoMail cannot send mail.
	NoMail Variant = "no-mail"
	// NoSMS cannot send SMS.
	NoSMS Variant = "no-sms"
	// ChangesDisabled announces m.3pid_changes with enabled false.
	ChangesDisabled Variant = "changes-disabled"
	// TwoStageUIA offers a user-interactive auth flow of two or more stages.
	TwoStageUIA Variant = "two-stage-uia"
	// DummyUIA offers a user-interactive auth flow of m.login.dummy alone.
	DummyUIA Variant = "dummy-uia"
	// EmailSubmitURL answers the e-mail requestToken with a submit_url.
	EmailSubmitURL Variant = "email-submit-url"
	// DeniedAddresses forbids some addresses and numbers.
	DeniedAddresses Variant = "denied-addresses"
	// ShortTokenLifetime issues access tokens that expire within a run.
	ShortTokenLifetime Variant = "short-token-lifetime"
	// Admin comes with an administrator who can lock and suspend accounts.
	Admin Variant = "admin"
	// ApplicationService has an application service registered.
	ApplicationService Variant = "application-service"
	// ResourceLimited is at a limit of its resources, or its users at theirs.
	ResourceLimited Variant = "resource-limited"
	// OAuth issues its access tokens through the OAuth 2.0 API.
	OAuth Variant = "oauth"
)

// Entry is one requirement of the catalogue.
type Entry struct {
	// ID is group, three-digit number and slug, such as add-003-requires-uia.
	// An id never changes and never changes its meaning.
	ID string `yaml:"id"`
	// Kind is PerOperation if the YAML says nothing.
	Kind Kind `yaml:"kind"`
	// Operations are the operationIds whose handlers are judged, in the order of
	// the specification: one row each. A scenario has exactly one.
	Operations []string `yaml:"-"`
	// Touches are operationIds that are passed through and not judged.
	Touches []string `yaml:"touches"`
	Level   Level    `yaml:"level"`
	// Enforcement is the effective one; if the YAML says nothing, hard for a MUST, strict
	// for a SHOULD and info for a MAY. A SHOULD is strict at most, unless a MUST
	// demands the same thing, which HardBecause then names; a MAY is info.
	Enforcement Enforcement `yaml:"enforcement"`
	// HardBecause is the id of the MUST entry that makes this SHOULD hard, or "".
	HardBecause string `yaml:"hard_because"`
	// Strictly is a second, more weakly enforced half of the requirement, or nil.
	Strictly *Half `yaml:"strictly"`
	// Since is the first version of the specification under which the entry may
	// be asserted ("v1.1" if the YAML says nothing).
	Since string `yaml:"since"`
	// Until is the last such version, or "" if there is none.
	Until string `yaml:"until"`
	// Needs and Variant hold for every row, unless Conditions say otherwise of a
	// single one. Without needs, a row needs what its operation does for its plainest
	// request to be granted. See NeedsOf and VariantOf.
	Needs   []Need  `yaml:"needs"`
	Variant Variant `yaml:"variant"`
	// AlsoOn are variants on which a further part of the requirement shows. The
	// entry is judged without them all the same.
	AlsoOn []Variant `yaml:"also_on"`
	// Conditions are what single rows demand instead, by operationId.
	Conditions map[string]Conditions `yaml:"conditions"`
	// Declines are the lawful ways of a server not to meet the requirement.
	Declines []Decline `yaml:"declines"`
	// BrokenBy says which defects, seen in any exchange, break the entry.
	BrokenBy []Condition `yaml:"broken_by"`
	// Uncovered says in one sentence, by operationId, why no spec judges a row.
	Uncovered map[string]string `yaml:"uncovered"`
	// Statement says in one to three sentences what is demanded.
	Statement string `yaml:"statement"`
	// Link is page and fragment of the published specification, without host and
	// version. URL completes it.
	Link string `yaml:"link"`
	// TypicalBug says in one line how real servers get it wrong.
	TypicalBug string `yaml:"typical_bug"`
	// Introduced is the version of the suite in which the entry appeared, "0.1.0" if
	// the YAML says nothing.
	Introduced string `yaml:"introduced"`
}

// Half is the second half of a requirement whose first half is enforced more
// strongly or from an earlier version on.
type Half struct {
	Enforcement Enforcement `yaml:"enforcement"`
	// Since is the first version under which this half may be asserted. It is
	// that of the entry if the YAML says nothing.
	Since string `yaml:"since"`
	// Statement says what this half demands on top of the entry's statement.
	Statement string `yaml:"statement"`
}

// Conditions are what a single row demands of its surroundings.
type Conditions struct {
	Needs   []Need  `yaml:"needs"`
	Variant Variant `yaml:"variant"`
}

// Decline is a lawful way of a server not to meet a requirement. A row that
// ends so is not-supported, with the answer as evidence.
type Decline struct {
	// Key names the decline within its entry, in kebab case.
	Key string `yaml:"key"`
	// Means says in one sentence what the server does and why that is lawful.
	Means string `yaml:"means"`
	// Status and ErrCodes are what such an answer may look like; an empty list
	// sets no bounds.
	Status   []int    `yaml:"status"`
	ErrCodes []string `yaml:"errcodes"`
}

// Row is what a verdict is given for: a requirement as it concerns one operation.
type Row struct {
	Operation   string `json:"operation"`   // operationId
	Requirement string `json:"requirement"` // id of the entry
}

// Rows lists the rows of the entry, one for each of its Operations.
func (e Entry) Rows() []Row {
	rows := make([]Row, 0, len(e.Operations))
	for _, operation := range e.Operations {
		rows = append(rows, Row{Operation: operation, Requirement: e.ID})
	}
	return rows
}

// Decline finds a lawful refusal by its key.
func (e Entry) Decline(key string) (Decline, bool) {
	for _, decline := range e.Declines {
		if decline.Key == key {
			return decline, true
		}
	}
	return Decline{}, false
}

// NeedsOf lists the capabilities without which the row of that operation cannot be
// judged.
func (e Entry) NeedsOf(operation string) []Need {
	if own := e.Conditions[operation].Needs; own != nil {
		return own
	}
	if e.Needs != nil {
		return e.Needs
	}
	op, _ := schemas.OperationByID(operation)
	var list []Need
	for _, need := range op.Needs {
		list = append(list, Need(need))
	}
	return list
}

// VariantOf is the variant on which the row of that operation is judged, or ""
// for the main server.
func (e Entry) VariantOf(operation string) Variant {
	if variant := e.Conditions[operation].Variant; variant != "" {
		return variant
	}
	return e.Variant
}
