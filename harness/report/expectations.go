package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"threepid-conformance/harness/verdict"
)

// ErrNothingFailed says that a report has nothing to expect.
var ErrNothingFailed = errors.New("no row failed, so there is nothing to expect")

// WriteExpectations makes a first list of known failures out of the rows that
// failed, and returns how many there are. It replaces no file. Rows that another
// list explains already are left to that list.
func (r *Report) WriteExpectations(path string) (int, error) {
	var list []verdict.Expectation
	for _, q := range r.Requirements {
		if q.Verdict != verdict.Fail || !q.Selected {
			continue
		}
		list = append(list, verdict.Expectation{
			Operation:   q.Operation,
			Requirement: q.ID,
			Reason:      fmt.Sprintf("%s on %s: %s", r.Subject(), r.Suite.Finished.UTC().Format("2006-01-02"), clip(q.Gist(), 200)),
			Link:        q.Link,
			Says:        says(q.Reason),
		})
	}
	if len(list) == 0 {
		return 0, ErrNothingFailed
	}
	var text bytes.Buffer
	fmt.Fprintf(&text, "# What fails on %s, as one run found it. For each row, say in reason what the\n"+
		"# server does instead, and give the issue as link. A row fails as expected while\n"+
		"# its message has the part under says; any other failure of it counts.\n", clip(r.Subject(), 200))
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(list), enc.Close()); err != nil {
		return 0, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if errors.Is(err, os.ErrExist) {
		return 0, fmt.Errorf("%s is there already and may hold what you wrote; give a new file", path)
	}
	if err != nil {
		return 0, fmt.Errorf("the expectations file cannot be written: %w", err)
	}
	_, err = f.Write(text.Bytes())
	return len(list), errors.Join(err, f.Close())
}

// volatile matches where a message begins to hold what the next run has anew:
// addresses, ids, ports, times, names of secrets.
var volatile = regexp.MustCompile(`\S*(?:[0-9]{4,}|@|://|<|"|p[0-9]+-[0-9])`)

// says is the beginning of a message, as far as it will be the same next time.
func says(message string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(message), "\n")
	if at := volatile.FindStringIndex(line); at != nil && strings.TrimSpace(line[:at[0]]) != "" {
		line = line[:at[0]]
	}
	if line = strings.TrimRight(strings.TrimSpace(line), " ,;:("); line == "" {
		return strings.TrimSpace(message)
	}
	return line
}
