package report

import (
	"regexp"
	"strings"

	"threepid-conformance/harness/exchange"
)

// curl writes the request of a record as a command for a shell. Secrets are
// variables: <access_token 1> becomes $ACCESS_TOKEN_1. base is the URL that
// $HOMESERVER stands for, because the port of a target changes from run to run.
func curl(r exchange.Record, base string) string {
	var b strings.Builder
	b.WriteString("curl -i ")
	if r.Request.Method != "GET" {
		b.WriteString("-X " + shellWord(r.Request.Method) + " ")
	}
	url := r.Request.URL
	if rest, ok := strings.CutPrefix(url, base); ok && base != "" && (rest == "" || strings.ContainsAny(rest[:1], "/?")) {
		b.WriteString(`"$HOMESERVER"`)
		url = rest
	}
	b.WriteString(shellWord(url))
	for _, name := range r.Request.HeaderNames() {
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

// secretName matches the names that masking puts in the place of secrets, such
// as <access_token 1> or, in parallel runs, <access_token 2.1>.
var secretName = regexp.MustCompile(`<([a-z][a-z_ ]*) ((?:[a-z0-9]+\.)?[0-9]+)>`)

// shellWord writes text as one word for a POSIX shell, in which the names of
// secrets are variables.
func shellWord(text string) string {
	word, done := "", 0
	for _, at := range secretName.FindAllStringSubmatchIndex(text, -1) {
		variable := inVariable.Replace(text[at[2]:at[3]] + "_" + text[at[4]:at[5]])
		word += literal(text[done:at[0]]) + `"$` + strings.ToUpper(variable) + `"`
		done = at[1]
	}
	return word + literal(text[done:])
}

var inVariable = strings.NewReplacer(" ", "_", ".", "_")

// plain matches what a shell takes as it is, without quotes.
var plain = regexp.MustCompile(`^[\w./:=@%+,-]*$`)

// literal writes text so that a shell takes it as it is.
func literal(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
