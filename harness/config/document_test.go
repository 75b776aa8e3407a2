package config

import (
	"os"
	"testing"

	"github.com/xeipuuv/gojsonschema"
	"go.yaml.in/yaml/v3"
)

func TestGeneratedFilesAreCurrent(t *testing.T) {
	schema, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{DocumentFile: Markdown(), SchemaFile: string(schema)} {
		got, err := os.ReadFile(name)
		if err != nil || string(got) != want {
			t.Errorf("%s is not what the struct says (%v): run go generate ./harness/config", name, err)
		}
	}
}

func TestSchemaJudgesConfigurationFiles(t *testing.T) {
	text, err := JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := gojsonschema.NewSchema(gojsonschema.NewBytesLoader(text))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := os.ReadFile("../../conformance.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for file, valid := range map[string]bool{
		string(ours):          true,
		"urll: http://h":      false,
		"strict: perhaps":     false,
		"mail: {domain: 7}":   false,
		"exclude: {a: b}":     true,
		"require: [mail]":     true,
		"timeout_factor: 1.5": true,
	} {
		var value any
		if err := yaml.Unmarshal([]byte(file), &value); err != nil {
			t.Fatal(err)
		}
		result, err := schema.Validate(gojsonschema.NewGoLoader(value))
		if err != nil {
			t.Fatal(err)
		}
		if result.Valid() != valid {
			t.Errorf("%q: valid %v, want %v: %v", file, result.Valid(), valid, result.Errors())
		}
	}
}
