package exchange

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

// Judge returns what an answer of a server that advertises these versions breaks,
// without any exchange. Operation, Status, Header and Body have to be there.
func Judge(versions []string, a *Response) []verdict.Finding {
	c := &Client{versions: versions, set: schemas.For(versions), recorder: NewRecorder(nil, masking.New(""), "")}
	a.decode()
	return c.judge(a, nil)
}

// judge returns what an answer of one of the eight operations breaks that no
// spec has to ask for: JSON, content type, schema, error shape, sid grammar, the
// shape of a 429.
func (c *Client) judge(a *Response, failure *NoAnswer) []verdict.Finding {
	if a.Operation == "" {
		return nil
	}
	var found []verdict.Finding
	file := func(requirement string, half verdict.Half, format string, args ...any) {
		if entry, ok := requirements.Lookup(requirement); ok {
			if applies, _ := entry.AppliesTo(c.versions); !applies {
				return
			}
		}
		f := verdict.Finding{
			Row:     requirements.Row{Operation: a.Operation, Requirement: requirement},
			Half:    half,
			Message: fmt.Sprintf(format, args...),
		}
		for _, other := range found {
			if other.Row == f.Row && other.Half == f.Half {
				return // the first of its kind says it
			}
		}
		found = append(found, f)
	}

	if failure != nil && failure.Cancelled {
		return nil // that was us
	}
	if failure != nil {
		file("gen-001-json-object-body", verdict.Hard, "expected an answer with a JSON object; %s", failure.Why)
		return found
	}
	if a.Oversized {
		file("gen-001-json-object-body", verdict.Hard, "expected a JSON object; the body is longer than %d bytes", maxBody)
		return found
	}
	if got := contentType(a.Header); got != "application/json" {
		file("gen-002-content-type-json", verdict.Hard, "expected Content-Type application/json; the %d answer has %q", a.Status, c.recorder.Mask(a.Header.Get("Content-Type")))
	}
	if a.JSON == nil {
		requirement := "gen-001-json-object-body"
		var defect *schemas.DecodeError
		if errors.As(a.Malformed, &defect) && defect.Kind == schemas.NotUTF8 {
			requirement = "gen-003-utf8"
		}
		// An array, a null or a string where the operation has a schema is also
		// that schema's business, but one broken rule is filed once.
		file(requirement, verdict.Hard, "expected the %d answer to be one JSON object; %v", a.Status, a.Malformed)
		if a.Status == http.StatusTooManyRequests {
			file("rl-001-429-shape", verdict.Hard, "expected a standard error with status 429; %v", a.Malformed)
		}
		return found
	}

	if a.OK() && a.Status != http.StatusOK {
		file(successRows[a.Operation], verdict.Hard, "expected success to have status 200, the only one documented; got %d", a.Status)
	}
	for _, v := range c.violations(a) {
		file(rowOf(a, v), verdict.Hard, "the %d answer breaks its schema at %s: %s", a.Status, pointer(v.Pointer), v.Detail)
	}
	if a.Status == http.StatusTooManyRequests {
		c.judgeLimit(a, file)
	} else if a.Errcode() == "M_LIMIT_EXCEEDED" {
		file("rl-001-429-shape", verdict.Strict, "expected status 429 with errcode M_LIMIT_EXCEEDED; got %d", a.Status)
	}
	c.judgeCompanions(a, file)
	return found
}

func pointer(p string) string {
	if p == "" {
		return "the top level"
	}
	return p
}

// violations checks the body against the spec's schema and the prose rules.
func (c *Client) violations(a *Response) []schemas.Violation {
	return c.checked.of(a, func() []schemas.Violation {
		// A defect of the validator says nothing about the answer; what was found
		// before it stands.
		found, _ := c.set.Check(a.Operation, a.Status, a.JSON)
		return found
	})
}

// A rule says which requirement a schema violation belongs to.
type rule struct {
	operation string // "" is every operation
	status    int    // 0 is every status, 400 every status from 400 on
	rule      string // of the strict schemas, "" is every one
	schema    string // suffix of the broken schema's file, "" is every one
	pointer   string // suffix of the violation's pointer or of the missing key
	row       string
}

// errorSchema is the file of a standard error, which a 401 about the token is
// judged by also where the operation has a schema for challenges.
const errorSchema = "common/error.json"

// rules are tried in order; the first that fits names the row.
var rules = []rule{
	{status: 429, pointer: "/retry_after_ms", row: "rl-002-retry-after-ms-type"},
	{status: 429, rule: schemas.RuleRetryAfterNonNegative, row: "rl-002-retry-after-ms-type"},
	{status: 400, rule: schemas.RuleErrcodeForm, row: "gen-005-errcode-form"},
	{status: 429, row: "rl-001-429-shape"},
	{status: 400, schema: errorSchema, row: "gen-004-standard-error-shape"},
	{operation: "add3PID", status: 401, rule: schemas.RuleFlowsNonEmpty, row: "uia-002-flows-non-empty"},
	{operation: "add3PID", status: 401, rule: schemas.RuleStagesNonEmpty, row: "uia-002-flows-non-empty"},
	{operation: "add3PID", status: 401, rule: schemas.RuleSchema, row: "uia-001-challenge-schema"},
	{status: 400, row: "gen-004-standard-error-shape"},

	{operation: "getAccount3PIDs", rule: schemas.RuleTimestampMilliseconds, pointer: "/added_at", row: "get-005-added-at-milliseconds"},
	{operation: "getAccount3PIDs", rule: schemas.RuleTimestampMilliseconds, pointer: "/validated_at", row: "get-006-validated-at-milliseconds"},
	{operation: "getAccount3PIDs", pointer: "/threepids", row: "get-001-200-schema"},
	{operation: "getAccount3PIDs", pointer: "item:/threepids", row: "get-001-200-schema"},
	{operation: "getAccount3PIDs", pointer: "enum:/medium", row: "get-004-medium-enum"},
	{operation: "getAccount3PIDs", row: "get-003-item-required-fields"},
	{operation: "requestTokenTo3PIDEmail", rule: schemas.RuleSIDGrammar, row: "email-003-sid-grammar"},
	{operation: "requestTokenTo3PIDMSISDN", rule: schemas.RuleSIDGrammar, row: "email-003-sid-grammar"},
	{operation: "requestTokenTo3PIDEmail", row: "email-002-success-sid"},
	{operation: "requestTokenTo3PIDMSISDN", row: "msisdn-002-success"},
	{operation: "post3PIDs", row: "post-007-success-200"},
	{operation: "add3PID", row: "add-001-success-200"},
	{operation: "bind3PID", row: "bind-005-success-200"},
	{operation: "delete3pidFromAccount", row: "rem-003-response-schema"},
	{operation: "unbind3pidFromAccount", row: "rem-003-response-schema"},
}

