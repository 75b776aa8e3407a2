package schemas

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// RuleSchema is the rule of every violation of a schema of the specification.
const RuleSchema = "schema"

// The other rules: what the specification demands in prose. Each has a schema of
// its own, strict/<rule>.json, which holds only what the extracted schemas lack,
// so that no defect is reported by both.
const (
	// RuleErrorKey: a standard error has the key error, and its errcode is
	// not empty.
	RuleErrorKey = "error-key"
	// RuleErrcodeForm: an errcode is a namespace in capitals, an underscore
	// and a name in capitals.
	RuleErrcodeForm = "errcode-form"
	// RuleSIDGrammar: a sid has 1 to 255 characters of [0-9a-zA-Z.=_-].
	RuleSIDGrammar = "sid-grammar"
	// RuleFlowsNonEmpty: a UIA challenge offers at least one flow.
	RuleFlowsNonEmpty = "flows-non-empty"
	// RuleStagesNonEmpty: each flow of a UIA challenge has a stage.
	RuleStagesNonEmpty = "stages-non-empty"
	// RuleTimestampMilliseconds: added_at and validated_at are at least 10^12,
	// which seconds are not for the next 30,000 years. Field tells which.
	RuleTimestampMilliseconds = "timestamp-milliseconds"
	// RuleRetryAfterNonNegative: retry_after_ms is at least 0.
	RuleRetryAfterNonNegative = "retry-after-non-negative"
)

// ruleJSONObject names the schema for answers of which only this much is known.
const ruleJSONObject = "json-object"

// Rules returns every rule in prose that Check may report, sorted.
func Rules() []string {
	rules := slices.Sorted(maps.Keys(embedded().strict))
	return slices.DeleteFunc(rules, func(rule string) bool { return rule == ruleJSONObject })
}

// Check holds an answer that [Decode] has decoded against the schema that the
// specification documents for the operation and status, and then against the
// rules that it states in prose only. A status without a schema is judged as a
// standard error from 400 on (429 as a rate-limit error) and otherwise only has
// to be a JSON object. So is a 401 of an operation with user-interactive
// authentication that is no challenge but a standard error about the token.
//
// Violations are sorted within each rule. An error (a defect of the validator)
// says nothing about the answer; beside it stands what was found before.
func (s *Set) Check(operationID string, status int, value any) ([]Violation, error) {
	var violations []Violation
	for _, schema := range s.judging(operationID, status, value) {
		found, err := schema.validate(value)
		if err != nil {
			return violations, err
		}
		violations = append(violations, found...)
	}
	return violations, nil
}

// Judging returns the schemas that Check holds an answer against, decoded. They
// belong to the set and are not to be changed. The error is that of Decode.
func (s *Set) Judging(operationID string, status int, body []byte) ([]map[string]any, error) {
	value, err := Decode(body)
	if err != nil {
		return nil, err
	}
	var sources []map[string]any
	for _, schema := range s.judging(operationID, status, value) {
		sources = append(sources, schema.compiled().source)
	}
	return sources, nil
}

// judging lists the schemas that apply to an answer, the documented one first.
func (s *Set) judging(operationID string, status int, value any) []*schema {
	documented := s.documented(operationID, status, value)
	list := []*schema{documented}
	for _, rule := range s.rules(documented, operationID, status, value) {
		list = append(list, s.strict[rule])
	}
	return list
}

// statusFile names the schema of a status within its operation.
func statusFile(status int) string { return strconv.Itoa(status) + ".json" }

// documented chooses the schema for an answer.
func (s *Set) documented(operationID string, status int, value any) *schema {
	own, ok := s.files[operationID+"/"+statusFile(status)]
	switch {
	case status == http.StatusUnauthorized && s.challenges(operationID) && !isChallenge(value):
		return s.files["common/error.json"]
	case ok:
		return own
	case status == http.StatusTooManyRequests:
		return s.files["common/rate_limited.json"]
	case status >= http.StatusBadRequest:
		return s.files["common/error.json"]
	}
	return s.strict[ruleJSONObject]
}

// rules lists the rules that apply to an answer. Those about a success apply
// where the documented schema has the field that they are about.
func (s *Set) rules(documented *schema, operationID string, status int, value any) []string {
	switch {
	case status == http.StatusOK && documented.declares("threepids"):
		return []string{RuleTimestampMilliseconds}
	case status == http.StatusOK && documented.declares("sid"):
		return []string{RuleSIDGrammar}
	case status < http.StatusBadRequest:
		return nil
	case status == http.StatusUnauthorized && s.challenges(operationID) && isChallenge(value):
		// A challenge need not be an error; after a failed stage it is both.
		return []string{RuleFlowsNonEmpty, RuleStagesNonEmpty, RuleErrcodeForm}
	case status == http.StatusTooManyRequests:
		return []string{RuleErrorKey, RuleErrcodeForm, RuleRetryAfterNonNegative}
	}
	return []string{RuleErrorKey, RuleErrcodeForm}
}

// challenges tells whether the documented 401 of an operation is the challenge of
// user-interactive authentication.
func (s *Set) challenges(operationID string) bool {
	documented, ok := s.files[operationID+"/"+statusFile(http.StatusUnauthorized)]
	return ok && documented.declares("flows")
}

// declares tells whether the schema has a property of this name at its top.
func (s *schema) declares(property string) bool {
	return shapeOf(s.compiled().source).properties[property] != nil
}

// isChallenge tells a UIA challenge from a standard error with status 401,
// such as M_MISSING_TOKEN. An errcode alone makes no challenge, since it also
// stands in the challenge that follows a failed stage; a key that only a
// challenge has does. What is neither is judged as a challenge, the documented
// answer.
func isChallenge(value any) bool {
	object, ok := value.(map[string]any)
	if !ok {
		return true
	}
	for _, key := range []string{"flows", "params", "completed", "session"} {
		if _, ok := object[key]; ok {
			return true
		}
	}
	_, standardError := object["errcode"]
	return !standardError
}
