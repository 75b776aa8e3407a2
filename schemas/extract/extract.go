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
	"path"
	"strconv"
)

const (
	// contactDocument declares the operations, seen from a version's folder.
	contactDocument = "client-server/administrative_contact.yaml"

	definitions = "client-server/definitions/"
)

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
// schemas, common/ and operations.json, and for all versions source.json.
//
// The error names the file and line of the input that was not understood.
func Extract(spec fs.FS, versions []string) (Tree, error) {
	tree := Tree{}
	sources := map[string]source{}
	for _, version := range versions {
		folder, err := fs.Sub(spec, version)
		if err != nil {
			return nil, fmt.Errorf("spec version %q: %w", version, err)
		}
		docs := newLibrary(folder)
		if err := extractVersion(tree, version, docs); err != nil {
			return nil, fmt.Errorf("spec version %s: %w", version, err)
		}
		entry := source{Tag: version, Files: map[string]string{}}
		for name, sum := range docs.sums {
			entry.Files[path.Join(version, name)] = sum
		}
		sources[version] = entry
	}
	return tree, tree.add("source.json", sources)
}

// extractVersion adds the files of one spec version to the tree.
func extractVersion(tree Tree, version string, docs *library) error {
	operations, err := readOperations(docs, contactDocument)
	if err != nil {
		return err
	}
	for _, op := range operations {
		folder := path.Join(version, op.ID)
		if op.request != nil {
			if err := addSchema(tree, path.Join(folder, "request.json"), docs, *op.request); err != nil {
				return err
			}
		}
		for status, schema := range op.responses {
			name := path.Join(folder, strconv.Itoa(status)+".json")
			if err := addSchema(tree, name, docs, schema); err != nil {
				return err
			}
		}
	}
	for name, file := range commonDefinitions {
		root, err := docs.open(file)
		if err != nil {
			return err
		}
		if err := addSchema(tree, path.Join(version, "common", name), docs, root); err != nil {
			return err
		}
	}
	return tree.add(path.Join(version, "operations.json"), operations)
}

// addSchema converts the schema at p and adds it as a draft-07 document, after
// checking it against the draft's own metaschema.
func addSchema(tree Tree, name string, docs *library, p place) error {
	converted, err := convert(docs, p)
	if err != nil {
		return err
	}
	schema, ok := converted.(map[string]any)
	if !ok {
		return p.errorf("the schema of %s is the boolean %v, which describes no answer", name, converted)
	}
	schema["$schema"] = draft07
	if err := tree.add(name, schema); err != nil {
		return err
	}
	if err := checkDraft07(tree[name]); err != nil {
		return p.errorf("the schema of %s is not valid in draft-07: %w", name, err)
	}
	return nil
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
