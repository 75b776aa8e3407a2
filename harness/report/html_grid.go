package report

import (
	"slices"
	"strings"

	"threepid-conformance/harness/report/look"
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

// A gridRow is one operation's line.
type gridRow struct {
	Operation
	Mark  look.Mark
	Cells []gridCell
}

// A gridCell holds an operation's rows of one column.
type gridCell struct {
	Across int // marks on a line, which keeps a shared column in step
	Rows   []gridMark
}

// A gridMark is a row; without an ID it is a gap.
type gridMark struct {
	ID, Anchor          string
	Class, Symbol, Word string // see look.Mark
}

func (r *Report) grid() []gridRow {
	places := r.places()
	var grid []gridRow
	for _, op := range r.Operations {
		line := gridRow{Operation: op, Mark: op.Mark()}
		for i, c := range columns {
			cell := gridCell{Across: across(len(places[i]), c.groups == nil)}
			if c.groups != nil {
				cell.Rows = make([]gridMark, len(places[i]))
			}
			for _, q := range r.Requirements {
				if q.Operation != op.OperationID || columnOf(q.ID) != i {
					continue
				}
				mark := q.mark()
				g := gridMark{q.ID, q.Anchor(), mark.Class, mark.Symbol, mark.Word}
				if c.groups == nil {
					cell.Rows = append(cell.Rows, g)
				} else {
					cell.Rows[slices.Index(places[i], q.ID)] = g
				}
			}
			line.Cells = append(line.Cells, cell)
		}
		grid = append(grid, line)
	}
	return grid
}

// places lists the ids of each shared column.
func (r *Report) places() map[int][]string {
	found := map[int][]string{}
	for _, q := range r.Requirements {
		i := columnOf(q.ID)
		if columns[i].groups != nil && !slices.Contains(found[i], q.ID) {
			found[i] = append(found[i], q.ID)
		}
	}
	return found
}

// across is how many marks stand beside each other: half of a shared column's.
func across(places int, own bool) int {
	if own {
		return 21
	}
	return (places + 1) / 2
}
