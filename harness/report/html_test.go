package report_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// order checks that the parts stand in the text in this order.
func order(g Gomega, text string, parts ...string) {
	at := 0
	for _, part := range parts {
		i := strings.Index(text[at:], part)
		g.ExpectWithOffset(1, i).To(BeNumerically(">=", 0), "%q is missing or too early", part)
		at += i
	}
}

func TestTheFirstScreen(t *testing.T) {
	g := NewWithT(t)
	text := page(t, aRun(t), t.TempDir())
	rows := len(requirements.Rows())
	order(g, text, "<h1>Synapse 1.140.0 ", "✗ failing", fmt.Sprintf("%d of %d rows were not tested.", rows-7, rows),
		"1 row that counts failed", "<th scope=\"row\">MUST</th>", "Operations × requirements", `id="rows"`)
	g.Expect(text).NotTo(ContainSubstring("did not come to its end"))
	r := aRun(t)
	r.Complete = false
	g.Expect(page(t, r, t.TempDir())).To(ContainSubstring("did not come to its end"))
	good := page(t, reportOf(t, changes{listSchema: {Verdict: verdict.Pass}}), t.TempDir())
	g.Expect(good).To(And(ContainSubstring("✓ conformant"), ContainSubstring("Nothing that counts failed.")))
	known := page(t, reportOf(t, changes{listSchema: {Verdict: verdict.Pass}, listFields: {Verdict: verdict.ExpectedFail}}), t.TempDir())
	g.Expect(known).To(ContainSubstring(`Nothing that counts failed but what is <a href="#known">known to</a>: 1 row.`))
}

// Whoever sees no colour reads a symbol; whoever sees nothing hears a word.
func TestTheGridHasAMarkForEveryRow(t *testing.T) {
	g := NewWithT(t)
	text := page(t, aRun(t), t.TempDir())
	for _, mark := range []string{
		`<a class="c fail" href="#getAccount3PIDs.get-003-item-required-fields" title="get-003-item-required-fields" aria-label="get-003-item-required-fields: fail">✗</a>`,
		`aria-label="gen-005-errcode-form: fail, does not count">!</a>`,
		`aria-label="add-003-requires-uia: blocked">■</a>`,
		`aria-label="get-002-fresh-user-empty: expected-fail">≈</a>`,
		`aria-label="get-001-200-schema: pass">✓</a>`,
		`aria-label="bind-005-success-200: not-supported">–</a>`,
		`aria-label="add-001-success-200: not-tested">·</a>`,
	} {
		g.Expect(text).To(ContainSubstring(mark))
	}
	g.Expect(strings.Count(text, `<a class="c `)).To(Equal(len(requirements.Rows())))
	for _, id := range regexp.MustCompile(`href="#([^"]+)"`).FindAllStringSubmatch(text, -1) {
		g.Expect(text).To(ContainSubstring(fmt.Sprintf("id=%q", id[1])), "a link leads nowhere")
	}
}

func TestRowsAreThereOnceAndFailuresFirst(t *testing.T) {
	g := NewWithT(t)
	text := page(t, aRun(t), t.TempDir())
	g.Expect(strings.Count(text, `<details class="row"`)).To(Equal(len(requirements.Rows())))
	order(g, text, `<section id="failed"`, `<section id="blocked"`, `<section id="failed-without-counting"`, `<section id="known"`,
		`<section id="passed"`, `<section id="declined"`, `<section id="not-tested"`)
	for id, open := range map[string]bool{
		"getAccount3PIDs.get-003-item-required-fields": true,  // a failure that counts
		"add3PID.add-003-requires-uia":                 true,  // blocked
		"bind3PID.gen-005-errcode-form":                false, // does not count
		"getAccount3PIDs.get-001-200-schema":           false, // passed
	} {
		tag, _, _ := strings.Cut(element(t, text, "details", id), ">")
		g.Expect(strings.HasSuffix(tag, " open")).To(Equal(open), id)
	}
	many := changes{}
	for _, row := range requirements.Rows()[:40] {
		many[row] = verdict.Judged{Verdict: verdict.Fail, Gates: true, Reason: "x"}
	}
	g.Expect(page(t, reportOf(t, many), t.TempDir())).NotTo(MatchRegexp(`<details class="row"[^>]* open>`), "many failures stay closed")
}

