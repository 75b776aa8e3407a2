// Package extract turns the OpenAPI files of the Matrix specification into
// JSON Schema files (draft-07), one per operation and status, one per request
// body, and a table of the operations that the chapters declare.
//
// It reads both dialects the specification has used: Swagger 2.0 (up to spec
// v1.7) and OpenAPI 3.1 (from v1.8). Structure is kept, prose is dropped, and
// every $ref is resolved in place, so that the result needs no other file and
// no network.
package extract

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// commonDefinitions are the shapes that any operation may answer with,
// documented for it or not: schema to spec file.
var commonDefinitions = map[string]string{
	"common/error.json":        "client-server/definitions/errors/error.yaml",
	"common/rate_limited.json": "client-server/definitions/errors/rate_limited.yaml",
}

// changes is a version's entry in versions.json.
type changes struct {
	Version string `json:"version"`
	// Schemas maps the schemas that are not those of the version before to their
	// files. One that the version has dropped has no file.
	Schemas map[string]string `json:"schemas,omitempty"`
}

// Extract reads one folder per version below spec and returns everything that
// belongs below the output folder: the request and response schemas, each in the
// folder of the first version that has it; versions.json, which says what each
// version changes; and operations.json. Another folder than v1.x, such as the
// next version's draft, has to be readable, too, but gives nothing.
//
// The error names the file and line of the input that was not understood.
func Extract(spec fs.FS, chapters []Chapter) (Tree, error) {
	folders, err := fs.ReadDir(spec, ".")
	if err != nil {
		return nil, err
	}
	var versions []*version
	for _, folder := range folders {
		if !folder.IsDir() {
			continue
		}
		v, err := readVersion(spec, folder.Name(), chapters)
		if err != nil {
			return nil, fmt.Errorf("spec version %s: %w", folder.Name(), err)
		}
		if published.MatchString(v.name) {
			versions = append(versions, v)
		}
	}
	if len(versions) == 0 {
		return nil, errors.New("no folder is named after a version, such as v1.6")
	}
	slices.SortFunc(versions, func(a, b *version) int {
		return cmp.Or(cmp.Compare(len(a.name), len(b.name)), cmp.Compare(a.name, b.name)) // v1.9 before v1.10
	})
	operations, err := declaredOperations(chapters, versions)
	if err != nil {
		return nil, err
	}
	tree := Tree{}
	history := tree.store(versions)
	if err := tree.add("versions.json", history); err != nil {
		return nil, err
	}
	return tree, tree.add("operations.json", map[string]any{"chapters": chapters, "operations": operations})
}

// published is what a version's folder is called.
var published = regexp.MustCompile(`^v1\.[1-9][0-9]*$`)

// store adds each different schema to the tree once and returns what the versions
// change.
func (t Tree) store(versions []*version) []changes {
	var history []changes
	files := map[string]string{}   // of the different schemas, by text
	current := map[string]string{} // as in changes
	for _, v := range versions {
		changed := map[string]string{}
		for _, name := range v.schemaNames() {
			text := v.schemas[name]
			file, known := files[string(text)]
			if !known {
				file = path.Join(v.name, name)
				files[string(text)], t[file] = file, text
			}
			if current[name] != file {
				changed[name], current[name] = file, file
			}
		}
		for name := range current {
			if v.schemas[name] == nil && current[name] != "" {
				changed[name], current[name] = "", ""
			}
		}
		history = append(history, changes{v.name, changed})
	}
	return history
}

// declaredOperations returns the operations in the order of their declaration,
// each as the newest version that knows it has it.
func declaredOperations(chapters []Chapter, versions []*version) ([]operation, error) {
	oldest, newest := versions[0].name, versions[len(versions)-1].name
	var list []operation
	for _, chapter := range chapters {
		for _, declared := range chapter.Operations {
			var op operation
			since := ""
			for _, v := range versions {
				if known, ok := v.operations[declared.ID]; ok {
					op, op.Until, since = known, v.name, cmp.Or(since, v.name)
				}
			}
			if since == "" {
				return nil, fmt.Errorf("chapter %s: no version of the spec knows the operation %q in %s", chapter.Name, declared.ID, strings.Join(chapter.Documents, ", "))
			}
			if since != oldest {
				op.Since = since
			}
			if op.Until == newest {
				op.Until = ""
			}
			op.Chapter, op.Medium, op.Needs = chapter.Name, declared.Medium, declared.Needs
			list = append(list, op)
		}
	}
	return list, nil
}

// version is what one version of the specification says.
type version struct {
	name       string
	operations map[string]operation // by operationId
	schemas    map[string][]byte    // by name: add3PID/200.json, common/error.json
}

// schemaNames lists the schemas in order, the common ones first: an operation's
// schema that equals one of them is kept in its file.
func (v *version) schemaNames() []string {
	names := slices.Sorted(maps.Keys(commonDefinitions))
	for _, name := range slices.Sorted(maps.Keys(v.schemas)) {
		if _, common := commonDefinitions[name]; !common {
			names = append(names, name)
		}
	}
	return names
}

func readVersion(spec fs.FS, name string, chapters []Chapter) (v *version, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case badInput:
			err = r.error
		default:
			panic(r)
		}
	}()
	folder, err := fs.Sub(spec, name)
	if err != nil {
		return nil, err
	}
	docs := newLibrary(folder)
	v = &version{name, map[string]operation{}, map[string][]byte{}}
	for _, chapter := range chapters {
		wanted := func(id string) bool {
			return slices.ContainsFunc(chapter.Operations, func(op Declared) bool { return op.ID == id })
		}
		for _, document := range chapter.Documents {
			if !docs.has(document) {
				continue // it came, or went, with another version
			}
			root, err := docs.open(document)
			if err != nil {
				return nil, err
			}
			for _, op := range readOperations(docs, root, wanted) {
				v.addOperation(docs, op)
			}
		}
	}
	for name, file := range commonDefinitions {
		root, err := docs.open(file)
		if err != nil {
			return nil, err
		}
		v.addSchema(name, docs, root)
	}
	return v, nil
}

func (v *version) addOperation(docs *library, op operation) {
	if op.Body {
		v.addSchema(op.ID+"/request.json", docs, op.request)
	}
	for status, place := range op.responses {
		schema := v.addSchema(op.ID+"/"+strconv.Itoa(status)+".json", docs, place)
		if status == http.StatusUnauthorized {
			op.UIA = declares(schema, "flows")
		}
	}
	v.operations[op.ID] = op
}

// declares tells whether a schema, or a branch of its allOf, has the property.
func declares(schema any, property string) bool {
	object, _ := schema.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	branches, _ := object["allOf"].([]any)
	_, own := properties[property]
	return own || slices.ContainsFunc(branches, func(branch any) bool { return declares(branch, property) })
}

// addSchema converts the schema at p and adds it as a draft-07 document.
func (v *version) addSchema(name string, docs *library, p place) map[string]any {
	converted := convert(docs, p)
	schema, ok := converted.(map[string]any)
	if !ok {
		p.fail("the schema of %s is the boolean %v, which describes no answer", name, converted)
	}
	schema["$schema"] = draft07
	text, err := render(schema)
	if err != nil {
		p.fail("%s: %w", name, err)
	}
	v.schemas[name] = text
	return schema
}

func (t Tree) add(name string, value any) (err error) {
	t[name], err = render(value)
	return err
}

// render writes a value as indented JSON. Object keys come out sorted (maps) or
// as declared (structs), so equal input gives equal bytes.
func render(value any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // ends the text with a newline
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(value)
	return out.Bytes(), err
}
