package report

import (
	_ "embed"
	"html/template"
	"io"
	"iter"
	"strings"
	"time"

	"threepid-conformance/harness/report/look"
	"threepid-conformance/harness/verdict"
)

//go:embed report.html.tmpl
var pageText string

var page = template.Must(template.New(HTMLFile).Parse(pageText))

// A view is what report.html shows, in the order in which it shows it.
type view struct {
	look.Head
	*Report
	Subject   string
	Result    look.Mark
	Rows      int
	NotTested int
	Known     int // failures that were expected
	Took      string
	At        string
	Counts    []levelCounts
	Totals    []markCount
	Columns   []string
	Grid      []gridRow
	Sections  []sectionView
	Levels    []string
	Usual     []string // headers that most answers had
	Outside   int      // exchanges that no spec names
	Evidence  int      // exchanges in exchanges.jsonl
	Broken    int      // of its lines, those that cannot be read

	outside iter.Seq[template.HTML]
}

// Before is for a range in the template.
func (v view) Before() iter.Seq[template.HTML] { return v.outside }

// A markCount says how many rows have a mark, and where the first of them is.
type markCount struct {
	look.Mark
	Rows int
}

type levelCounts struct {
	Level string
	Marks []markCount
}

// html writes report.html. dir holds the evidence.
func (r *Report) html(out io.Writer, dir string) error {
	archive, err := openArchive(dir)
	if err != nil {
		return err
	}
	defer archive.close()
	return page.Execute(out, r.view(archive, dir))
}

func (r *Report) view(archive *archive, dir string) view {
	v := view{
		Head:     look.NewHead(),
		Report:   r,
		Subject:  r.Subject(),
		Result:   look.OfProfile(r.Profile.Result),
		Took:     r.Suite.Finished.Sub(r.Suite.Started).Round(100 * time.Millisecond).String(),
		At:       r.Suite.Finished.UTC().Format("2 January 2006, 15:04 MST"),
		Columns:  columnTitles(),
		Grid:     r.grid(),
		Evidence: len(archive.places),
		Broken:   archive.unreadable,
	}
	v.Rows, v.NotTested = r.Tested()
	for _, level := range verdict.Levels {
		v.Levels = append(v.Levels, string(level))
	}
	v.count()
	for _, q := range r.Requirements {
		if q.Verdict == verdict.ExpectedFail {
			v.Known++
		}
	}

	show := r.storyteller(archive, dir)
	v.Usual = archive.usual.lines()
	v.Sections = show.sections()
	outside := show.outsideSpecs()
	v.Outside, v.outside = len(outside), show.exchanges(outside, nil)
	return v
}

// count fills in the table of levels and marks.
func (v *view) count() {
	v.Totals = make([]markCount, len(look.Marks))
	for i, m := range look.Marks {
		v.Totals[i].Mark = m
	}
	for _, level := range v.Levels {
		line := levelCounts{Level: level, Marks: make([]markCount, len(look.Marks))}
		for i, m := range look.Marks {
			line.Marks[i].Mark = m
			for _, q := range v.Requirements {
				if q.Level == level && q.mark() == m {
					line.Marks[i].Rows++
					v.Totals[i].Rows++
				}
			}
		}
		v.Counts = append(v.Counts, line)
	}
}

// Mark is the mark of the operation's result, or that of not-tested where the run
// says nothing about any of its rows.
func (op Operation) Mark() look.Mark {
	for v, rows := range op.Counts {
		if v != verdict.NotTested && rows > 0 {
			return look.OfProfile(op.Result)
		}
	}
	return look.MarkOf(verdict.NotTested, false)
}

func (q Requirement) mark() look.Mark { return look.MarkOf(q.Verdict, q.Gates) }

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