func TestARowHoldsWhatToActOn(t *testing.T) {
	g := NewWithT(t)
	r := change(aRun(t), listFields, func(q *report.Requirement) {
		q.Reason = "added_at is missing (exchange p1-3 in exchanges.jsonl, exchange p9-9)"
	})
	dir := evidence(t, exchanged("p1-1", 1, ""), exchanged("p1-2", 2, ""),
		exchanged("p1-3", 3, `,"findings":[{"row":{"operation":"getAccount3PIDs","requirement":"get-003-item-required-fields"},"message":"no added_at"}]`))
	text := page(t, r, dir)
	entry, _ := requirements.Lookup(listFields.Requirement)
	row := element(t, text, "details", "getAccount3PIDs.get-003-item-required-fields")
	order(g, row, `✗<span class="word"> fail</span>`, "get-003-item-required-fields", "getAccount3PIDs", "MUST", entry.Statement, "enforcement hard, counts for the exit code",
		`href="https://spec.matrix.org/v1.6/`, "added_at is missing (", `<a href="#x-p1-3">exchange p1-3</a>`, "exchange p9-9)",
		`Seen in <a href="#x-p1-3">p1-3</a>.`, "a spec of get-003", "suites/contact/x.go:12",
		`id="x-p1-1"`, `"$HOMESERVER"`, `"$ACCESS_TOKEN_2"`, "200 OK", `{"threepids":[]}`, "Run just this again", "conformance run &#39;get-003")
	g.Expect(text).To(ContainSubstring("no added_at"), "the finding stands beside its exchange, outside the specs")
	blocked := element(t, text, "details", "add3PID.add-003-requires-uia")
	g.Expect(blocked).To(ContainSubstring(`Stopped by <a href="#getAccount3PIDs.get-003-item-required-fields">getAccount3PIDs get-003-item-required-fields</a>`))
	passed := element(t, text, "details", "getAccount3PIDs.get-001-200-schema")
	g.Expect(passed).To(ContainSubstring("Run just this again"), "who passed shows how, too")
}

func TestOfManySpecsTheFailedOneComesFirst(t *testing.T) {
	g := NewWithT(t)
	r := change(aRun(t), listFields, func(q *report.Requirement) {
		q.Reason = "the first of two failures"
		q.Specs = []report.Spec{{Title: "passed"}, {Title: "failed", Message: "the second of two failures"}, {Title: "failed, too", Message: q.Reason}}
	})
	row := element(t, page(t, r, t.TempDir()), "details", "getAccount3PIDs.get-003-item-required-fields")
	order(g, row, "<pre>the first of two failures</pre>", "<h4>failed</h4>", "<pre>the second of two failures</pre>", "<h4>failed, too</h4>", "<h4>passed</h4>")
	g.Expect(strings.Count(row, "the first of two failures")).To(Equal(2), "in the row's line and as its reason")
}

func TestTheLogOfTheTargetStandsBesideAFailure(t *testing.T) {
	g := NewWithT(t)
	dir := evidence(t, exchanged("p1-1", 1, ""))
	g.Expect(os.WriteFile(filepath.Join(dir, report.LogFile("")), []byte("2026-11-24T14:00:01.001Z ERROR syt_canary\n"), 0o600)).To(Succeed())
	r := aRun(t)
	r.Hide = func(text string) string { return strings.ReplaceAll(text, "syt_canary", "<access_token 1>") }
	text := page(t, r, dir)
	g.Expect(element(t, text, "details", "getAccount3PIDs.get-003-item-required-fields")).To(And(ContainSubstring("Meanwhile in target.log"), ContainSubstring("ERROR &lt;access_token 1&gt;")))
	g.Expect(element(t, text, "details", "getAccount3PIDs.get-001-200-schema")).NotTo(ContainSubstring("Meanwhile"))
}

