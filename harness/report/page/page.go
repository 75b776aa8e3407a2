// Package page is what our HTML pages share: one style sheet, one script, and the
// mark that stands for each verdict. Every page holds both within itself, so that
// a page is one file which needs no network.
package page

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"regexp"

	"threepid-conformance/harness/verdict"
)

//go:embed style.css
var style string

//go:embed script.js
var script string

// A Mark shows a verdict in three ways at once, because colour alone tells some
// readers nothing: a symbol, a word, and a class of the style sheet.
type Mark struct {
	Class  string // in style.css
	Symbol string // one character
	Word   string
}

// Marks lists all marks in the order of reports, the worst first.
var Marks = []Mark{
	{"fail", "✗", "fail"},
	{"blocked", "■", "blocked"},
	{"weak", "!", "fail, does not count"},
	{"expected", "≈", "expected-fail"},
	{"pass", "✓", "pass"},
	{"declined", "–", "not-supported"},
	{"untested", "·", "not-tested"},
}

// Absent marks a row that a report does not have.
var Absent = Mark{"absent", " ", "no such row"}

// MarkOf is the mark of a row; gates says whether its verdict counts.
func MarkOf(v verdict.Verdict, gates bool) Mark {
	at := map[verdict.Verdict]int{
		verdict.Fail: 0, verdict.Blocked: 1, verdict.ExpectedFail: 3,
		verdict.Pass: 4, verdict.NotSupported: 5, verdict.NotTested: 6,
	}
	i, known := at[v]
	switch {
	case !known:
		return Absent
	case v == verdict.Fail && !gates:
		i = 2
	}
	return Marks[i]
}

// OfProfile is the mark of a result as a whole.
func OfProfile(p verdict.Profile) Mark {
	switch p {
	case verdict.Conformant:
		return Mark{"pass", "✓", string(p)}
	case verdict.Failing:
		return Mark{"fail", "✗", string(p)}
	}
	return Mark{"untested", "~", string(p)}
}

// Head is what every page has in its head: style, and a policy under which a
// browser runs our script and nothing that a homeserver smuggled in.
type Head struct {
	Style  template.CSS
	Script template.JS
	Policy string
}

// lineEnd is what a style sheet needs no more than a space for.
var lineEnd = regexp.MustCompile(`\s*\n\s*`)

// NewHead returns the head of a page.
func NewHead() Head {
	sum := sha256.Sum256([]byte(script))
	return Head{
		Style:  template.CSS(lineEnd.ReplaceAllString(style, " ")),
		Script: template.JS(script),
		Policy: "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}
