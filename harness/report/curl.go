package report

import (
	"regexp"
	"strings"

	"threepid-conformance/harness/exchange"
)

// homeserver is the shell variable that stands for the base URL of the target,
// whose port changes from run to run.
const homeserver = "HOMESERVER"

// secretName matches the names that masking puts in the place of secrets, such
// as <access_token 1> or, in parallel runs, <access_token 2.1>.
var secretName = regexp.MustCompile(`^<([a-z][a-z_ ]*) ((?:[a-z0-9]+\.)?[0-9]+)>`)

// curl writes the request of a record as a command for a shell. Secrets are
// variables: <access_token 1> becomes $ACCESS_TOKEN_1. base is the URL that
// $HOMESERVER stands for.
func curl(r exchange.Record, base string) string {
	var b strings.Builder
	b.Grow(256 + len(r.Request.URL) + len(r.Request.Body))
	b.WriteString("curl -i ")
	if r.Request.Method != "GET" {
		b.WriteString("-X ")
		shellWord(&b, r.Request.Method)
		b.WriteByte(' ')
	}
	url := r.Request.URL
	if rest, ok := strings.CutPrefix(url, base); ok && base != "" && (rest == "" || strings.ContainsAny(rest[:1], "/?")) {
		b.WriteString(`"$` + homeserver + `"`)
		url = rest
	}
	shellWord(&b, url)
	for _, name := range r.Request.HeaderNames() {
		for _, value := range r.Request.Headers[name] {
			if name == "Accept-Encoding" && value == "identity" {
				continue // curl asks for no compression unless told to
			}
			b.WriteString(" \\\n  -H ")
			shellWord(&b, name+": "+value)
		}
	}
	if r.Request.Body != "" {
		b.WriteString(" \\\n  --data-raw ")
		shellWord(&b, r.Request.Body)
	}
	if r.Request.Truncated {
		b.WriteString("\n# the body goes on; this is its beginning")
	}
	return b.String()
}

// isPlain reports whether a shell takes a text as it is, without quotes.
func isPlain(text string) bool {
	for i := range len(text) {
		c := text[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !letter && !strings.ContainsRune("_./:=@%+,-", rune(c)) {
			return false
		}
	}
	return true
}

// shellWord writes text as one word for a POSIX shell, in which the names of
// secrets are variables.
func shellWord(b *strings.Builder, text string) {
	for from := 0; ; {
		at := strings.IndexByte(text[from:], '<')
		if at < 0 {
			break
		}
		from += at
		if m := secretName.FindStringSubmatch(text[from:]); m != nil {
			literal(b, text[:from])
			b.WriteString(`"$` + variable(m[1], m[2]) + `"`)
			text, from = text[from+len(m[0]):], 0
		} else {
			from++
		}
	}
	literal(b, text)
}

// literal writes text that a shell has to take as it is.
func literal(b *strings.Builder, text string) {
	if isPlain(text) {
		b.WriteString(text)
		return
	}
	b.WriteByte('\'')
	for {
		before, after, more := strings.Cut(text, "'")
		b.WriteString(before)
		if !more {
			break
		}
		b.WriteString(`'\''`)
		text = after
	}
	b.WriteByte('\'')
}

// variable is the shell variable for a secret of that kind and number.
func variable(kind, number string) string {
	return strings.ToUpper(inVariable.Replace(kind + "_" + number))
}

var inVariable = strings.NewReplacer(" ", "_", ".", "_")