// A homeserver can write anything into its answers; none of it becomes part of
// the page but text.
func TestNothingAHomeserverSaysBecomesMarkup(t *testing.T) {
	g := NewWithT(t)
	const evil = `</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>`
	quoted := strings.ReplaceAll(evil, `"`, `\"`)
	dir := evidence(t, fmt.Sprintf(`{"id":"p1-1","started":"2026-11-24T14:00:01Z","error":%q,"request":{"method":"POST","url":"http://127.0.0.1:8008/%s","headers":{"X":["%s"]},"body":"%s"},"response":{"status":200,"headers":{"%s":["%s"]},"body":"%s\u0000"},"findings":[{"row":{},"message":"%s"}]}`,
		quoted, quoted, quoted, quoted, quoted, quoted, quoted, quoted))
	r := reportOf(t, changes{listFields: {Verdict: verdict.Fail, Gates: true, Reason: evil}})
	r.Target.Version, r.Target.Name, r.Suite.Command = evil, evil, evil
	text := page(t, r, dir)
	g.Expect(text).To(ContainSubstring(`id="x-p1-1"`))
	g.Expect(text).NotTo(Or(ContainSubstring("<script>alert"), ContainSubstring("<img")))
	g.Expect(strings.Count(text, "<script")).To(Equal(1), "only ours")
	g.Expect(text).NotTo(ContainSubstring("\x00"))
	g.Expect(text).NotTo(MatchRegexp(`(?:src|srcset|action)="`), "the page is one file and asks the network for nothing")
	g.Expect(text).NotTo(Or(ContainSubstring("@import"), ContainSubstring("url(")))
	g.Expect(regexp.MustCompile(`<link[^>]*>`).FindAllString(text, -1)).To(Equal([]string{`<link rel="icon" href="data:,">`}))
	g.Expect(text).To(MatchRegexp(`Content-Security-Policy" content="default-src &#39;none&#39;;[^"]*script-src &#39;sha256-`))
}

func TestTheGridIsPartedByChapterWhereThereAreSeveral(t *testing.T) {
	g := NewWithT(t)
	r := aRun(t)
	g.Expect(page(t, r, t.TempDir())).NotTo(ContainSubstring(`class="chapter"`))
	last := &r.Operations[len(r.Operations)-1]
	last.Chapter = "openid"
	r.Chapters = append(r.Chapters, report.Chapter{Name: "openid", Result: verdict.Partial, Counts: last.Counts})
	order(g, page(t, r, t.TempDir()), `class="chapter"`, r.Operations[0].OperationID, `colspan="7">openid</th>`, last.OperationID)
	g.Expect(markdown(t, r)).To(ContainSubstring("\n| openid: partial | 0 |"))
}

func TestTheSequenceOfASpecHoldsAllPartiesInTheOrderOfTime(t *testing.T) {
	g := NewWithT(t)
	dir := evidence(t,
		exchanged("p1-2", 3, ""), exchanged("p1-1", 1, ""),
		`{"id":"mail-1","party":"mail","started":"2026-11-24T14:00:02Z","request":{"headers":{"To":["alice@example.org"],"Subject":["Confirm"]},"body":"Follow <token 1>"}}`,
	)
	r := change(aRun(t), listFields, func(q *report.Requirement) { q.Specs[0].Exchanges = []string{"p1-1", "p1-2", "mail-1", "p1-9"} })
	row := element(t, page(t, r, dir), "details", "getAccount3PIDs.get-003-item-required-fields")
	order(g, row, "1 of its exchanges are not in exchanges.jsonl", `id="x-p1-1"`, `id="x-mail-1"`,
		`+1.000 s</i> <span class="who">mail</span> alice@example.org: Confirm`, "Follow &lt;token 1&gt;", `id="x-p1-2"`)
	g.Expect(strings.Count(row, "curl -i")).To(Equal(2), "a mail is no request of ours")
}
