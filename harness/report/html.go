package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/report/page"
	"threepid-conformance/harness/verdict"
)

//go:embed report.html.tmpl
var templateText string

var htmlTemplate = page.Template(HTMLFile, templateText)

// A view is what report.html shows, in the order in which it shows it.
type view struct {
	page.Head
	*Report
	Subject   string
	Result    page.Mark
	Rows      int
	NotTested int
	Known     int // failures that were expected
	Took      string
	At        string
	Counts    []levelCounts
	Totals    []markCount
	Columns   []string
	Grid      []chapterRows
	Sections  []sectionView
	Levels    []string
	Usual     []string       // headers that most responses had
	Outside   []exchangeView // exchanges that no spec names
	Evidence  int            // exchanges in exchanges.jsonl
	Broken    int            // of its lines, those that cannot be read
}

// A markCount says how many rows have a mark.
type markCount struct {
	page.Mark
	Rows int
}

type levelCounts struct {
	Level string
	Marks []markCount
}

// html is report.html. dir holds the evidence.
func (r *Report) html(dir string) ([]byte, error) {
	evidence, err := ReadEvidence(dir)
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	err = htmlTemplate.Execute(&text, r.view(evidence, dir))
	return text.Bytes(), err
}

func (r *Report) view(evidence Evidence, dir string) view {
	render := newRenderer(r, evidence.Records, dir)
	v := view{
		Head:     page.NewHead(fmt.Sprintf("%s: %s – Matrix 3PID conformance", r.Subject(), r.Profile.Result)),
		Report:   r,
		Subject:  r.Subject(),
		Result:   page.OfProfile(r.Profile.Result),
		Took:     r.Suite.Finished.Sub(r.Suite.Started).Round(100 * time.Millisecond).String(),
		At:       r.Suite.Finished.UTC().Format("2 January 2006, 15:04 MST"),
		Columns:  columnTitles(),
		Grid:     r.grid(),
		Sections: render.sections(),
		Usual:    render.usual.lines(),
		Outside:  render.outsideSpecs(),
		Evidence: len(evidence.Records),
		Broken:   evidence.Unreadable,
	}
	v.Rows, v.NotTested = r.Tested()
	for _, level := range verdict.Levels {
		v.Levels = append(v.Levels, string(level))
	}
	v.Known = len(r.rows(with(verdict.ExpectedFail)))
	v.count()
	return v
}

// count fills in the table of levels and marks.
func (v *view) count() {
	v.Totals = make([]markCount, len(page.Marks))
	for i, m := range page.Marks {
		v.Totals[i].Mark = m
	}
	for _, level := range v.Levels {
		v.Counts = append(v.Counts, levelCounts{Level: level, Marks: slices.Clone(v.Totals)})
	}
	for _, q := range v.Requirements {
		if i, level := slices.Index(page.Marks, q.mark()), slices.Index(v.Levels, q.Level); i >= 0 && level >= 0 {
			v.Counts[level].Marks[i].Rows++
		}
	}
}

// A renderer turns rows and evidence into what the page shows.
type renderer struct {
	report  *Report
	records []exchange.Record // in the order of time
	byID    map[string]int    // index in records
	usual   usual
	logs    *targetLogs
}

func newRenderer(r *Report, records []exchange.Record, dir string) renderer {
	hide := r.Hide
	if hide == nil {
		hide = func(text string) string { return text }
	}
	byID := map[string]int{}
	for i, record := range records {
		byID[record.ID] = i
	}
	return renderer{r, records, byID, usualOf(records), &targetLogs{dir: dir, hide: hide, read: map[string][]logEntry{}}}
}

// has reports whether there is a record with this id.
func (r renderer) has(id string) bool {
	_, there := r.byID[id]
	return there
}

// find returns the records with these ids, in the order of time.
func (r renderer) find(ids []string) []exchange.Record {
	var indices []int
	for _, id := range ids {
		if i, there := r.byID[id]; there {
			indices = append(indices, i)
		}
	}
	slices.Sort(indices)
	var found []exchange.Record
	for _, i := range slices.Compact(indices) {
		found = append(found, r.records[i])
	}
	return found
}

// outsideSpecs are the exchanges that no spec of the report names: preflight, and
// what was cleaned up after the last spec.
func (r renderer) outsideSpecs() []exchangeView {
	named := map[string]bool{}
	for _, q := range r.report.Requirements {
		for _, spec := range q.Specs {
			for _, id := range spec.Exchanges {
				named[id] = true
			}
		}
	}
	outside := slices.DeleteFunc(slices.Clone(r.records), func(record exchange.Record) bool { return named[record.ID] })
	return r.exchanges(outside, nil)
}

// Mark is the mark of the operation's result, or that of not-tested where the run
// says nothing about any of its rows.
func (op Operation) Mark() page.Mark {
	for v, rows := range op.Counts {
		if v != verdict.NotTested && rows > 0 {
			return page.OfProfile(op.Result)
		}
	}
	return page.MarkOf(verdict.NotTested, false)
}

func (q Requirement) mark() page.Mark { return page.MarkOf(q.Verdict, q.Gates) }

// Anchor is where a page shows a row.
func (q Requirement) Anchor() string { return q.Operation + "." + q.ID }

// LinkName says where the link leads.
func (q Requirement) LinkName() string {
	if strings.HasPrefix(q.Link, "https://spec.matrix.org/") {
		return "section of the spec"
	}
	return q.Link
}

// Gist is the first line of the reason.
func (q Requirement) Gist() string {
	line, _, _ := strings.Cut(strings.TrimSpace(q.Reason), "\n")
	return clip(line, 160)
}
