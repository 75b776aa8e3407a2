package report

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"threepid-conformance/harness/exchange"
)

// homeserver is the shell variable that stands for the base URL of the target,
// whose port changes from run to run.
const homeserver = "HOMESERVER"

// secretName matches the names that masking puts in the place of secrets, such
// as <access_token 1> or, in parallel runs, <access_token 2.1>.
var secretName = regexp.MustCompile(`<([a-z][a-z_ ]*) ((?:[a-z0-9]+\.)?[0-9]+)>`)

// curl writes the request of a record as a command for a shell. Secrets are
// variables: <access_token 1> becomes $ACCESS_TOKEN_1. base is the URL that
// $HOMESERVER stands for.
func curl(r exchange.Record, base string) string {
	var b strings.Builder
	b.WriteString("curl -i")
	if r.Request.Method != "GET" {
		b.WriteString(" -X " + shellWord(r.Request.Method))
	}
	url := shellWord(r.Request.URL)
	if rest, ok := strings.CutPrefix(r.Request.URL, base); ok && base != "" && (rest == "" || strings.ContainsAny(rest[:1], "/?")) {
		url = `"$` + homeserver + `"` + shellWord(rest)
	}
	b.WriteString(" " + url)
	for _, name := range slices.Sorted(maps.Keys(r.Request.Headers)) {
		for _, value := range r.Request.Headers[name] {
			if name == "Accept-Encoding" && value == "identity" {
				continue // curl asks for no compression unless told to
			}
			b.WriteString(" \\\n  -H " + shellWord(name+": "+value))
		}
	}
	if r.Request.Body != "" {
		b.WriteString(" \\\n  --data-raw " + shellWord(r.Request.Body))
	}
	if r.Request.Truncated {
		b.WriteString("\n# the body goes on; this is its beginning")
	}
	return b.String()
}

// plain is text that a shell takes as it is, without quotes.
var plain = regexp.MustCompile(`^[A-Za-z0-9_./:=@%+,-]+$`)

// shellWord quotes text as one word for a POSIX shell, in which the names of
// secrets are variables.
func shellWord(text string) string {
	if text == "" {
		return ""
	}
	var b strings.Builder
	literal := func(s string) {
		switch {
		case s == "":
		case plain.MatchString(s):
			b.WriteString(s)
		default:
			b.WriteString("'" + strings.ReplaceAll(s, "'", `'\''`) + "'")
		}
	}
	rest := text
	for _, at := range secretName.FindAllStringSubmatchIndex(text, -1) {
		done := len(text) - len(rest)
		literal(text[done:at[0]])
		fmt.Fprintf(&b, `"$%s"`, variable(text[at[2]:at[3]], text[at[4]:at[5]]))
		rest = text[at[1]:]
	}
	literal(rest)
	return b.String()
}

// variable is the shell variable for a secret of that kind and number.
func variable(kind, number string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "_", ".", "_").Replace(kind + "_" + number))
}
