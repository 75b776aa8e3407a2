package config

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"

	"github.com/invopop/jsonschema"
)

//go:generate go run ./generate

// Files that go generate writes beside this one.
const (
	DocumentFile = "SETTINGS.md"
	SchemaFile   = "settings.schema.json"
)

// Markdown documents every setting: key, flag, environment variable, default.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Settings

Generated from the struct in ` + "`config.go`" + `; do not edit. Later sources win: defaults,
` + "`conformance.yaml` (or the file that `CONFORMANCE_CONFIG`" + ` names), the environment,
flags. Relative paths count from the nearest folder with a ` + "`conformance.yaml`" + ` or a
` + "`go.mod`, else from where you stand. Lists are written `a,b`" + ` and maps
` + "`key=value,key=value`" + ` in flags and in the environment.

| key in conformance.yaml | flag | environment | default | meaning |
|---|---|---|---|---|
`)
	defaults := Default()
	for _, l := range leaves(&defaults) {
		value := l.String()
		if value != "" {
			value = "`" + value + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `--%s` | `%s` | %s | %s |\n", l.key, l.flag, l.env, value, l.help)
	}
	b.WriteString("| `users.accounts` | | | | accounts that exist already: a list of `{user_id, password, access_token}`; a password or a token is enough |\n")
	return b.String()
}

// JSONSchema describes conformance.yaml (draft-07), for editors that check it.
func JSONSchema() ([]byte, error) {
	reflector := jsonschema.Reflector{
		Anonymous: true, ExpandedStruct: true, DoNotReference: true,
		RequiredFromJSONSchemaTags: true, FieldNameTag: "yaml",
		LookupComment: func(t reflect.Type, name string) string {
			if name == "" { // the type itself
				return ""
			}
			field, _ := t.FieldByName(name)
			return field.Tag.Get("help")
		},
	}
	schema := reflector.Reflect(&Config{})
	schema.Version, schema.Title = "http://json-schema.org/draft-07/schema#", FileName
	text, err := json.MarshalIndent(schema, "", "  ")
	return append(text, '\n'), err
}
