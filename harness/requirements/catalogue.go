package requirements

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"

	"threepid-conformance/schemas"
)

//go:embed catalogue
var embedded embed.FS

// catalogue is the loaded data.
type catalogue struct {
	entries []Entry
	byID    map[string]Entry
}

// firstSuite is the version of the suite in which entries appeared that name none.
const firstSuite = "0.1.0"

// loaded reads the embedded files once. They are part of the program and a test
// loads them, so that a mistake in them is a programming error.
var loaded = sync.OnceValue(func() catalogue {
	dir, err := fs.Sub(embedded, "catalogue")
	if err != nil {
		panic(err)
	}
	c, err := load(dir)
	if err != nil {
		panic(fmt.Sprintf("the embedded requirements catalogue is broken:\n%v", err))
	}
	return c
})

// All lists the entries in catalogue order: by group, then by number. The
// slices and maps within them are shared and must not be changed.
func All() []Entry {
	return slices.Clone(loaded().entries)
}

// Lookup finds an entry by its id.
func Lookup(id string) (Entry, bool) {
	entry, ok := loaded().byID[id]
	return entry, ok
}

// Rows lists the rows of all entries in catalogue order.
func Rows() []Row {
	var rows []Row
	for _, entry := range loaded().entries {
		rows = append(rows, entry.Rows()...)
	}
	return rows
}

// Operations lists the operationIds of all chapters, in the order in which the
// chapters declare them.
func Operations() []string {
	var ids []string
	for _, operation := range schemas.Operations() {
		ids = append(ids, operation.ID)
	}
	return ids
}

// load reads the files of all chapters, a folder each, and checks all entries. The
// error names every mistake, not just the first.
func load(dir fs.FS) (catalogue, error) {
	c := catalogue{byID: map[string]Entry{}}
	var wrong []error
	files, err := fs.Glob(dir, "*/*.yaml")
	if err != nil {
		return c, err
	}
	for _, name := range files {
		entries, err := readFile(dir, name)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		wrong = append(wrong, checkNumbering(name, entries)...)
		for _, entry := range entries {
			if _, taken := c.byID[entry.ID]; taken {
				wrong = append(wrong, fmt.Errorf("%s: the id occurs twice", entry.ID))
			}
			c.byID[entry.ID] = entry
			c.entries = append(c.entries, entry)
		}
	}
	for _, entry := range c.entries {
		wrong = append(wrong, check(entry, c.byID)...)
	}
	return c, errors.Join(wrong...)
}

// readFile decodes the one YAML document of a file, which holds the entries of the
// id group that it is named after.
func readFile(dir fs.FS, name string) ([]Entry, error) {
	file, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()

	decoder := yaml.NewDecoder(file)
	decoder.KnownFields(true)
	var records []record
	if err := decoder.Decode(&records); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: expected a single YAML document and nothing after it", name)
	}
	entries := make([]Entry, 0, len(records))
	for _, record := range records {
		entries = append(entries, record.entry())
	}
	return entries, nil
}

// record is an entry as the YAML writes it.
type record struct {
	Entry      `yaml:",inline"`
	Operations operationList `yaml:"operations"`
}

// entry fills in what the YAML may leave out.
func (r record) entry() Entry {
	entry := r.Entry
	entry.Operations = r.Operations
	if entry.Kind == "" {
		entry.Kind = PerOperation
	}
	if entry.Enforcement == "" {
		entry.Enforcement = map[Level]Enforcement{Must: Hard, Should: Strict, May: Info}[entry.Level]
	}
	if entry.Introduced == "" {
		entry.Introduced = firstSuite
	}
	if entry.Since == "" {
		entry.Since = firstVersion
	}
	if entry.Strictly != nil && entry.Strictly.Since == "" {
		entry.Strictly.Since = entry.Since
	}
	return entry
}

// operationList is a list of operationIds, for which the word all may stand.
type operationList []string

// UnmarshalYAML accepts a list or the word all.
func (l *operationList) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode && node.Value == "all" {
		*l = Operations()
		return nil
	}
	var operations []string
	if err := node.Decode(&operations); err != nil {
		return fmt.Errorf("line %d: operations: expected all or a list of operationIds: %w", node.Line, err)
	}
	*l = operations
	return nil
}
