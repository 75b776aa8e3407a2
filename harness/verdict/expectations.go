package verdict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v3"

	"threepid-conformance/harness/requirements"
)

// An Expectation is one line of a list of known failures: this row fails, for
// this reason, and the message says this.
type Expectation struct {
	Operation   string `yaml:"operation"`
	Requirement string `yaml:"requirement"`
	Reason      string `yaml:"reason"`
	Link        string `yaml:"link"` // an issue, or the section of the spec
	Says        string `yaml:"says"` // part of the failure's message; another failure of the row still fails
}

// Row is what the expectation is about.
func (e Expectation) Row() requirements.Row {
	return requirements.Row{Operation: e.Operation, Requirement: e.Requirement}
}

// Expectations are a user's known failures, by row.
type Expectations map[requirements.Row]Expectation

// LoadExpectations reads a YAML list of expectations. Unknown or duplicate keys,
// rows that do not exist, rows listed twice and entries without a reason or a
// link are errors of one sentence that names file and entry.
func LoadExpectations(path string) (Expectations, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("the expectations file cannot be read: %w", err)
	}
	return ParseExpectations(path, text)
}

// ParseExpectations is [LoadExpectations] for a text that was read from path.
func ParseExpectations(path string, text []byte) (Expectations, error) {
	var list []Expectation
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s is not a list of {operation, requirement, reason, link, says}: %s", path, oneLine(err))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s holds more than one YAML document; write one list", path)
	}
	known := map[requirements.Row]bool{}
	for _, row := range requirements.Rows() {
		known[row] = true
	}
	found := Expectations{}
	for i, e := range list {
		at := fmt.Sprintf("%s: entry %d (%s %s)", path, i+1, e.Operation, e.Requirement)
		_, twice := found[e.Row()]
		switch {
		case !known[e.Row()]:
			return nil, fmt.Errorf("%s names no row of the catalogue; `conformance list` prints them", at)
		case twice:
			return nil, fmt.Errorf("%s is listed twice; keep one", at)
		case strings.TrimSpace(e.Reason) == "":
			return nil, fmt.Errorf("%s has no reason; say what the server does instead", at)
		case !strings.HasPrefix(e.Link, "http://") && !strings.HasPrefix(e.Link, "https://"):
			return nil, fmt.Errorf("%s has no link; give the URL of an issue or of the spec section", at)
		case strings.TrimSpace(e.Says) == "":
			return nil, fmt.Errorf("%s has no says; give a part of the failure's message", at)
		}
		found[e.Row()] = e
	}
	return found, nil
}

// Match returns the expectation that explains a failure of row with message.
func (x Expectations) Match(row requirements.Row, message string) (Expectation, bool) {
	e, ok := x[row]
	if !ok || !mentions(message, e.Says) {
		return Expectation{}, false
	}
	return e, true
}

func oneLine(err error) string { return squeeze(err.Error()) }
