package report

import (
	"fmt"
	"strings"
)

// annotated is how many annotations of one step GitHub shows.
const annotated = 10

// Annotations are the rows that count against the run as workflow commands of
// GitHub Actions, one on a line.
func (r *Report) Annotations() string {
	var b strings.Builder
	rows := r.rows(Requirement.counts)
	for _, q := range rows[:min(len(rows), annotated)] {
		where := ""
		if len(q.Specs) > 0 {
			where = fmt.Sprintf("file=%s,line=%d,", property(q.Specs[0].File), q.Specs[0].Line)
		}
		fmt.Fprintf(&b, "::error %stitle=%s::%s\n", where, property(fmt.Sprintf("%s %s (%s)", q.Operation, q.ID, q.Level)), data(clip(q.Reason, 400)))
	}
	if len(rows) > annotated {
		fmt.Fprintf(&b, "::error ::%d more rows count against the run; see report.md\n", len(rows)-annotated)
	}
	return b.String()
}

// data and property escape text for the two places of a workflow command.
func data(text string) string {
	return strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A").Replace(text)
}

func property(text string) string {
	return strings.NewReplacer(":", "%3A", ",", "%2C").Replace(data(text))
}
