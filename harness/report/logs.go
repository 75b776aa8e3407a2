package report

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"threepid-conformance/harness/exchange"
)

// LogFile is the name, in the results folder, of what a target printed that ran
// in this configuration; "" is the ordinary one.
func LogFile(variant string) string {
	if variant == "" {
		return "target.log"
	}
	return "target-" + variant + ".log"
}

// HideInLogs rewrites the logs of targets in dir without secrets: those that hide
// knows by value, and those that a name gives away. It is called when the targets
// have stopped, because until then they write.
func HideInLogs(dir string, hide func(string) string) error {
	logs, err := filepath.Glob(filepath.Join(dir, "target*.log"))
	if err != nil {
		return err
	}
	for _, path := range logs {
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(hideNamed(hide(string(text)))), 0o644)
		}
		if err != nil {
			return fmt.Errorf("secrets in the target's log cannot be hidden: %w", err)
		}
	}
	return nil
}

// namedSecret matches a secret that its name gives away, however the log of a
// homeserver writes names and values: JSON, a query, or a language's own form.
var namedSecret = regexp.MustCompile(`(?i)\b((?:id_|refresh_|login_|registration_)?(?:access_token|token)|client_secret|(?:new_)?password)(['"]?\s*[:=]\s*b?['"]?)([^\s'"&,;<>(){}]{6,})`)

func hideNamed(text string) string {
	return namedSecret.ReplaceAllString(text, "${1}${2}<${1}>")
}

// A logWindow is what a target printed while a spec's exchanges went on.
type logWindow struct {
	File  string
	Lines string
}

// shownOfLog is how much of a window is shown, in characters.
const shownOfLog = 6000

// targetLogs reads windows from the logs in a results folder.
type targetLogs struct {
	dir  string
	hide func(string) string
	read map[string][]logEntry
}

// A logEntry is a line that begins with a time, and those after it that do not:
// a traceback belongs to the message it explains.
type logEntry struct {
	at   time.Time
	text string
}

// window returns what the target's log says of the time of these exchanges; false
// when nothing, or when its lines have no time or one of whole seconds, in which
// too much happens.
func (l *targetLogs) window(variant string, records []exchange.Record) (logWindow, bool) {
	name := LogFile(variant)
	entries, known := l.read[name]
	if !known {
		entries = readLog(filepath.Join(l.dir, name))
		l.read[name] = entries
	}
	if len(records) == 0 || len(entries) == 0 {
		return logWindow{}, false
	}
	const slack = 5 * time.Millisecond // clocks are the same, their resolutions are not
	from, to := started(records[0]).Add(-slack), started(records[0])
	for _, r := range records {
		if end := ended(r); end.After(to) {
			to = end
		}
	}
	to = to.Add(slack)
	var b strings.Builder
	for _, e := range entries {
		if e.at.Before(from) || e.at.After(to) {
			continue
		}
		if b.Len() > shownOfLog {
			b.WriteString("… the log goes on\n")
			break
		}
		b.WriteString(e.text)
	}
	if b.Len() == 0 {
		return logWindow{}, false
	}
	return logWindow{File: name, Lines: strings.TrimRight(hideNamed(l.hide(b.String())), "\n")}, true
}

// logTime matches the time at the beginning of a line, with parts of a second.
var logTime = regexp.MustCompile(`^.{0,12}?(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d)[.,](\d{1,9})(Z|[+-]\d\d:?\d\d)?`)

// readLog splits a log into entries; none when it cannot be read.
func readLog(path string) []logEntry {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var entries []logEntry
	for line := range strings.Lines(string(text)) {
		if at, ok := timeOf(line); ok {
			entries = append(entries, logEntry{at, line})
		} else if n := len(entries); n > 0 && len(entries[n-1].text) < shownOfLog {
			entries[n-1].text += line
		}
	}
	return entries
}

func timeOf(line string) (time.Time, bool) {
	m := logTime.FindStringSubmatch(line)
	if m == nil {
		return time.Time{}, false
	}
	text := fmt.Sprintf("%s-%s-%sT%s.%s", m[1], m[2], m[3], m[4], m[5])
	if m[6] == "" { // a homeserver that we started has the time zone that we have
		at, err := time.ParseInLocation("2006-01-02T15:04:05", text, time.Local)
		return at, err == nil
	}
	zone := strings.ReplaceAll(m[6], ":", "")
	layout := "2006-01-02T15:04:05Z0700"
	at, err := time.Parse(layout, text+zone)
	return at, err == nil
}
