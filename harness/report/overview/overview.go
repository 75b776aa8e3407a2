// Package overview puts reports about several homeservers on one page: targets ×
// operations × requirements, as the project would publish them.
package overview

import (
	_ "embed"
	"fmt"
	"io"
	"slices"
	"strings"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/page"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/schemas"
)

//go:embed overview.html.tmpl
var pageText string

var pageTemplate = page.Template("overview.html", pageText)

type view struct {
	page.Head
	Targets    []target
	Operations []operation
	Marks      []page.Mark
	Levels     []requirements.Level
}

// A target is one report.
type target struct {
	Name string
	*report.Report
	Result    page.Mark
	Rows      int
	NotTested int
	Finished  string
	Results   []result // by operation
}

// A result is what a report says of an operation as a whole.
type result struct {
	page.Mark
	Passed, Broken, NotTested int
}

type operation struct {
	ID, Request string
	Chapter     string // title of the chapter that begins here; "" where there is only one
	Rows        []row
}

// A row is a requirement of the operation, as the targets meet it.
type row struct {
	ID, Operation, Level, Statement, Link string

	Cells []cell
	Tags  string // for the filter: classes of the marks, and differ
}

type cell struct {
	Target string
	page.Mark
	Reason string
}

// Lines are those of the reason. The page has a row on one line, which makes a diff
// of two pages one of rows.
func (c cell) Lines() []string { return strings.Split(c.Reason, "\n") }

// Write writes the page for these reports, in their order.
func Write(out io.Writer, reports []*report.Report) error {
	names := namesOf(reports)
	v := view{Head: page.NewHead("Matrix 3PID conformance: " + strings.Join(names, ", ")), Marks: page.Marks, Levels: verdict.Levels}
	for i, r := range reports {
		t := target{Name: names[i], Report: r, Result: page.OfProfile(r.Profile.Result), Finished: r.Suite.Finished.UTC().Format("2 January 2006")}
		t.Rows, t.NotTested = r.Tested()
		for _, id := range requirements.Operations() {
			t.Results = append(t.Results, resultOf(r, id))
		}
		v.Targets = append(v.Targets, t)
	}
	chapter := ""
	for _, known := range schemas.Operations() {
		op := operation{ID: known.ID, Request: report.Request(known), Rows: rowsOf(known.ID, reports, names)}
		if known.Chapter != chapter && len(schemas.Chapters()) > 1 {
			op.Chapter = report.ChapterTitle(known.Chapter)
		}
		chapter = known.Chapter
		v.Operations = append(v.Operations, op)
	}
	return pageTemplate.Execute(out, v)
}

// namesOf are the names of the targets, told apart where two are the same.
func namesOf(reports []*report.Report) []string {
	seen := map[string]int{}
	for _, r := range reports {
		seen[r.Subject()]++
	}
	var names []string
	for i, r := range reports {
		name := r.Subject()
		if seen[name] > 1 {
			name = fmt.Sprintf("%s, report %d", name, i+1)
		}
		names = append(names, name)
	}
	return names
}

func resultOf(r *report.Report, operation string) result {
	for _, op := range r.Operations {
		if op.OperationID == operation {
			out := result{Mark: op.Mark(), Passed: op.Counts[verdict.Pass], NotTested: op.Counts[verdict.NotTested]}
			for _, q := range r.Requirements {
				broken := q.Verdict == verdict.Fail && q.Gates || q.Verdict == verdict.ExpectedFail
				if q.Operation == operation && broken {
					out.Broken++
				}
			}
			return out
		}
	}
	return result{Mark: page.Absent}
}

// rowsOf lists the rows of an operation that any of the reports has.
func rowsOf(operation string, reports []*report.Report, names []string) []row {
	var rows []row
	for i, r := range reports {
		for _, q := range r.Requirements {
			if q.Operation != operation {
				continue
			}
			at := slices.IndexFunc(rows, func(r row) bool { return r.ID == q.ID })
			if at < 0 {
				at = len(rows)
				rows = append(rows, row{ID: q.ID, Operation: operation, Level: q.Level, Statement: q.Statement, Link: sectionOf(q), Cells: absent(names)})
			}
			rows[at].Cells[i].Mark = page.MarkOf(q.Verdict, q.Gates)
			rows[at].Cells[i].Reason = q.Reason
		}
	}
	for i := range rows {
		rows[i].Tags = rows[i].tags()
	}
	return rows
}

// sectionOf is the requirement's section of the spec, also where the report's
// link leads to an issue.
func sectionOf(q report.Requirement) string {
	if entry, ok := requirements.Lookup(q.ID); ok && !strings.HasPrefix(q.Link, "https://spec.matrix.org/") {
		return entry.URL("latest")
	}
	return q.Link
}

func absent(names []string) []cell {
	cells := make([]cell, len(names))
	for i, name := range names {
		cells[i] = cell{Target: name, Mark: page.Absent}
	}
	return cells
}

// tags are the words by which the filter finds the row.
func (r row) tags() string {
	var tags []string
	for _, c := range r.Cells {
		tags = append(tags, c.Class)
		if c.Class != r.Cells[0].Class && tags[0] != "differ" {
			tags = append([]string{"differ"}, tags...)
		}
	}
	return strings.Join(tags, " ")
}
