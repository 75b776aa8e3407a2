// Package extract turns the OpenAPI files of the Matrix specification into
// JSON Schema files (draft-07), one per operation and status, one per request
// body, and a table of the operations.
//
// It reads both dialects the specification has used: Swagger 2.0 (up to spec
// v1.7) and OpenAPI 3.1 (from v1.8). Structure is kept, prose is dropped, and
// every $ref is resolved in place, so that the result needs no other file and
// no network.
package extract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

const definitions = "client-server/definitions/"

// commonDefinitions are the shapes that any operation may answer with,
// documented for it or not: output name below common/ to spec file.
var commonDefinitions = map[string]string{
	"auth_response.json": definitions + "auth_response.yaml",
	"error.json":         definitions + "errors/error.yaml",
	"rate_limited.json":  definitions + "errors/rate_limited.yaml",
}

// source is one version's entry in source.json.
type source struct {
	// Tag is the tag of the specification's repository.
	Tag string `json:"tag"`
	// Files maps each file that was read, named from the spec folder, to the
	// hexadecimal SHA-256 of its content.
	Files map[string]string `json:"files"`
}

// Extract reads one folder per version below spec and returns everything that
// belongs below the output folder: per version the request and response
// schemas and common/, and for all versions operations.json and source.json.
// The versions are in ascending order.
//
// The error names the file and line of the input that was not understood.
func Extract(spec fs.FS, chapters []Chapter, versions []string) (Tree, error) {
	tree := Tree{}
	sources := map[string]source{}
	known := map[string]operation{} // by operationId, as the newest version that knows it has it
	for _, version := range versions {
		folder, err := fs.Sub(spec, version)
		if err != nil {
			return nil, fmt.Errorf("spec version %q: %w", version, err)
		}
		docs := newLibrary(folder)
		operations, err := extractVersion(tree, version, docs, chapters)
		if err != nil {
			return nil, fmt.Errorf("spec version %s: %w", version, err)
		}
		for _, op := range operations {
			op.Since, op.Until = version, version
			if before, ok := known[op.ID]; ok {
				op.Since = before.Since
			}
			known[op.ID] = op
		}
		entry := source{Tag: version, Files: map[string]string{}}
		for name, sum := range docs.sums {
			entry.Files[path.Join(version, name)] = sum
		}
		sources[version] = entry
	}
	var operations []operation
	for _, chapter := range chapters {
		for _, declared := range chapter.Operations {
			op, ok := known[declared.ID]
			if !ok {
				return nil, fmt.Errorf("chapter %s: no version of the spec knows the operation %q in %s", chapter.Name, declared.ID, strings.Join(chapter.Documents, ", "))
			}
			op.Chapter, op.Medium, op.Needs = chapter.Name, declared.Medium, declared.Needs
			if op.Since == versions[0] {
				op.Since = ""
			}
			if op.Until == versions[len(versions)-1] {
				op.Until = ""
			}
			operations = append(operations, op)
		}
	}
	if err := tree.add("operations.json", map[string]any{"chapters": chapters, "operations": operations}); err != nil {
		return nil, err
	}
	return tree, tree.add("source.json", sources)
}

// extractVersion adds the files of one spec version to the tree and returns the
// operations that this version knows.
func extractVersion(tree Tree, version string, docs *library, chapters []Chapter) ([]operation, error) {
	var operations []operation
	for _, chapter := range chapters {
		wanted := func(id string) bool {
			return slices.ContainsFunc(chapter.Operations, func(op Declared) bool { return op.ID == id })
		}
		for _, document := range chapter.Documents {
			if !docs.has(document) {
				continue // it came, or went, with another version
			}
			list, err := readOperations(docs, document, wanted)
			if err != nil {
				return nil, err
			}
			operations = append(operations, list...)
		}
	}
	for i, op := range operations {
		folder := path.Join(version, op.ID)
		if op.request != nil {
			if _, err := addSchema(tree, path.Join(folder, "request.json"), docs, *op.request); err != nil {
				return nil, err
			}
		}
		for status, place := range op.responses {
			schema, err := addSchema(tree, path.Join(folder, strconv.Itoa(status)+".json"), docs, place)
			if err != nil {
				return nil, err
			}
			if status == http.StatusUnauthorized {
				operations[i].UIA = declares(schema, "flows")
			}
		}
	}
	for name, file := range commonDefinitions {
		root, err := docs.open(file)
		if err != nil {
			return nil, err
		}
		if _, err := addSchema(tree, path.Join(version, "common", name), docs, root); err != nil {
			return nil, err
		}
	}
	return operations, nil
}

// declares tells whether a schema, or a branch of its allOf, has the property.
func declares(schema any, property string) bool {
	object, _ := schema.(map[string]any)
	properties, _ := object["properties"].(map[string]any)
	branches, _ := object["allOf"].([]any)
	_, own := properties[property]
	return own || slices.ContainsFunc(branches, func(branch any) bool { return declares(branch, property) })
}

// addSchema converts the schema at p and adds it as a draft-07 document, after
// checking it against the draft's own metaschema.
func addSchema(tree Tree, name string, docs *library, p place) (map[string]any, error) {
	converted, err := convert(docs, p)
	if err != nil {
		return nil, err
	}
	schema, ok := converted.(map[string]any)
	if !ok {
		return nil, p.errorf("the schema of %s is the boolean %v, which describes no answer", name, converted)
	}
	schema["$schema"] = draft07
	if err := tree.add(name, schema); err != nil {
		return nil, err
	}
	if err := checkDraft07(tree[name]); err != nil {
		return nil, p.errorf("the schema of %s is not valid in draft-07: %w", name, err)
	}
	return schema, nil
}

// add renders value as indented JSON. Object keys come out sorted (maps) or as
// declared (structs), so equal input gives equal bytes.
func (t Tree) add(name string, value any) error {
	var out bytes.Buffer
	enc := json.NewEncoder(&out) // ends the text with a newline
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(value); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	t[name] = out.Bytes()
	return nil
}
