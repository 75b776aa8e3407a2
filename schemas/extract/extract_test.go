package extract

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	. "github.com/onsi/gomega"
)

// luggage is the one chapter of the hand-written inputs.
func luggage(t *testing.T) []Chapter {
	t.Helper()
	chapters, err := ReadChapters(os.DirFS("testdata/suites"))
	if err != nil {
		t.Fatal(err)
	}
	return chapters
}

// declaring is a chapter with one document and these operations.
func declaring(operationIDs ...string) []Chapter {
	chapter := Chapter{Name: "c", Documents: []string{"client-server/administrative_contact.yaml"}}
	for _, id := range operationIDs {
		chapter.Operations = append(chapter.Operations, Declared{ID: id})
	}
	return []Chapter{chapter}
}

// The inputs below testdata/spec and the files they must give below
// testdata/want were written by hand, independently of the extractor.
func TestBothDialects(t *testing.T) {
	for range 20 { // no map's order shows
		g := NewWithT(t)
		tree, err := Extract(os.DirFS("testdata/spec"), luggage(t))
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(tree.Differences("testdata/want")).To(BeEmpty())
	}
}

// Folders that are no published version have to be readable, and give nothing.
func TestDraftsAreReadAndNotKept(t *testing.T) {
	g := NewWithT(t)
	spec := t.TempDir()
	g.Expect(os.CopyFS(spec, os.DirFS("testdata/spec"))).To(Succeed())
	published, err := Extract(os.DirFS(spec), luggage(t))
	g.Expect(err).NotTo(HaveOccurred())
	draft := filepath.Join(spec, "unstable")
	g.Expect(os.CopyFS(draft, os.DirFS("testdata/spec/v1.10"))).To(Succeed())
	g.Expect(Extract(os.DirFS(spec), luggage(t))).To(Equal(published))

	g.Expect(os.WriteFile(filepath.Join(draft, "shared/label.yaml"), []byte("prefixItems: []"), 0o644)).To(Succeed())
	_, err = Extract(os.DirFS(spec), luggage(t))
	g.Expect(err).To(MatchError(ContainSubstring(`spec version unstable: shared/label.yaml:1: the schema keyword "prefixItems"`)))
	_, err = Extract(os.DirFS(draft), luggage(t))
	g.Expect(err).To(MatchError(HavePrefix("spec version client-server: there is no file")))
	_, err = Extract(fstest.MapFS{}, luggage(t))
	g.Expect(err).To(MatchError(ContainSubstring("no folder is named after a version")))
}

// schemaOf extracts the one answer of a small Swagger document.
func schemaOf(t *testing.T, schema string, more fstest.MapFS) (string, error) {
	t.Helper()
	files := fstest.MapFS{
		"v1.1/client-server/definitions/errors/error.yaml":        {Data: []byte("type: object\n")},
		"v1.1/client-server/definitions/errors/rate_limited.yaml": {Data: []byte("type: object\n")},
		"v1.1/client-server/administrative_contact.yaml": {Data: []byte(strings.Join([]string{
			"swagger: '2.0'", "paths:", "  /a:", "    get:", "      operationId: a", "      responses:",
			"        200:", "          schema:", indent(schema, "            "),
		}, "\n"))},
	}
	for name, file := range more {
		files["v1.1/client-server/"+name] = file
	}
	tree, err := Extract(files, declaring("a"))
	return string(tree["v1.1/a/200.json"]), err
}

func indent(text, by string) string {
	return by + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n"+by)
}

func TestKeywordsThatLookLikeProse(t *testing.T) {
	g := NewWithT(t)
	got, err := schemaOf(t, `
type: object
x-internal: true
default: {}
properties:
  default: {type: string, default: x}
  x-colour: {type: string, x-colour: red}
  $ref: {type: boolean}
  left: {$ref: side.yaml}
  right: {$ref: side.yaml, title: Twice is not circular}
enum: [{description: kept, x-y: kept}]
`, fstest.MapFS{"side.yaml": {Data: []byte("type: integer\n")}})
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(got).To(MatchJSON(`{
		"$schema": "http://json-schema.org/draft-07/schema#",
		"type": "object",
		"properties": {
			"default": {"type": "string"}, "x-colour": {"type": "string"}, "$ref": {"type": "boolean"},
			"left": {"type": "integer"}, "right": {"type": "integer"}
		},
		"enum": [{"description": "kept", "x-y": "kept"}]
	}`))
}

