package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

//go:generate go run ./generate

// Markdown documents every setting: key, flag, environment variable, default.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Settings\n\n")
	b.WriteString("Generated from the struct in `config.go`; do not edit. Later sources win: defaults,\n")
	b.WriteString("`conformance.yaml` (or the file that `CONFORMANCE_CONFIG` names), the environment,\n")
	b.WriteString("flags. Relative paths count from the nearest folder with a `conformance.yaml` or a\n")
	b.WriteString("`go.mod`, else from where you stand. Lists are written `a,b` and maps\n")
	b.WriteString("`key=value,key=value` in flags and in the environment.\n\n")
	b.WriteString("| key in conformance.yaml | flag | environment | default | meaning |\n|---|---|---|---|---|\n")
	defaults := Default()
	for _, l := range leaves(&defaults) {
		value := l.String()
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %s |\n", l.path, l.flag, l.env, value, l.doc)
	}
	b.WriteString("| `users.accounts` | | | | accounts that exist already: a list of `{user_id, password, access_token}`; a password or a token is enough |\n")
	return b.String()
}

// JSONSchema describes conformance.yaml (draft-07), for editors that check it.
func JSONSchema() ([]byte, error) {
	schema := object(reflect.TypeOf(Config{}))
	schema["$schema"] = "http://json-schema.org/draft-07/schema#"
	schema["title"] = FileName
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}

func object(t reflect.Type) map[string]any {
	properties := map[string]any{}
	for i := range t.NumField() {
		field := t.Field(i)
		key := field.Tag.Get("yaml")
		if key == "" {
			continue
		}
		property := schemaOf(field.Type)
		if doc := field.Tag.Get("doc"); doc != "" {
			property["description"] = doc
		}
		properties[key] = property
	}
	return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
}

func schemaOf(t reflect.Type) map[string]any {
	switch t.Kind() {
	case reflect.Struct:
		return object(t)
	case reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": schemaOf(t.Elem())}
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Float64:
		return map[string]any{"type": "number"}
	}
	return map[string]any{"type": "string"}
}

// Files that go generate writes beside this one.
const (
	DocumentFile = "SETTINGS.md"
	SchemaFile   = "settings.schema.json"
)