// successRows are the rows about the status of success.
var successRows = map[string]string{
	"getAccount3PIDs":          "get-001-200-schema",
	"post3PIDs":                "post-007-success-200",
	"add3PID":                  "add-001-success-200",
	"bind3PID":                 "bind-005-success-200",
	"delete3pidFromAccount":    "rem-003-response-schema",
	"unbind3pidFromAccount":    "rem-003-response-schema",
	"requestTokenTo3PIDEmail":  "email-002-success-sid",
	"requestTokenTo3PIDMSISDN": "msisdn-002-success",
}

func (r rule) fits(a *Response, v schemas.Violation) bool {
	if r.operation != "" && r.operation != a.Operation {
		return false
	}
	if r.status == 400 && a.Status < 400 || r.status != 400 && r.status != 0 && r.status != a.Status {
		return false
	}
	if r.rule != "" && r.rule != v.Rule || !strings.HasSuffix(v.Schema, r.schema) {
		return false
	}
	if list, item := strings.CutPrefix(r.pointer, "item:"); item {
		return v.Keyword == "type" && strings.HasSuffix(path.Dir(v.Pointer), list)
	}
	want, enum := strings.CutPrefix(r.pointer, "enum:")
	if enum && v.Keyword != "enum" {
		return false
	}
	where := v.Pointer
	if v.Keyword == "required" {
		where += "/" + v.Field
	}
	return strings.HasSuffix(where, want)
}

func rowOf(a *Response, v schemas.Violation) string {
	for _, r := range rules {
		if r.fits(a, v) {
			return r.row
		}
	}
	return "gen-001-json-object-body"
}

// judgeLimit looks at the headers of a 429.
func (c *Client) judgeLimit(a *Response, file func(string, verdict.Half, string, ...any)) {
	if code := a.Errcode(); code != "" && code != "M_LIMIT_EXCEEDED" { // without one, the schema says so
		file("rl-001-429-shape", verdict.Strict, "expected errcode M_LIMIT_EXCEEDED with status 429; got %q", a.Errcode())
	}
	header := a.Header.Get("Retry-After")
	if header == "" {
		return // rl-004's spec asks for it
	}
	if _, err := http.ParseTime(header); err == nil {
		return
	}
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil || seconds < 0 {
		file("rl-004-retry-after-header", verdict.Hard, "expected Retry-After to be whole seconds or a date; got %q", c.recorder.Mask(header))
		return
	}
	if millis, ok := number(a.JSON["retry_after_ms"]); ok && abs(seconds*1000-millis) > 1000 {
		file("rl-004-retry-after-header", verdict.Hard, "expected Retry-After and retry_after_ms to agree; got %d s and %d ms", seconds, millis)
	}
}

// judgeCompanions looks for the fields that some error codes must bring along.
func (c *Client) judgeCompanions(a *Response, file func(string, verdict.Half, string, ...any)) {
	companion := map[string]string{
		"M_RESOURCE_LIMIT_EXCEEDED": "admin_contact",
		"M_USER_LIMIT_EXCEEDED":     "info_uri",
	}[a.Errcode()]
	if companion == "" || companion == "info_uri" && !requirements.Advertises(c.versions, "v1.18") {
		return
	}
	if upgrade, there := a.JSON["can_upgrade"]; there && companion == "info_uri" {
		if _, ok := upgrade.(bool); !ok {
			file("acc-007-resource-limit-shape", verdict.Hard, "expected can_upgrade beside errcode %s to be a boolean", a.Errcode())
		}
	}
	if _, ok := a.JSON[companion].(string); !ok {
		file("acc-007-resource-limit-shape", verdict.Hard, "expected a string %s beside errcode %s", companion, a.Errcode())
	}
}

// RetryAfter returns how long a 429 asks to wait, at least a tenth of a second.
func (a *Response) RetryAfter() time.Duration {
	wait := time.Duration(0)
	header := a.Header.Get("Retry-After")
	if millis, ok := number(a.JSON["retry_after_ms"]); ok {
		wait = time.Duration(min(millis, math.MaxInt32)) * time.Millisecond // no overflow
	} else if seconds, err := strconv.ParseInt(header, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = time.Until(date)
	}
	return max(wait, 100*time.Millisecond)
}

func number(v any) (int64, bool) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, false
	}
	i, err := n.Int64()
	return i, err == nil
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
