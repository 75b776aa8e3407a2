package matrix

import (
	"cmp"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"

	"threepid-conformance/fixtures/mutate"
	"threepid-conformance/fixtures/refserver"
)

// Files that Write leaves in a folder.
const (
	MarkdownFile = "faults.md"
	JSONFile     = "faults.json"
)

// Proof is everything that shows whether the suite notices what is wrong.
type Proof struct {
	Faults  []Result         // of the reference homeserver
	Answers []Result         // spoilt by a proxy in front of it
	Spoilt  []mutate.Outcome // answers, in memory
}

// Survivors are the names of what was not noticed as it has to be.
func (p Proof) Survivors() []string {
	survivors := []string{}
	for _, r := range slices.Concat(p.Faults, p.Answers) {
		if !r.Noticed() {
			survivors = append(survivors, r.Name)
		}
	}
	for _, o := range p.Spoilt {
		if o.Equivalent == "" && !o.Noticed() {
			survivors = append(survivors, o.Mutation.String())
		}
	}
	return survivors
}

// document is faults.json.
type document struct {
	Total      int          `json:"total"`
	Killed     int          `json:"killed"`
	Survivors  []string     `json:"survivors"`
	NotApplied []string     `json:"not_applied"` // always empty: every mutation has an answer to be applied to
	Equivalent []equivalent `json:"equivalent"`
	Faults     []entry      `json:"faults"` // those that were run against; the rest of Total was judged in memory
}

// An equivalent is a mutation that makes a lawful answer.
type equivalent struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// An entry is one fault in faults.json.
type entry struct {
	Name         string   `json:"name"`
	Operation    string   `json:"operation"`
	Requirements []string `json:"requirements"`
	Variant      string   `json:"variant,omitempty"`
	Story        string   `json:"story"`
	Also         []string `json:"also"`       // rows that may move with it
	KilledBy     []string `json:"killed_by"`  // its own row, if that failed
	Collateral   []string `json:"collateral"` // rows that moved with it
	Beyond       []string `json:"beyond,omitempty"`
	Wrong        string   `json:"wrong,omitempty"`
	Seconds      float64  `json:"seconds"`
}

func (p Proof) document() document {
	d := document{Survivors: p.Survivors(), NotApplied: []string{}, Equivalent: []equivalent{}, Faults: []entry{}}
	for _, r := range slices.Concat(p.Faults, p.Answers) {
		e := entry{
			Name: r.Name, Operation: r.Operation, Requirements: []string{r.Row}, Variant: r.Variant, Story: r.Story,
			Also: list(r.Also), KilledBy: []string{}, Collateral: list(r.Moved), Beyond: r.Beyond, Wrong: r.Wrong, Seconds: r.Seconds,
		}
		if r.Failed() {
			e.KilledBy = append(e.KilledBy, r.Operation+" "+r.Row)
		}
		d.Faults = append(d.Faults, e)
	}
	for _, o := range p.Spoilt {
		if !o.Noticed() && o.Equivalent != "" {
			d.Equivalent = append(d.Equivalent, equivalent{o.Mutation.String(), o.Equivalent})
		}
	}
	d.Total = len(d.Faults) + len(p.Spoilt)
	d.Killed = d.Total - len(d.Survivors) - len(d.Equivalent)
	return d
}

// list is never null in JSON.
func list(rows []string) []string { return append([]string{}, rows...) }

// Write leaves the matrix of faults and requirements in a folder, as Markdown
// and as JSON.
func Write(folder string, p Proof) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	text, err := json.MarshalIndent(p.document(), "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, JSONFile), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, MarkdownFile), []byte(p.markdown()), 0o644)
}

// silences are requirements whose faults have the suite wait for what never
// comes, which takes longer than anything else.
var silences = []string{"email-004-mail-sent-once-to-address", "msisdn-002-success"}

// LongestFirst orders faults by how long their runs took when the folder's
// faults.json was written, those that it does not know first. The last to start
// decides when all are done. Without the file, silences come first.
func LongestFirst(folder string, faults []refserver.Fault) {
	took := map[string]float64{}
	if text, err := os.ReadFile(filepath.Join(folder, JSONFile)); err == nil {
		var last document
		if json.Unmarshal(text, &last) == nil { // an older one helps nobody
			for _, e := range last.Faults {
				took[e.Name] = e.Seconds
			}
		}
	}
	const unknown, silent = 1e6, 1e9
	weight := func(f refserver.Fault) float64 {
		seconds, known := took[f.Name]
		switch {
		case known:
			return seconds
		case slices.Contains(silences, f.Requirements[0]):
			return silent
		}
		return unknown
	}
	slices.SortStableFunc(faults, func(a, b refserver.Fault) int { return cmp.Compare(weight(b), weight(a)) })
}
