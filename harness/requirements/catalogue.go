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
)

//go:embed catalogue/*.yaml
var embedded embed.FS

// operationIDs are the eight operations in the order of the specification.
var operationIDs = []string{
	"getAccount3PIDs",
	"post3PIDs",
	"add3PID",
	"bind3PID",
	"delete3pidFromAccount",
	"unbind3pidFromAccount",
	"requestTokenTo3PIDEmail",
	"requestTokenTo3PIDMSISDN",
}

// groups are the id groups in catalogue order. Each has a file of its name.
var groups = []string{
	"gen", "cors", "auth", "rl", "get", "post", "add", "uia", "bind", "rem", "del", "unb",
	"email", "val", "msisdn", "can", "cap", "acc", "isc",
}

// catalogue is the loaded data.
type catalogue struct {
	entries []Entry
	byID    map[string]Entry
}

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

// Operations lists the operationIds in the order of the specification.
func Operations() []string {
	return slices.Clone(operationIDs)
}

// load reads the file of each group and checks all entries. The error names
// every mistake, not just the first.
func load(dir fs.FS) (catalogue, error) {
	c := catalogue{byID: map[string]Entry{}}
	var wrong []error
	for _, group := range groups {
		entries, err := readGroup(dir, group)
		if err != nil {
			wrong = append(wrong, err)
			continue
		}
		wrong = append(wrong, checkNumbering(group, entries)...)
		for _, entry := range entries {
			if _, taken := c.byID[entry.ID]; taken {
				wrong = append(wrong, fmt.Errorf("%s: the id occurs twice", entry.ID))
			}
			c.byID[entry.ID] = entry
			c.entries = append(c.entries, entry)
		}
	}
	wrong = append(wrong, checkStrayFiles(dir)...)
	for _, entry := range c.entries {
		wrong = append(wrong, check(entry, c.byID)...)
	}
	return c, errors.Join(wrong...)
}

// readGroup decodes the one YAML document of a group's file.
func readGroup(dir fs.FS, group string) ([]Entry, error) {
	name := group + ".yaml"
	file, err := dir.Open(name)
	if err != nil {
		return nil, fmt.Errorf("group %s: %w", group, err)
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
		*l = slices.Clone(operationIDs)
		return nil
	}
	var operations []string
	if err := node.Decode(&operations); err != nil {
		return fmt.Errorf("line %d: operations: expected all or a list of operationIds: %w", node.Line, err)
	}
	*l = operations
	return nil
}
