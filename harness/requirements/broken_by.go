package requirements

import (
	"path"
	"slices"
	"strconv"
	"strings"

	"threepid-conformance/schemas"
)

// Observation names a defect that every exchange is searched for, without a spec
// that asks for it.
type Observation string

const (
	// BrokenSchema is a body that breaks a schema; a Condition says which part of it.
	BrokenSchema Observation = "broken-schema"
	// NoResponse is a request that got none, or none that was complete.
	NoResponse Observation = "no-response"
	// TooLong is a body of more bytes than are read.
	TooLong Observation = "too-long"
	// NotJSON is a body that is not exactly one JSON object.
	NotJSON Observation = "not-json"
	// NotUTF8 is a body that is not UTF-8.
	NotUTF8 Observation = "not-utf8"
	// WrongContentType is a Content-Type other than application/json.
	WrongContentType Observation = "wrong-content-type"
	// WrongSuccess is a 2xx status that is not documented.
	WrongSuccess Observation = "wrong-success"
	// MissingCompanion is an errcode without the field that has to come with it.
	MissingCompanion Observation = "missing-companion"
	// LimitNotJSON is a 429 whose body is not a JSON object.
	LimitNotJSON Observation = "limit-not-json"
	// LimitStatusAlone is a 429 with another errcode than M_LIMIT_EXCEEDED.
	LimitStatusAlone Observation = "limit-status-alone"
	// LimitErrcodeAlone is M_LIMIT_EXCEEDED with another status than 429.
	LimitErrcodeAlone Observation = "limit-errcode-alone"
	// WrongRetryAfter is a Retry-After header that is malformed, or that differs from
	// retry_after_ms.
	WrongRetryAfter Observation = "wrong-retry-after"
	// NotRouted is an operation that the homeserver does not know.
	NotRouted Observation = "not-routed"
)

var observations = []Observation{
	BrokenSchema, NoResponse, TooLong, NotJSON, NotUTF8, WrongContentType, WrongSuccess,
	MissingCompanion, LimitNotJSON, LimitStatusAlone, LimitErrcodeAlone, WrongRetryAfter, NotRouted,
}

// A Condition says which defects break an entry. A field that is not there fits
// everything.
type Condition struct {
	Observed Observation `yaml:"observed"`
	// Strictly says that only the second half of the entry is broken.
	Strictly bool `yaml:"strictly"`
	// Status is one such as 429, or "400+" for 400 and all above.
	Status string `yaml:"status"`

	// The others are for a broken schema. Rule is [schemas.RuleSchema] or one of
	// [schemas.Rules].
	Rule    string `yaml:"rule"`
	Schema  string `yaml:"schema"` // how the path of its file ends
	Keyword string `yaml:"keyword"`
	Pointer string `yaml:"pointer"` // of the value or the missing key; * is any member
}

// A Defect is what was observed of an operation's response.
type Defect struct {
	Observed  Observation
	Operation string // operationId
	Status    int
	// Of a broken schema; see schemas.Violation.
	Rule, Schema, Keyword, Pointer string
}

// BrokenBy returns the entry that a defect breaks, and whether only its second half
// is broken. Where several fit, the entry with the most exact condition does.
func BrokenBy(d Defect) (entry Entry, strictly, ok bool) {
	most := -1
	for _, e := range loaded().entries {
		if !slices.Contains(e.Operations, d.Operation) {
			continue
		}
		for _, c := range e.BrokenBy {
			if exactness := c.exactness(); exactness > most && c.fits(d) {
				entry, strictly, most = e, c.Strictly, exactness
			}
		}
	}
	return entry, strictly, most >= 0
}

// exactness counts the fields that are there, and a range of statuses for half.
func (c Condition) exactness() int {
	exactness := 0
	for _, field := range []string{c.Status, c.Rule, c.Schema, c.Keyword, c.Pointer} {
		if field != "" {
			exactness += 2
		}
	}
	if strings.HasSuffix(c.Status, "+") {
		exactness--
	}
	return exactness
}

func (c Condition) fits(d Defect) bool {
	pointer, _ := path.Match(c.Pointer, d.Pointer) // check has tried the pattern
	return c.Observed == d.Observed &&
		(c.Status == "" || c.Status == strconv.Itoa(d.Status) || c.Status == "400+" && d.Status >= 400) &&
		(c.Rule == "" || c.Rule == d.Rule) &&
		strings.HasSuffix(d.Schema, c.Schema) &&
		(c.Keyword == "" || c.Keyword == d.Keyword) &&
		(c.Pointer == "" || pointer)
}

// overlaps reports whether some defect could fit both.
func (c Condition) overlaps(other Condition) bool {
	shared := func(a, b string) bool { return a == "" || b == "" || a == b }
	status := shared(c.Status, other.Status) ||
		c.Status == "400+" && other.Status >= "400" || other.Status == "400+" && c.Status >= "400"
	schema := strings.HasSuffix(c.Schema, other.Schema) || strings.HasSuffix(other.Schema, c.Schema)
	pointer, _ := path.Match(c.Pointer, other.Pointer)
	reverse, _ := path.Match(other.Pointer, c.Pointer)
	return c.Observed == other.Observed && status && schema &&
		shared(c.Rule, other.Rule) && shared(c.Keyword, other.Keyword) &&
		(c.Pointer == "" || other.Pointer == "" || pointer || reverse)
}

func (m *mistakes) checkBrokenBy(e Entry, byID map[string]Entry) {
	rules := append(schemas.Rules(), schemas.RuleSchema)
	for _, c := range e.BrokenBy {
		oneOf(m, "broken_by: observed", c.Observed, observations)
		if c.Observed != BrokenSchema && c.Rule+c.Schema+c.Keyword+c.Pointer != "" {
			m.addf("broken_by: rule, schema, keyword and pointer are for %s, not for %s", BrokenSchema, c.Observed)
		}
		if status, err := strconv.Atoi(c.Status); c.Status != "" && c.Status != "400+" && (err != nil || status < 200 || status > 599) {
			m.addf("broken_by: status: expected one such as 429, or 400+, got %q", c.Status)
		}
		if c.Rule != "" {
			oneOf(m, "broken_by: rule", c.Rule, rules)
		}
		if _, err := path.Match(c.Pointer, ""); err != nil || c.Pointer != "" && c.Pointer[0] != '/' {
			m.addf("broken_by: pointer: expected one such as /threepids/*/medium, got %q", c.Pointer)
		}
		if c.Strictly && e.Strictly == nil {
			m.addf("broken_by: strictly: the entry has no second half")
		}
		for id, other := range byID {
			if id > e.ID && e.sharesOperation(other) && slices.ContainsFunc(other.BrokenBy, func(o Condition) bool {
				return c.exactness() == o.exactness() && c.overlaps(o)
			}) {
				m.addf("broken_by: %s claims the same defects with a condition that is as exact", id)
			}
		}
	}
}

func (e Entry) sharesOperation(other Entry) bool {
	return slices.ContainsFunc(e.Operations, func(operation string) bool { return slices.Contains(other.Operations, operation) })
}
