package schemas

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
)

// RuleSchema is the rule of every violation that Check reports.
const RuleSchema = "schema"

// The rules of CheckStrict: what the specification demands in prose. Each has
// a schema of its own, strict/<rule>.json, which holds only what the extracted
// schemas lack, so that no defect is reported by both.
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

// ruleJSONObject names the schema for answers of which only this much is
// known. It serves Check, not CheckStrict.
const ruleJSONObject = "json-object"

// Rules returns every rule that CheckStrict may report, sorted.
func Rules() []string {
	rules := slices.Sorted(maps.Keys(embedded().strict))
	return slices.DeleteFunc(rules, func(rule string) bool { return rule == ruleJSONObject })
}

// Check holds an answer against the schema that the specification documents
// for the operation and status. A status without one is judged as a standard
// error from 400 on (429 as a rate-limit error) and otherwise only has to be a
// JSON object. So is a 401 of an operation with user-interactive
// authentication that is no challenge but a standard error about the token.
//
// Violations are sorted. The error is a *DecodeError if the body is not one
// strictly decodable JSON value. Any other error (no such operation, a defect of
// the validator) says nothing about the answer.
func (s *Set) Check(operationID string, status int, body []byte) ([]Violation, error) {
	value, err := s.decode(operationID, body)
	if err != nil {
		return nil, err
	}
	return s.checkValue(operationID, status, value)
}

func (s *Set) checkValue(operationID string, status int, value any) ([]Violation, error) {
	violations, err := s.documented(operationID, status, value).validate(value)
	for i := range violations {
		violations[i].Rule = RuleSchema
	}
	return inOrder(violations), err
}

// CheckStrict holds an answer against the rules that the specification states
// in prose only. Each violation names its rule. Sorting and errors are those
// of Check.
func (s *Set) CheckStrict(operationID string, status int, body []byte) ([]Violation, error) {
	value, err := s.decode(operationID, body)
	if err != nil {
		return nil, err
	}
	return s.checkStrictly(operationID, status, value)
}

func (s *Set) checkStrictly(operationID string, status int, value any) ([]Violation, error) {
	var violations []Violation
	for _, rule := range s.strictRules(operationID, status, value) {
		found, err := s.strict[rule].validate(value)
		if err != nil {
			return nil, err
		}
		violations = append(violations, found...)
	}
	return inOrder(violations), nil
}

// CheckDecoded is Check and then CheckStrict of an answer that [Decode] has
// decoded, for an operation that there is. It is for callers who need the value,
// too. Beside an error of CheckStrict stands what Check has found.
func (s *Set) CheckDecoded(operationID string, status int, value any) ([]Violation, error) {
	found, err := s.checkValue(operationID, status, value)
	if err != nil {
		return nil, err
	}
	strict, err := s.checkStrictly(operationID, status, value)
	return append(found, strict...), err
}

// Judging returns the schemas that Check and CheckStrict hold an answer against,
// decoded. They belong to the set and are not to be changed.
func (s *Set) Judging(operationID string, status int, body []byte) ([]map[string]any, error) {
	value, err := s.decode(operationID, body)
	if err != nil {
		return nil, err
	}
	judging := []map[string]any{s.documented(operationID, status, value).source}
	for _, rule := range s.strictRules(operationID, status, value) {
		judging = append(judging, s.strict[rule].source)
	}
	return judging, nil
}

func (s *Set) decode(operationID string, body []byte) (any, error) {
	if _, ok := OperationByID(operationID); !ok {
		return nil, fmt.Errorf("there is no operation %q to judge an answer of", operationID)
	}
	return Decode(body)
}

// statusFile names the schema of a status within its operation.
func statusFile(status int) string { return strconv.Itoa(status) + ".json" }

// documented chooses the schema for an answer.
func (s *Set) documented(operationID string, status int, value any) *schema {
	own, ok := s.files[operationID+"/"+statusFile(status)]
	switch {
	case ok && status == http.StatusUnauthorized && !isChallenge(value):
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

// strictRules lists the rules that apply to an answer.
func (s *Set) strictRules(operationID string, status int, value any) []string {
	if status == http.StatusOK {
		switch operationID {
		case "getAccount3PIDs":
			return []string{RuleTimestampMilliseconds}
		case "requestTokenTo3PIDEmail", "requestTokenTo3PIDMSISDN":
			return []string{RuleSIDGrammar}
		}
	}
	_, uia := s.files[operationID+"/"+statusFile(http.StatusUnauthorized)]
	switch {
	case status < http.StatusBadRequest:
		return nil
	case uia && status == http.StatusUnauthorized && isChallenge(value):
		// A challenge need not be an error; after a failed stage it is both.
		return []string{RuleFlowsNonEmpty, RuleStagesNonEmpty, RuleErrcodeForm}
	case status == http.StatusTooManyRequests:
		return []string{RuleErrorKey, RuleErrcodeForm, RuleRetryAfterNonNegative}
	}
	return []string{RuleErrorKey, RuleErrcodeForm}
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
