package report

import (
	"cmp"
	"html/template"
	"iter"
	"regexp"
	"slices"
	"strings"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// A storyteller turns rows and evidence into what the page shows.
type storyteller struct {
	report  *Report
	archive *archive
	logs    *targetLogs
}

func (r *Report) storyteller(archive *archive, dir string) storyteller {
	hide := r.Hide
	if hide == nil {
		hide = func(text string) string { return text }
	}
	return storyteller{report: r, archive: archive, logs: &targetLogs{dir: dir, hide: hide, read: map[string][]logEntry{}}}
}

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

	rows []Requirement
	thin bool
	by   storyteller
}

// Rows is for a range in the template: a row is made when the page has come to it.
func (g groupView) Rows() iter.Seq[rowView] {
	return func(yield func(rowView) bool) {
		for _, q := range g.rows {
			if !yield(g.by.row(q, g.thin)) {
				return
			}
		}
	}
}

type rowView struct {
	Requirement
	Class, Symbol, Word string // see look.Mark
	Trouble             bool   // somebody has to act
	Open                bool
	Gist                string
	Reason              []piece
	BecauseAnchor       string
	Specs               []specView
	Elsewhere           []link // exchanges of other specs that findings name
	More                int    // of them that are not listed
	Rerun               string
}

// A specView reads its exchanges when the page has come to them.
type specView struct {
	Spec
	Said    string // its message, where the row's reason is another spec's
	Shown   int    // exchanges
	Missing int    // exchanges that exchanges.jsonl does not hold

	row    Requirement
	places []place
	cited  map[string]bool
	by     storyteller
}

// Exchanges is for a range in the template.
func (v specView) Exchanges() iter.Seq[template.HTML] { return v.by.exchanges(v.places, v.cited) }

// Log is what the target printed meanwhile, where somebody may look for a cause;
// nil when that is nothing.
func (v specView) Log() *logWindow {
	if v.row.Verdict == verdict.Pass || v.row.Verdict == verdict.NotTested {
		return nil
	}
	records := slices.Collect(v.by.archive.read(v.places))
	w, ok := v.by.logs.window(v.by.variantOf(v.row, records), records)
	if !ok {
		return nil
	}
	return &w
}

// A piece is text, or a link when Anchor is set.
type piece struct{ Text, Anchor string }

type link = piece

// sections lists the rows, failures first.
func (s storyteller) sections() []sectionView {
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
		{"failed", "Failed", func(q Requirement) bool { return q.Verdict == verdict.Fail && q.Gates }, together, false},
		{"blocked", "Blocked", func(q Requirement) bool { return q.Verdict == verdict.Blocked }, together, false},
		{"failed-without-counting", "Failed, but does not count", func(q Requirement) bool { return q.Verdict == verdict.Fail && !q.Gates }, together, false},
		{"known", "Known failures", func(q Requirement) bool { return q.Verdict == verdict.ExpectedFail }, together, false},
		{"passed", "Passed", func(q Requirement) bool { return q.Verdict == verdict.Pass }, byOperation, true},
		{"declined", "Lawfully declined", func(q Requirement) bool { return q.Verdict == verdict.NotSupported }, byReason, true},
		{"not-tested", "Not tested", func(q Requirement) bool { return q.Verdict == verdict.NotTested }, byReason, true},
	} {
		section := sectionView{Anchor: def.anchor, Title: def.title, Thin: def.thin}
		places := map[string]int{}
		for _, operation := range s.report.Operations {
			for _, q := range s.report.Requirements {
				if q.Operation != operation.OperationID || !def.in(q) {
					continue
				}
				key := def.group(q)
				at, known := places[key]
				if !known {
					at = len(section.Groups)
					places[key] = at
					section.Groups = append(section.Groups, groupView{Title: key, OneOperation: key == q.Operation, thin: def.thin, by: s})
				}
				section.Groups[at].rows = append(section.Groups[at].rows, q)
				section.Rows++
			}
		}
		if section.Rows > 0 {
			slices.SortStableFunc(section.Groups, func(a, b groupView) int {
				if def.anchor == "passed" {
					return 0 // in the order of the operations
				}
				return len(b.rows) - len(a.rows)
			})
			all = append(all, section)
		}
	}
	return all
}

