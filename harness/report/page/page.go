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
	"slices"

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
	word := string(v)
	if v == verdict.Fail && !gates {
		word = "fail, does not count"
	}
	if i := slices.IndexFunc(Marks, func(m Mark) bool { return m.Word == word }); i >= 0 {
		return Marks[i]
	}
	return Absent
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

// Head is what every page has in its head: title, style, and a policy under which
// a browser runs our script and nothing that a homeserver smuggled in.
type Head struct {
	Title  string
	Style  template.CSS
	Script template.JS
	Policy string
}

// lineEnd is what a style sheet needs no more than a space for.
var lineEnd = regexp.MustCompile(`\s*\n\s*`)

// NewHead returns the head of a page.
func NewHead(title string) Head {
	sum := sha256.Sum256([]byte(script))
	return Head{
		Title:  title,
		Style:  template.CSS(lineEnd.ReplaceAllString(style, " ")),
		Script: template.JS(script),
		Policy: "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-" +
			base64.StdEncoding.EncodeToString(sum[:]) + "'",
	}
}

// Template is that of a page, which begins with {{template "head" .}}.
func Template(name, text string) *template.Template {
	return template.Must(template.Must(template.New(name).Parse(head)).Parse(text))
}

const head = `{{define "head"}}<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{{.Policy}}">
<meta name="referrer" content="no-referrer">
<link rel="icon" href="data:,">
<title>{{.Title}}</title>
<style>{{.Style}}</style>
</head>{{end}}`
