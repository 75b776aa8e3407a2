package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed operations.json versions.json v1.*/*/*.json strict/*.json
var files embed.FS

// schema is one schema of a set, or a rule of folder strict.
type schema struct {
	name string // as in Violation.Schema
	rule string
	// compiled compiles the file on first use: a run needs one version's.
	compiled func() *compiled
}

type compiled struct {
	source    map[string]any
	validator *gojsonschema.Schema
}

// catalogue is everything that is embedded.
type catalogue struct {
	sets       []*Set             // ascending by version
	strict     map[string]*schema // by rule
	chapters   []Chapter
	operations []Operation
}

// embedded reads the tables on first use. The files are part of the program, so
// a broken one is a programming error, which the tests exclude.
var embedded = sync.OnceValue(func() *catalogue {
	all, err := load(files)
	if err != nil {
		panic("schemas: the embedded tables are broken: " + err.Error())
	}
	return all
})

// load reads the tables below root and finds the schemas that they name.
func load(root fs.FS) (*catalogue, error) {
	all := &catalogue{strict: map[string]*schema{}}
	strict, err := fs.Glob(root, strictFolder+"/*.json")
	if err != nil {
		return nil, err
	}
	for _, file := range strict {
		rule := strings.TrimSuffix(path.Base(file), ".json")
		all.strict[rule] = &schema{name: file, rule: rule, compiled: compiledFrom(root, file)}
	}
	if whatever, ok := all.strict[ruleJSONObject]; ok {
		whatever.rule = RuleSchema
	}

	var declared struct {
		Chapters   []Chapter
		Operations []Operation
	}
	if err := readTable(root, "operations.json", &declared); err != nil {
		return nil, err
	}
	all.chapters, all.operations = declared.Chapters, declared.Operations
	for i, op := range all.operations { // so that who appends to the lists gets a copy
		all.operations[i].Statuses, all.operations[i].Needs = slices.Clip(op.Statuses), slices.Clip(op.Needs)
	}

	// Each version says what it changes against the one before.
	var versions []struct {
		Version string
		Schemas map[string]string // name to file; no file: the version dropped it
	}
	if err := readTable(root, "versions.json", &versions); err != nil {
		return nil, err
	}
	current, byFile := map[string]string{}, map[string]func() *compiled{}
	for _, version := range versions {
		minor, ok := minorVersion(version.Version)
		if !ok {
			return nil, fmt.Errorf("versions.json: want a version such as v1.6, got %q", version.Version)
		}
		maps.Copy(current, version.Schemas)
		set := &Set{Version: version.Version, minor: minor, files: map[string]*schema{}, strict: all.strict}
		for name, file := range current {
			if file == "" {
				continue
			}
			if byFile[file] == nil {
				byFile[file] = compiledFrom(root, file)
			}
			set.files[name] = &schema{name: set.Version + "/" + name, rule: RuleSchema, compiled: byFile[file]}
		}
		all.sets = append(all.sets, set)
	}
	if len(all.sets) == 0 {
		return nil, fmt.Errorf("versions.json names no version")
	}
	return all, nil
}

const strictFolder = "strict"

func readTable(root fs.FS, name string, table any) error {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, table); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func compiledFrom(root fs.FS, file string) func() *compiled {
	return sync.OnceValue(func() *compiled {
		text, err := fs.ReadFile(root, file)
		if err != nil {
			panic("schemas: " + err.Error())
		}
		c, err := compile(text)
		if err != nil {
			panic("schemas: " + file + ": " + err.Error())
		}
		return c
	})
}

// compile refuses references before the library sees them: it would fetch remote
// ones, and follow circular ones until the stack overflows.
func compile(text []byte) (*compiled, error) {
	setFormats()
	if bytes.Contains(text, []byte(`"$ref"`)) {
		return nil, errors.New("a schema must stand alone, this one contains a $ref")
	}
	decoded, err := Decode(text)
	if err != nil {
		return nil, err
	}
	source, ok := decoded.(map[string]any)
	if !ok {
		return nil, errors.New("a schema must be a JSON object")
	}
	// A loader of its own for each schema: compiling on a shared one races.
	validator, err := gojsonschema.NewSchemaLoader().Compile(gojsonschema.NewBytesLoader(text))
	if err != nil {
		return nil, err
	}
	return &compiled{source, validator}, nil
}