// listedElsewhere is how many exchanges of other specs a row lists.
const listedElsewhere = 12

// openAtMost is how many rows stand open when the page is opened. A server that
// breaks everything is better read as a list.
const openAtMost = 12

func (s storyteller) row(q Requirement, thin bool) rowView {
	mark := q.mark()
	cited := citedIn(q)
	v := rowView{
		Requirement: q, Class: mark.Class, Symbol: mark.Symbol, Word: mark.Word,
		Trouble: q.Verdict == verdict.Blocked || q.Verdict == verdict.Fail,
		Reason:  s.linked(q.Reason),
	}
	v.Open = s.counts(q) && s.failures() <= openAtMost
	if !thin {
		v.Gist = q.Gist()
	}
	if q.Because != "" {
		v.BecauseAnchor = strings.Replace(q.Because, " ", ".", 1)
	}
	own := map[string]bool{}
	for _, spec := range q.Specs {
		places := s.archive.of(spec.Exchanges)
		sv := specView{Spec: spec, Shown: len(places), Missing: len(spec.Exchanges) - len(places), row: q, places: places, cited: cited, by: s}
		if spec.Message != q.Reason {
			sv.Said = spec.Message
		}
		for _, p := range places {
			own[p.id] = true
		}
		v.Specs = append(v.Specs, sv)
		v.Rerun = spec.Rerun
	}
	for _, id := range q.Exchanges {
		if !s.archive.has(id) || own[id] {
			continue
		}
		if len(v.Elsewhere) == listedElsewhere {
			v.More++
			continue
		}
		v.Elsewhere = append(v.Elsewhere, link{Text: id, Anchor: anchorOf(id)})
	}
	// Of many specs, those that had something to say come first.
	slices.SortStableFunc(v.Specs, func(a, b specView) int {
		return cmp.Compare(boolRank(a.Message == ""), boolRank(b.Message == ""))
	})
	return v
}

func boolRank(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s storyteller) counts(q Requirement) bool {
	return q.Verdict == verdict.Blocked || q.Verdict == verdict.Fail && q.Gates
}

func (s storyteller) failures() int {
	n := 0
	for _, q := range s.report.Requirements {
		if s.counts(q) {
			n++
		}
	}
	return n
}

// variantOf is the configuration whose log tells of these exchanges.
func (s storyteller) variantOf(q Requirement, records []exchange.Record) string {
	first := slices.IndexFunc(records, func(r exchange.Record) bool { return r.Party == "" })
	entry, known := requirements.Lookup(q.ID)
	if !known || first < 0 || strings.HasPrefix(records[first].Request.URL, s.report.Target.URL) {
		return ""
	}
	return string(entry.VariantOf(q.Operation))
}

// exchanges shows records one after the other.
func (s storyteller) exchanges(places []place, cited map[string]bool) iter.Seq[template.HTML] {
	return func(yield func(template.HTML) bool) {
		for r := range s.archive.read(places) {
			if !yield(s.exchange(r, places[0].time(), cited[r.ID]).html()) {
				return
			}
		}
	}
}

// outsideSpecs are the records that no spec of the report names: the look at the
// deployment before the first spec, and what was cleaned up after the last.
func (s storyteller) outsideSpecs() []place {
	named := make([]bool, len(s.archive.places))
	for _, q := range s.report.Requirements {
		for _, spec := range q.Specs {
			for _, id := range spec.Exchanges {
				if i, there := s.archive.byID[id]; there {
					named[i] = true
				}
			}
		}
	}
	var outside []place
	for i, p := range s.archive.places {
		if !named[i] {
			outside = append(outside, p)
		}
	}
	return outside
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
func (s storyteller) linked(text string) []piece {
	var pieces []piece
	done := 0
	for _, at := range exchangeName.FindAllStringSubmatchIndex(text, -1) {
		id := text[at[2]:at[3]]
		if !s.archive.has(id) {
			continue
		}
		pieces = append(pieces, piece{Text: text[done:at[0]]}, piece{Text: text[at[0]:at[1]], Anchor: anchorOf(id)})
		done = at[1]
	}
	return append(pieces, piece{Text: text[done:]})
}
