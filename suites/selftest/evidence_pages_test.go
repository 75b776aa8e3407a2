package selftest

import (
	_ "embed"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp/kb"

	"threepid-conformance/harness/report"
)

// What a reader would notice: text that is hard to read, and a page that is
// wider than its window. It is run with everything opened.
//
//go:embed testdata/page_problems.js
var findProblems string

var windows = map[string]window{
	"phone-light":   {Width: 360, Height: 740, Scheme: "light"},
	"phone-dark":    {Width: 360, Height: 740, Scheme: "dark"},
	"desktop-light": {Width: 1280, Height: 900, Scheme: "light"},
	"desktop-dark":  {Width: 1280, Height: 900, Scheme: "dark"},
	"print":         {Width: 800, Height: 1100, Scheme: "light", Print: true},
}

// largestPage is how many bytes a page may have. It holds the sequences of some
// 600 specs, 6000 exchanges, a third of which are not the suite's own. At 4 MB a
// browser slowed down six times, which is how phones are imitated, is done with it
// in about five seconds, shows the first screen long before, and filters the rows
// in less than half a second.
const largestPage = 4_800_000

// The pages are read in a browser: of a run with a failure, and of Synapse where
// there is one.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	browser := startChromium(t)
	failing := conformOnce(t, hardFault)
	pages := map[string]string{"report": filepath.Join(failing.results, report.HTMLFile)}
	reports := []string{failing.results, conformOnce(t).results}
	if synapse := os.Getenv("SYNAPSE_RESULTS"); synapse != "" {
		pages["report-synapse"] = filepath.Join(synapse, report.HTMLFile)
		reports = append(reports, synapse)
	}
	dir := t.TempDir()
	pages["overview"], pages["compare"] = filepath.Join(dir, "overview.html"), filepath.Join(dir, "compare.html")
	verb(t, 0, append([]string{"report", "--page", pages["overview"]}, reports...)...)
	verb(t, 1, "compare", reports[1], reports[0], "--html", pages["compare"])

	for name, file := range pages {
		if info, err := os.Stat(file); err != nil || info.Size() > largestPage {
			t.Errorf("%s has %d bytes, which is much for a phone (%v)", name, info.Size(), err)
		}
		for how, w := range windows {
			p := browser.open(t, file, w)
			p.picture(name + "-" + how)
			for _, problem := range eval[[]string](p, "document.querySelectorAll('details').forEach(d => d.open = true);"+findProblems) {
				t.Errorf("%s, %s: %s", name, how, problem)
			}
			p.close()
		}
	}
	for _, complaint := range browser.complaints {
		t.Error(complaint)
	}
	t.Run("keyboard", func(t *testing.T) { byKeyboard(t, browser, pages["report"]) })
	t.Run("filter", func(t *testing.T) { filters(t, browser, pages["report"], failing.report) })
	t.Run("without script", func(t *testing.T) { withoutScript(t, browser, pages["report"]) })
}

// byKeyboard goes from the top of the page to a row and opens and closes it.
func byKeyboard(t *testing.T, browser *chromium, file string) {
	p := browser.open(t, file, windows["desktop-light"])
	p.press(kb.Tab)
	p.press(kb.Enter) // the link that skips the grid
	p.until(`location.hash === "#rows"`)
	var at string
	const focused = `document.activeElement.tagName + " " + (document.activeElement.parentElement.id || "")`
	for range 20 {
		p.press(kb.Tab)
		if at = eval[string](p, focused); strings.HasPrefix(at, "SUMMARY ") {
			break
		}
	}
	row := strings.Replace(hardRow, " ", ".", 1)
	if at != "SUMMARY "+row {
		t.Fatalf("the first row that the keyboard reaches is %q, want the failed one", at)
	}
	open := func() bool { return eval[bool](p, "document.activeElement.parentElement.open === true") }
	for range 2 {
		wanted := !open()
		p.press(kb.Enter)
		if open() != wanted {
			t.Errorf("Enter does not bring the row to be open: %v", wanted)
		}
	}
	p.press(kb.Tab)
	if eval[string](p, "getComputedStyle(document.activeElement).outlineStyle") == "none" {
		t.Error("what has the focus cannot be seen")
	}
	p.picture("report-row")

	// A mark of the grid leads to its row and opens it.
	eval[int](p, `document.querySelector("a.c.pass").focus(), 0`)
	p.press(kb.Enter)
	p.until(`document.activeElement.tagName === "SUMMARY" && document.activeElement.parentElement.open`)
	p.picture("report-passed")
}

// filters chooses an operation, a level and a verdict.
func filters(t *testing.T, browser *chromium, file string, r *report.Report) {
	p := browser.open(t, file, windows["desktop-light"])
	choose := func(name, value string) []string {
		return eval[[]string](p, `(() => {
			const select = document.querySelector("select[name=`+name+`]");
			select.value = "`+value+`";
			select.dispatchEvent(new Event("change", {bubbles: true}));
			return [...document.querySelectorAll("[data-row]")].filter(r => r.checkVisibility()).map(r => r.id.replace(".", " "));
		})()`)
	}
	expect := func(what string, shown []string, in func(report.Requirement) bool) {
		t.Helper()
		want := map[string]bool{}
		for _, q := range r.Requirements {
			if in(q) {
				want[q.Operation+" "+q.ID] = true
			}
		}
		for _, name := range shown {
			if !want[name] {
				t.Errorf("%s: %s is shown", what, name)
			}
		}
		if len(shown) != len(want) || len(want) == 0 {
			t.Errorf("%s: %d rows are shown, want %d", what, len(shown), len(want))
		}
	}
	expect("all", choose("op", ""), func(report.Requirement) bool { return true })
	expect("an operation", choose("op", "add3PID"), func(q report.Requirement) bool { return q.Operation == "add3PID" })
	expect("and a level", choose("level", "SHOULD"), func(q report.Requirement) bool { return q.Operation == "add3PID" && q.Level == "SHOULD" })
	choose("level", "")
	choose("op", "")
	expect("a verdict", choose("verdict", "trouble"), func(q report.Requirement) bool { return q.Verdict == "fail" || q.Verdict == "blocked" })
	p.picture("report-filtered")
	if said := eval[string](p, `document.querySelector("output").value`); !strings.Contains(said, "rows shown") {
		t.Errorf("the page does not say how many rows are shown: %q", said)
	}
}

// withoutScript everything is there, and nothing that would do nothing.
func withoutScript(t *testing.T, browser *chromium, file string) {
	p := browser.open(t, file, window{Width: 1280, Height: 900, Scheme: "light", NoScript: true})
	shown := eval[struct{ Rows, Hidden int }](p, `({Rows: document.querySelectorAll("[data-row]").length,
		Hidden: [...document.querySelectorAll("[data-row]")].filter(r => !r.checkVisibility()).length})`)
	if shown.Rows == 0 || shown.Hidden > 0 {
		t.Errorf("%d of %d rows are hidden without a script", shown.Hidden, shown.Rows)
	}
	if eval[bool](p, `document.querySelector("form").checkVisibility()`) {
		t.Error("the filter is shown though it does nothing without a script")
	}
}

// verb runs the program and checks its exit code.
func verb(t *testing.T, exit int, args ...string) run {
	t.Helper()
	r := execute(t, exec.Command(conformance, args...))
	if r.exit != exit {
		t.Fatalf("conformance %s: exit %d, want %d\n%s", strings.Join(args, " "), r.exit, exit, r.output)
	}
	return r
}
