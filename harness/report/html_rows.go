package report

import (
	"regexp"
	"slices"
	"strings"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/report/page"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A sectionView is one verdict's rows.
type sectionView struct {
	Anchor, Title string
	Rows          int
	Thin          bool // rows with little to say
	Groups        []groupView
}

// A groupView is a part of a section: the rows of an operation, or those that
// share a reason.
type groupView struct {
	Title        string
	OneOperation bool // which the title names
	Rows         []rowView
}

type rowView struct {
	Requirement
	page.Mark
	Trouble       bool // somebody has to act
	Open          bool
	Gist          string
	Reason        []piece
	BecauseAnchor string
	Specs         []specView
	Elsewhere     []piece // exchanges of other specs that findings name
	More          int     // of them that are not listed
	Rerun         string
}

type specView struct {
	Spec
	Said      string // its message, where the row's reason is another spec's
	Exchanges []exchangeView
	Missing   int        // exchanges that exchanges.jsonl does not hold
	Log       *logWindow // what the target printed meanwhile, where somebody may look for a cause
}

// A piece is text, or a link when Anchor is set.
type piece struct{ Text, Anchor string }

// sections lists the rows, failures first.
func (r renderer) sections() []sectionView {
	byOperation := func(q Requirement) string { return q.Operation }
	together := func(Requirement) string { return "" }
	byReason := func(q Requirement) string { return q.Reason }
	var all []sectionView
	for _, def := range []struct {
		anchor, title string
		in            func(Requirement) bool
		group         func(Requirement) string
		thin          bool
	}{
		{"failed", "Failed", Requirement.failsAndCounts, together, false},
		{"blocked", "Blocked", with(verdict.Blocked), together, false},
		{"failed-without-counting", "Failed, but does not count", Requirement.failsWithoutCounting, together, false},
		{"known", "Known failures", with(verdict.ExpectedFail), together, false},
		{"passed", "Passed", with(verdict.Pass), byOperation, true},
		{"declined", "Lawfully declined", with(verdict.NotSupported), byReason, true},
		{"not-tested", "Not tested", with(verdict.NotTested), byReason, true},
	} {
		var rows []Requirement
		for _, operation := range r.report.Operations {
			rows = append(rows, r.report.rows(func(q Requirement) bool { return q.Operation == operation.OperationID && def.in(q) })...)
		}
		if len(rows) == 0 {
			continue
		}
		section := sectionView{Anchor: def.anchor, Title: def.title, Rows: len(rows), Thin: def.thin}
		for _, group := range GroupBy(rows, def.group) {
			view := groupView{Title: group.Key, OneOperation: group.Key == group.Items[0].Operation}
			for _, q := range group.Items {
				view.Rows = append(view.Rows, r.row(q, def.thin))
			}
			section.Groups = append(section.Groups, view)
		}
		if def.anchor != "passed" { // those are in the order of the operations
			slices.SortStableFunc(section.Groups, func(a, b groupView) int { return len(b.Rows) - len(a.Rows) })
		}
		all = append(all, section)
	}
	return all
}

// listedElsewhere is how many exchanges of other specs a row lists.
const listedElsewhere = 12

// openAtMost is how many rows stand open when the page is opened. A server that
// breaks everything is better read as a list.
const openAtMost = 12

func (r renderer) row(q Requirement, thin bool) rowView {
	v := rowView{
		Requirement: q, Mark: q.mark(),
		Trouble: q.Verdict == verdict.Blocked || q.Verdict == verdict.Fail,
		Open:    q.counts() && len(r.report.rows(Requirement.counts)) <= openAtMost,
		Reason:  r.linked(q.Reason),
	}
	if !thin {
		v.Gist = q.Gist()
	}
	v.BecauseAnchor = strings.Replace(q.Because, " ", ".", 1)
	cited := citedIn(q)
	own := map[string]bool{}
	var silent []specView // of many specs, those that had something to say come first
	for _, spec := range q.Specs {
		view := r.spec(q, spec, cited)
		if spec.Message == "" {
			silent = append(silent, view)
		} else {
			v.Specs = append(v.Specs, view)
		}
		for _, id := range spec.Exchanges {
			own[id] = true
		}
		v.Rerun = spec.Rerun
	}
	v.Specs = append(v.Specs, silent...)
	for _, id := range q.Exchanges {
		switch {
		case !r.has(id) || own[id]:
		case len(v.Elsewhere) == listedElsewhere:
			v.More++
		default:
			v.Elsewhere = append(v.Elsewhere, piece{Text: id, Anchor: anchorOf(id)})
		}
	}
	return v
}

func (r renderer) spec(q Requirement, spec Spec, cited map[string]bool) specView {
	records := r.find(spec.Exchanges)
	v := specView{Spec: spec, Exchanges: r.exchanges(records, cited), Missing: len(spec.Exchanges) - len(records)}
	if spec.Message != q.Reason {
		v.Said = spec.Message
	}
	if q.Verdict != verdict.Pass && q.Verdict != verdict.NotTested {
		if w, ok := r.logs.window(r.variantOf(q, records), records); ok {
			v.Log = &w
		}
	}
	return v
}

// variantOf is the configuration whose log tells of these exchanges.
func (r renderer) variantOf(q Requirement, records []exchange.Record) string {
	first := slices.IndexFunc(records, func(r exchange.Record) bool { return r.Party == "" })
	entry, known := requirements.Lookup(q.ID)
	if !known || first < 0 || strings.HasPrefix(records[first].Request.URL, r.report.Target.URL) {
		return ""
	}
	return string(entry.VariantOf(q.Operation))
}

// exchangeName matches what messages call an exchange.
var exchangeName = regexp.MustCompile(`\bexchange ([A-Za-z0-9.]+-[0-9]+)\b`)

// citedIn are the exchanges that the row's reason or its findings name.
func citedIn(q Requirement) map[string]bool {
	cited := map[string]bool{}
	for _, m := range exchangeName.FindAllStringSubmatch(q.Reason, -1) {
		cited[m[1]] = true
	}
	for _, id := range q.Exchanges {
		cited[id] = true
	}
	return cited
}

// linked makes links of the exchanges that a text names.
func (r renderer) linked(text string) []piece {
	if text == "" {
		return nil
	}
	var pieces []piece
	done := 0
	for _, at := range exchangeName.FindAllStringSubmatchIndex(text, -1) {
		id := text[at[2]:at[3]]
		if !r.has(id) {
			continue
		}
		pieces = append(pieces, piece{Text: text[done:at[0]]}, piece{Text: text[at[0]:at[1]], Anchor: anchorOf(id)})
		done = at[1]
	}
	return append(pieces, piece{Text: text[done:]})
}