func TestBadSchemas(t *testing.T) {
	for name, c := range map[string]struct {
		schema string
		more   fstest.MapFS
		want   string
	}{
		"missing file":       {schema: "$ref: nosuch.yaml", want: "administrative_contact.yaml:9: $ref \"nosuch.yaml\": there is no file client-server/nosuch.yaml"},
		"missing fragment":   {schema: "$ref: x.yaml#/a/c", more: fstest.MapFS{"x.yaml": {Data: []byte("a: {b: {}}")}}, want: `there is no "c" in client-server/x.yaml`},
		"anchor fragment":    {schema: "$ref: '#top'", want: "only JSON pointers"},
		"remote":             {schema: "$ref: https://example.org/x.json", want: "leaves the spec folder"},
		"above the version":  {schema: "$ref: ../../other/x.yaml", want: "leaves the spec folder"},
		"self":               {schema: "$ref: '#/paths/~1a/get/responses/200/schema'", want: "leads back to itself"},
		"cycle in one file":  {schema: "$ref: x.yaml", more: fstest.MapFS{"x.yaml": {Data: []byte("allOf: [{$ref: '#'}]")}}, want: "leads back to itself"},
		"cycle of two files": {schema: "$ref: x.yaml", more: fstest.MapFS{"x.yaml": {Data: []byte("items: {$ref: y.yaml}")}, "y.yaml": {Data: []byte("properties: {x: {$ref: x.yaml}}")}}, want: "y.yaml:1: $ref \"x.yaml\" leads back to itself"},
		"newer keyword":      {schema: "prefixItems: []", want: `"prefixItems" has no known counterpart`},
		"OpenAPI 3.0":        {schema: "{type: string, nullable: true}", want: `"nullable" has no known counterpart`},
		"twice the same key": {schema: "type: string\ntype: object", want: `the key "type" appears twice`},
		"alias":              {schema: "properties: {a: &x {type: string}, b: *x}", want: "got a YAML alias"},
		"boolean schema":     {schema: "true", want: "describes no answer"},
		"empty file":         {schema: "$ref: x.yaml", more: fstest.MapFS{"x.yaml": {}}, want: "x.yaml is empty"},
		"not YAML":           {schema: "$ref: x.yaml", more: fstest.MapFS{"x.yaml": {Data: []byte("a: [")}}, want: "client-server/x.yaml: yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			_, err := schemaOf(t, c.schema, c.more)
			g.Expect(err).To(MatchError(ContainSubstring(c.want)))
			g.Expect(err.Error()).NotTo(ContainSubstring("\n"), "one line")
		})
	}
}

func TestBadDocuments(t *testing.T) {
	for name, c := range map[string]struct{ doc, want string }{
		"neither dialect":   {"openapi: 3.0.3\npaths: {}", `got swagger "" and openapi "3.0.3"`},
		"no paths":          {"swagger: '2.0'", "declares no paths"},
		"no operation":      {"swagger: '2.0'\npaths: {/a: {parameters: []}}", `chapter c: no version of the spec knows the operation "a" in client-server/`},
		"another operation": {"swagger: '2.0'\npaths: {/a: {get: {operationId: b}}}", `knows the operation "a"`},
		"operationId twice": {"swagger: '2.0'\npaths: {/a: {get: {operationId: a, responses: {}}, post: {operationId: a, responses: {}}}}", "appears twice"},
		"no responses":      {"swagger: '2.0'\npaths: {/a: {get: {operationId: a}}}", "declares no responses"},
		"default response":  {"swagger: '2.0'\npaths: {/a: {get: {operationId: a, responses: {default: {}}}}}", `response "default" is not an HTTP status`},
		"status range":      {"openapi: 3.1.0\npaths: {/a: {get: {operationId: a, responses: {4XX: {}}}}}", `response "4XX" is not an HTTP status`},
		"response loop":     {"swagger: '2.0'\npaths: {/a: {get: {operationId: a, responses: {200: {$ref: '#/r'}}}}}\nr: {$ref: '#/r'}", "leads back to itself"},
		"deprecated: maybe": {"swagger: '2.0'\npaths: {/a: {get: {operationId: a, deprecated: [maybe], responses: {}}}}", "want true or false"},
	} {
		t.Run(name, func(t *testing.T) {
			empty := &fstest.MapFile{Data: []byte("type: object\n")}
			_, err := Extract(fstest.MapFS{
				"v1.1/client-server/administrative_contact.yaml":          {Data: []byte(c.doc)},
				"v1.1/client-server/definitions/errors/error.yaml":        empty,
				"v1.1/client-server/definitions/errors/rate_limited.yaml": empty,
			}, declaring("a"))
			NewWithT(t).Expect(err).To(MatchError(ContainSubstring(c.want)))
		})
	}
}

