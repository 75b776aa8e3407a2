package report

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

// killed is the reason of a row of which a killed run left no verdict.
const killed = "the run was killed"

// Rebuild makes a report of a run that was killed before it could write one, out
// of its exchanges.jsonl. What the exchange layer saw broken is a fail; of
// everything else nothing is known. version is that of the suite that rebuilds.
func Rebuild(dir, version string) (*Report, error) {
	evidence, err := ReadEvidence(dir)
	if err != nil {
		return nil, err
	}
	if len(evidence.Records) == 0 {
		return nil, fmt.Errorf("%s holds neither %s nor a line of %s, so there is nothing to rebuild a report from", dir, JSONFile, filepath.Join(dir, ExchangesFile))
	}
	r := &Report{Schema: schemaNumber}
	r.Suite.Version = version
	r.Suite.Started = started(evidence.Records[0])
	for _, record := range evidence.Records {
		if end := ended(record); end.After(r.Suite.Finished) {
			r.Suite.Finished = end
		}
	}
	r.Target = targetSeen(evidence.Records)
	r.Suite.Spec = schemas.For(r.Target.Advertised).Version

	specs := specsSeen(evidence.Records)
	var candidates []verdict.Candidate
	for _, e := range requirements.All() {
		for _, row := range e.Rows() {
			candidates = append(candidates, verdict.Candidate{Entry: e, Row: row, Specs: len(specs[row]), Selected: true})
		}
	}
	var findings []verdict.Finding
	for _, record := range evidence.Records {
		findings = append(findings, record.Findings...)
	}
	rows := verdict.Judge(candidates, nil, findings, nil, false)
	for i := range rows {
		if rows[i].Verdict == verdict.NotTested {
			rows[i].Reason = killed
		}
	}
	result := verdict.Conclude(rows, nil, []string{"the run was killed before it wrote its report"})
	r.Rows(rows, result, specs, r.Suite.Spec)
	return r, nil
}

// targetSeen is what the first exchanges say about the homeserver: a run begins
// by asking the ordinary configuration, and the others, for their versions.
func targetSeen(records []exchange.Record) Target {
	const versions = "/_matrix/client/versions"
	var t Target
	for _, record := range records {
		base, path, found := strings.Cut(record.Request.URL, "/_matrix/")
		// Only the ordinary configuration is asked for more than versions there.
		if found && record.Party == "" && (t.URL == "" || record.Spec == "preflight" && "/_matrix/"+path != versions) {
			t.URL = base
		}
	}
	for _, record := range records {
		if record.Request.URL != t.URL+versions || record.Response == nil {
			continue
		}
		var answer struct {
			Versions []string `json:"versions"`
		}
		if json.Unmarshal([]byte(record.Response.Body), &answer) == nil && len(answer.Versions) > 0 {
			t.Advertised = answer.Versions
			break
		}
	}
	return t
}

// specsSeen are the specs that sent something, by row.
func specsSeen(records []exchange.Record) map[requirements.Row][]Spec {
	specs := map[requirements.Row][]Spec{}
	first := map[string]time.Time{} // when a spec began, by its name
	for _, record := range records {
		row, title, ok := specNamed(record.Spec)
		if !ok {
			continue
		}
		i := slices.IndexFunc(specs[row], func(s Spec) bool { return s.Title == title })
		if i < 0 {
			i, first[record.Spec] = len(specs[row]), started(record)
			specs[row] = append(specs[row], Spec{
				Title: title, State: "unknown",
				Rerun: fmt.Sprintf("conformance run --label-filter='%s && requirement:%s'", row.Operation, row.Requirement),
			})
		}
		spec := &specs[row][i]
		spec.Exchanges = append(spec.Exchanges, record.ID)
		spec.Seconds = max(spec.Seconds, ended(record).Sub(first[record.Spec]).Seconds())
	}
	return specs
}

// specNamed reads the name that a record gives its spec: operationId and
// requirement, a colon, and the title.
func specNamed(name string) (requirements.Row, string, bool) {
	subject, title, _ := strings.Cut(name, ": ")
	operation, requirement, _ := strings.Cut(subject, " ")
	row := requirements.Row{Operation: operation, Requirement: requirement}
	entry, _ := requirements.Lookup(requirement)
	return row, title, slices.Contains(entry.Rows(), row)
}
