package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed v1.6 v1.19 strict operations.json
var files embed.FS

// unresolvable is the base address of the compiled schemas. The .invalid
// domain does not exist, so that no reference can ever be fetched.
const unresolvable = "https://schemas.invalid/"

// schema is one compiled file.
type schema struct {
	name     string // below schemas/, as in Violation.Schema
	rule     string
	source   map[string]any
	compiled *gojsonschema.Schema
}

// catalogue is everything that is embedded, compiled.
type catalogue struct {
	sets       []*Set             // ascending by version
	strict     map[string]*schema // by rule
	chapters   []Chapter
	operations []Operation
}

// embedded compiles the schemas on first use. The files are part of the
// program, so a broken one is a programming error, which the tests exclude.
var embedded = sync.OnceValue(func() *catalogue {
	all, err := load(files)
	if err != nil {
		panic("schemas: the embedded schemas are broken: " + err.Error())
	}
	return all
})

// load compiles every schema below root: folders named after a spec version,
// and folder strict.
func load(root fs.FS) (*catalogue, error) {
	setFormats()
	strict, err := loadFolder(root, strictFolder)
	if err != nil {
		return nil, err
	}
	all := &catalogue{strict: map[string]*schema{}}
	for name, s := range strict {
		s.rule = strings.TrimSuffix(name, ".json")
		all.strict[s.rule] = s
	}
	folders, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, err
	}
	for _, folder := range folders {
		minor, ok := minorVersion(folder.Name())
		if !ok {
			continue
		}
		set := &Set{Version: folder.Name(), minor: minor, strict: all.strict}
		if set.files, err = loadFolder(root, set.Version); err != nil {
			return nil, err
		}
		all.sets = append(all.sets, set)
	}
	slices.SortFunc(all.sets, byMinorVersion)
	if len(all.sets) == 0 {
		return nil, fmt.Errorf("no folder is named after a spec version")
	}
	all.chapters, all.operations, err = loadOperations(root)
	return all, err
}

// loadFolder compiles the schemas of a folder; the keys are names within it.
func loadFolder(root fs.FS, folder string) (map[string]*schema, error) {
	loaded := map[string]*schema{}
	err := fs.WalkDir(root, folder, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		s, err := compile(name, text)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		loaded[strings.TrimPrefix(name, folder+"/")] = s
		return nil
	})
	return loaded, err
}

const (
	strictFolder   = "strict"
	operationsFile = "operations.json"
)

func loadOperations(root fs.FS) ([]Chapter, []Operation, error) {
	text, err := fs.ReadFile(root, operationsFile)
	if err != nil {
		return nil, nil, err
	}
	var declared struct {
		Chapters   []Chapter
		Operations []Operation
	}
	if err := json.Unmarshal(text, &declared); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", operationsFile, err)
	}
	return declared.Chapters, declared.Operations, nil
}

// compile refuses references before the library sees them: it would fetch
// remote ones, and follow circular ones until the stack overflows.
func compile(name string, text []byte) (*schema, error) {
	if bytes.Contains(text, []byte(`"$ref"`)) {
		return nil, fmt.Errorf("a schema must stand alone, this one contains a $ref")
	}
	decoded, err := Decode(text)
	if err != nil {
		return nil, err
	}
	source, ok := decoded.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a schema must be a JSON object")
	}
	if err := checkIntegerWalk(source); err != nil {
		return nil, err
	}
	// A loader of its own for each schema: compiling on a shared one races.
	loader := gojsonschema.NewSchemaLoader()
	address := unresolvable + name
	if err := loader.AddSchema(address, gojsonschema.NewBytesLoader(text)); err != nil {
		return nil, err
	}
	compiled, err := loader.Compile(gojsonschema.NewReferenceLoader(address))
	if err != nil {
		return nil, err
	}
	return &schema{name: name, rule: RuleSchema, source: source, compiled: compiled}, nil
}