// operationsIn reads a document on its own.
func operationsIn(t *testing.T, text string) []operation {
	t.Helper()
	docs := newLibrary(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
	root, err := docs.open("a.yaml")
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	return readOperations(docs, root, func(string) bool { return true })
}

func TestStatusKeysOfBothTypes(t *testing.T) {
	for _, responses := range []string{"{201: {schema: {type: object}}, 400: {}}", `{"400": {}, "201": {schema: {type: object}}}`} {
		g := NewWithT(t)
		operations := operationsIn(t, "swagger: '2.0'\npaths: {/a: {get: {operationId: a, responses: "+responses+"}}}")
		g.Expect(operations).To(HaveLen(1))
		g.Expect(operations[0].Statuses).To(Equal([]int{201, 400}))
		g.Expect(operations[0].responses).To(And(HaveLen(1), HaveKey(201)))
	}
}

// A Swagger body may be declared once for all operations of a path, or behind
// a reference.
func TestWhereSwaggerBodiesStand(t *testing.T) {
	operations := operationsIn(t, `
swagger: '2.0'
paths:
  /a:
    parameters: [{in: body, name: body, schema: {type: object}}]
    put: {operationId: a, responses: {}}
    post: {operationId: b, parameters: [{$ref: '#/parameters/own'}], responses: {}}
parameters:
  own: {in: body, name: body, schema: {type: array}}
`)
	kinds := map[string]string{}
	for _, op := range operations {
		kinds[op.ID] = op.request.text("type")
	}
	NewWithT(t).Expect(kinds).To(Equal(map[string]string{"a": "object", "b": "array"}))
}

func TestTree(t *testing.T) {
	g := NewWithT(t)
	out := t.TempDir()
	tree := Tree{"v1.1/a/200.json": []byte("{}\n"), "versions.json": []byte("1\n2\n")}
	g.Expect(tree.Differences(out)).To(Equal([]string{"v1.1/a/200.json: missing", "versions.json: missing"}))

	g.Expect(os.MkdirAll(filepath.Join(out, "v1.1/gone"), 0o755)).To(Succeed())
	for _, name := range []string{"v1.1/gone/200.json", "v1.1/README.md", "other.json"} {
		g.Expect(os.WriteFile(filepath.Join(out, name), nil, 0o644)).To(Succeed())
	}
	g.Expect(os.WriteFile(filepath.Join(out, "versions.json"), []byte("1\n3\n4\n"), 0o644)).To(Succeed())
	g.Expect(tree.Differences(out)).To(Equal([]string{
		"v1.1/a/200.json: missing",
		"versions.json: not as the spec gives it",
		"v1.1/gone/200.json: the spec does not produce this file",
	}))
	g.Expect(tree.Write(out)).To(Succeed())
	g.Expect(tree.Differences(out)).To(BeEmpty())
	g.Expect(filepath.Join(out, "v1.1/gone/200.json")).NotTo(BeAnExistingFile())
	g.Expect(filepath.Join(out, "v1.1/README.md")).To(BeAnExistingFile())
	g.Expect(filepath.Join(out, "other.json")).To(BeAnExistingFile())
}

func TestBadChapters(t *testing.T) {
	const good = "name: c\ntitle: A chapter\ndocuments: [a.yaml]\noperations: [{operationId: a}]\n"
	for name, c := range map[string]struct{ old, new, want string }{
		"another name":   {"name: c", "name: d", `c/chapter.yaml: want the folder's name, "c", got name "d"`},
		"no title":       {"title: A chapter", "", "want a title, documents and operations"},
		"no operations":  {"[{operationId: a}]", "[]", "want a title, documents and operations"},
		"a typo":         {"title:", "titel:", "c/chapter.yaml: yaml"},
		"another medium": {"operationId: a", "operationId: a, medium: phone", `a: want medium email or msisdn, got "phone"`},
		"another need":   {"operationId: a", "operationId: a, needs: [e-mail]", `a: want needs mail, sms or identity-server, got "e-mail"`},
		"twice":          {"{operationId: a}", "{operationId: a}, {operationId: a}", "a is declared in c/chapter.yaml already"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			g.Expect(good).To(ContainSubstring(c.old))
			_, err := ReadChapters(fstest.MapFS{"c/chapter.yaml": {Data: []byte(strings.Replace(good, c.old, c.new, 1))}})
			g.Expect(err).To(MatchError(ContainSubstring(c.want)))
		})
	}
	g := NewWithT(t)
	_, err := ReadChapters(fstest.MapFS{"c/c.go": {}})
	g.Expect(err).To(MatchError(ContainSubstring("no folder holds a chapter.yaml")))
	g.Expect(ReadChapters(fstest.MapFS{"c/chapter.yaml": {Data: []byte(good)}})).To(HaveLen(1))
}
