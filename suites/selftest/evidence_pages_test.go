package selftest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"threepid-conformance/harness/report"
)

// What a reader would notice: text that is hard to read, and a page that is
// wider than its window. It is run with everything opened.
//
//go:embed testdata/evidence_look.js
var look string

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
			p.picture(name+"-"+how, false)
			var problems []string
			p.eval("document.querySelectorAll('details').forEach(d => d.open = true);"+look, &problems)
			for _, problem := range problems {
				t.Errorf("%s, %s: %s", name, how, problem)
			}
			p.do("Page.close", nil, nil)
		}
	}
	for _, complaint := range browser.complaints() {
		t.Error(complaint)
	}
	t.Run("keyboard", func(t *testing.T) { byKeyboard(t, browser, pages["report"]) })
	t.Run("filter", func(t *testing.T) { filters(t, browser, pages["report"], failing.report) })
	t.Run("without script", func(t *testing.T) { withoutScript(t, browser, pages["report"]) })
}

// byKeyboard goes from the top of the page to a row and opens and closes it.
func byKeyboard(t *testing.T, browser *chromium, file string) {
	p := browser.open(t, file, windows["desktop-light"])
	p.press("Tab")
	p.press("Enter") // the link that skips the grid
	p.until(`location.hash === "#rows"`)
	var at string
	const focused = `document.activeElement.tagName + " " + (document.activeElement.parentElement.id || "")`
	for range 20 {
		p.press("Tab")
		if p.eval(focused, &at); strings.HasPrefix(at, "SUMMARY ") {
			break
		}
	}
	row := strings.Replace(hardRow, " ", ".", 1)
	if at != "SUMMARY "+row {
		t.Fatalf("the first row that the keyboard reaches is %q, want the failed one", at)
	}
	open := func() (open bool) {
		p.eval("document.activeElement.parentElement.open === true", &open)
		return open
	}
	for range 2 {
		wanted := !open()
		p.press("Enter")
		if open() != wanted {
			t.Errorf("Enter does not bring the row to be open: %v", wanted)
		}
	}
	p.press("Tab")
	var visible string
	p.eval("getComputedStyle(document.activeElement).outlineStyle", &visible)
	if visible == "none" {
		t.Error("what has the focus cannot be seen")
	}
	p.picture("report-row", false)

	// A mark of the grid leads to its row and opens it.
	p.eval(`document.querySelector("a.c.pass").focus(), 0`, new(int))
	p.press("Enter")
	p.until(`document.activeElement.tagName === "SUMMARY" && document.activeElement.parentElement.open`)
	p.picture("report-passed", false)
}

// filters chooses an operation, a level and a verdict.
func filters(t *testing.T, browser *chromium, file string, r *report.Report) {
	p := browser.open(t, file, windows["desktop-light"])
	choose := func(name, value string) (shown []string) {
		p.eval(`(() => {
			const select = document.querySelector("select[name=`+name+`]");
			select.value = "`+value+`";
			select.dispatchEvent(new Event("change", {bubbles: true}));
			return [...document.querySelectorAll("[data-row]")].filter(r => r.checkVisibility()).map(r => r.id.replace(".", " "));
		})()`, &shown)
		return shown
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
	p.picture("report-filtered", false)
	var said string
	p.eval(`document.querySelector("output").value`, &said)
	if !strings.Contains(said, "rows shown") {
		t.Errorf("the page does not say how many rows are shown: %q", said)
	}
}

// withoutScript everything is there, and nothing that would do nothing.
func withoutScript(t *testing.T, browser *chromium, file string) {
	p := browser.open(t, file, window{Width: 1280, Height: 900, Scheme: "light", NoScript: true})
	var shown struct{ Rows, Hidden int }
	p.eval(`({Rows: document.querySelectorAll("[data-row]").length,
		Hidden: [...document.querySelectorAll("[data-row]")].filter(r => !r.checkVisibility()).length})`, &shown)
	if shown.Rows == 0 || shown.Hidden > 0 {
		t.Errorf("%d of %d rows are hidden without a script", shown.Hidden, shown.Rows)
	}
	var form bool
	p.eval(`document.querySelector("form").checkVisibility()`, &form)
	if form {
		t.Error("the filter is shown though it does nothing without a script")
	}
}

// complaints are errors that the page caused, and requests that left the file.
func (c *chromium) complaints() []string {
	var found []string
	for _, text := range c.events("Log.entryAdded") {
		if strings.Contains(text, `"level":"error"`) || strings.Contains(text, `"level":"warning"`) {
			found = append(found, text)
		}
	}
	for _, text := range c.events("Runtime.consoleAPICalled") {
		found = append(found, "console: "+text)
	}
	for _, text := range c.events("Runtime.exceptionThrown") {
		found = append(found, "exception: "+text)
	}
	for _, text := range c.events("Network.requestWillBeSent") {
		var r struct {
			Request struct {
				URL string `json:"url"`
			} `json:"request"`
		}
		if json.Unmarshal([]byte(text), &r) == nil && !strings.HasPrefix(r.Request.URL, "file://") && !strings.HasPrefix(r.Request.URL, "data:") && r.Request.URL != "about:blank" {
			found = append(found, fmt.Sprintf("it asks the network for %s", r.Request.URL))
		}
	}
	return found
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
