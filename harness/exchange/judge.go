package exchange

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

// Judge returns what a response of a server that advertises these versions breaks,
// without any exchange. Operation, Status, Header and Body have to be there.
func Judge(versions []string, r *Response) []verdict.Finding {
	r.decode()
	return judge(versions, r, nil)
}

// judge returns what the response of an operation breaks that no spec has to ask
// for: JSON, content type, schema, error shape, sid grammar, the shape of a 429. The
// catalogue says which requirement each of these is.
func judge(versions []string, r *Response, failure *NoResponse) []verdict.Finding {
	j := &judgement{versions: versions, response: r}
	switch {
	case r.Operation == "" || failure != nil && failure.Cancelled: // none, or the end of it was ours
	case failure != nil:
		j.file(requirements.NoResponse, "expected an answer with a JSON object; %s", failure.Why)
	case r.Oversized:
		j.file(requirements.TooLong, "expected a JSON object; the body is longer than %d bytes", maxBody)
	default:
		j.contentType()
		if r.JSON == nil {
			j.notJSON()
		} else {
			j.schema()
			j.limit()
			j.companions()
		}
	}
	return j.findings
}

// A judgement collects the findings about one response.
type judgement struct {
	versions []string
	response *Response
	findings []verdict.Finding
}

// file files what was observed under the requirement that it breaks.
func (j *judgement) file(observed requirements.Observation, format string, args ...any) {
	j.defect(requirements.Defect{Observed: observed}, fmt.Sprintf(format, args...))
}

// defect files a defect, unless its requirement is none of the advertised versions.
// Of several that break one requirement, the first is enough.
func (j *judgement) defect(d requirements.Defect, message string) {
	d.Operation, d.Status = j.response.Operation, j.response.Status
	entry, strictly, ok := requirements.BrokenBy(d)
	if !ok {
		return
	}
	if applies, _ := entry.AppliesTo(j.versions); !applies {
		return
	}
	f := verdict.Finding{Row: requirements.Row{Operation: d.Operation, Requirement: entry.ID}, Strictly: strictly, Message: message}
	for _, other := range j.findings {
		if other.Row == f.Row && other.Strictly == f.Strictly {
			return
		}
	}
	j.findings = append(j.findings, f)
}

func (j *judgement) contentType() {
	r := j.response
	if contentType(r.Header) != "application/json" {
		j.file(requirements.WrongContentType, "expected Content-Type application/json; the %d answer has %q", r.Status, r.Header.Get("Content-Type"))
	}
}

// notJSON files a body that is no JSON object, which its schema is not asked about.
func (j *judgement) notJSON() {
	r, observed := j.response, requirements.NotJSON
	if errors.Is(r.Malformed, schemas.ErrNotUTF8) {
		observed = requirements.NotUTF8
	}
	j.file(observed, "expected the %d answer to be one JSON object; %v", r.Status, r.Malformed)
	if r.Status == http.StatusTooManyRequests {
		j.file(requirements.LimitNotJSON, "expected a standard error with status 429; %v", r.Malformed)
	}
}

// schema holds the body against the spec's schema and the rules of its prose.
func (j *judgement) schema() {
	r := j.response
	if r.OK() && r.Status != http.StatusOK {
		j.file(requirements.WrongSuccess, "expected success to have status 200, the only one documented; got %d", r.Status)
	}
	// An error is a defect of the validator and says nothing about the response; what
	// was found before it stands.
	violations, _ := schemas.For(j.versions).Check(r.Operation, r.Status, r.JSON)
	for _, v := range violations {
		d := requirements.Defect{
			Observed: requirements.BrokenSchema,
			Rule:     v.Rule, Schema: v.Schema, Keyword: v.Keyword, Pointer: v.Pointer,
		}
		if v.Keyword == "required" {
			d.Pointer += "/" + v.Field
		}
		where := v.Pointer
		if where == "" {
			where = "the top level"
		}
		j.defect(d, fmt.Sprintf("the %d answer breaks its schema at %s: %s", r.Status, where, v.Detail))
	}
}

// limit looks at the errcode of rate limits, and at the header of a 429.
func (j *judgement) limit() {
	r := j.response
	limited := r.Errcode() == "M_LIMIT_EXCEEDED"
	if r.Status != http.StatusTooManyRequests {
		if limited {
			j.file(requirements.LimitErrcodeAlone, "expected status 429 with errcode M_LIMIT_EXCEEDED; got %d", r.Status)
		}
		return
	}
	if r.Errcode() != "" && !limited { // without one, the schema says so
		j.file(requirements.LimitStatusAlone, "expected errcode M_LIMIT_EXCEEDED with status 429; got %q", r.Errcode())
	}
	header := r.Header.Get("Retry-After")
	if header == "" {
		return // whether there has to be one is for a spec to say
	}
	if _, err := http.ParseTime(header); err == nil {
		return
	}
	seconds, err := strconv.ParseInt(header, 10, 64)
	if err != nil || seconds < 0 {
		j.file(requirements.WrongRetryAfter, "expected Retry-After to be whole seconds or a date; got %q", header)
		return
	}
	millis, ok := number(r.JSON["retry_after_ms"])
	if apart := seconds*1000 - millis; ok && (apart > 1000 || apart < -1000) {
		j.file(requirements.WrongRetryAfter, "expected Retry-After and retry_after_ms to agree; got %d s and %d ms", seconds, millis)
	}
}

// companions looks for the fields that some error codes must bring along.
func (j *judgement) companions() {
	r := j.response
	missing := func(field, kind string) {
		j.file(requirements.MissingCompanion, "expected %s %s beside errcode %s", kind, field, r.Errcode())
	}
	switch r.Errcode() {
	case "M_RESOURCE_LIMIT_EXCEEDED":
		if _, ok := r.JSON["admin_contact"].(string); !ok {
			missing("admin_contact", "a string")
		}
	case "M_USER_LIMIT_EXCEEDED":
		if !requirements.Advertises(j.versions, "v1.18") {
			return
		}
		if upgrade, there := r.JSON["can_upgrade"]; there {
			if _, ok := upgrade.(bool); !ok {
				missing("can_upgrade", "a boolean")
			}
		}
		if _, ok := r.JSON["info_uri"].(string); !ok {
			missing("info_uri", "a string")
		}
	}
}
