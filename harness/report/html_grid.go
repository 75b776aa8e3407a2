package report

import (
	"slices"
	"strings"

	"threepid-conformance/harness/report/page"
	"threepid-conformance/schemas"
)

// The columns of the grid are groups of requirements, by the beginning of their
// ids. In the columns of rules that operations share, the same requirement has
// the same place on every line.
var columns = []struct {
	title  string
	groups []string // none: all the others
}{
	{"General", []string{"gen"}},
	{"CORS", []string{"cors"}},
	{"Access", []string{"auth"}},
	{"Rate limits", []string{"rl"}},
	{"Rules of its own", nil},
	{"Accounts, capabilities, identity server", []string{"acc", "cap", "isc"}},
}

func columnTitles() []string {
	var titles []string
	for _, c := range columns {
		titles = append(titles, c.title)
	}
	return titles
}

// columnOf is the column of a requirement.
func columnOf(id string) int {
	group, _, _ := strings.Cut(id, "-")
	rest := 0
	for i, c := range columns {
		if slices.Contains(c.groups, group) {
			return i
		}
		if c.groups == nil {
			rest = i
		}
	}
	return rest
}

// chapterRows are the lines of a chapter's operations. A grid of one chapter has no
// need of its title.
type chapterRows struct {
	Title string
	Rows  []gridRow
}

// A gridRow is one operation's line.
type gridRow struct {
	Operation
	Cells []gridCell
}

// A gridCell holds an operation's rows of one column.
type gridCell struct {
	Across int // marks on a line, which keeps a shared column in step
	Rows   []gridMark
}

// A gridMark is a row; without an ID it is a gap.
type gridMark struct {
	ID, Anchor string
	page.Mark
}

func (r *Report) grid() []chapterRows {
	shared := r.shared()
	var grid []chapterRows
	for i, op := range r.Operations {
		if i == 0 || op.Chapter != r.Operations[i-1].Chapter {
			grid = append(grid, chapterRows{Title: ChapterTitle(op.Chapter)})
		}
		last := &grid[len(grid)-1]
		last.Rows = append(last.Rows, gridRow{op, r.cells(op.OperationID, shared)})
	}
	if len(grid) == 1 {
		grid[0].Title = ""
	}
	return grid
}

// ChapterTitle is the title of a chapter; its name where this version of the suite has
// no such chapter.
func ChapterTitle(chapter string) string {
	for _, c := range schemas.Chapters() {
		if c.Name == chapter {
			return c.Title
		}
	}
	return chapter
}

// cells are an operation's rows, by column.
func (r *Report) cells(operation string, shared map[int][]string) []gridCell {
	cells := make([]gridCell, len(columns))
	for i, c := range columns {
		cells[i].Across = 21
		if c.groups != nil {
			cells[i] = gridCell{Across: (len(shared[i]) + 1) / 2, Rows: make([]gridMark, len(shared[i]))}
		}
	}
	for _, q := range r.Requirements {
		if q.Operation != operation {
			continue
		}
		i := columnOf(q.ID)
		mark := gridMark{q.ID, q.Anchor(), q.mark()}
		if columns[i].groups == nil {
			cells[i].Rows = append(cells[i].Rows, mark)
		} else {
			cells[i].Rows[slices.Index(shared[i], q.ID)] = mark
		}
	}
	return cells
}

// shared lists the ids of each shared column.
func (r *Report) shared() map[int][]string {
	found := map[int][]string{}
	for _, q := range r.Requirements {
		i := columnOf(q.ID)
		if columns[i].groups != nil && !slices.Contains(found[i], q.ID) {
			found[i] = append(found[i], q.ID)
		}
	}
	return found
}
