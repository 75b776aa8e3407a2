// Command generate writes the documentation and the JSON Schema of the
// configuration beside the package; go generate runs it there.
package main

import (
	"log"
	"os"

	"threepid-conformance/harness/config"
)

func main() {
	schema, err := config.JSONSchema()
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range map[string][]byte{
		config.DocumentFile: []byte(config.Markdown()),
		config.SchemaFile:   schema,
	} {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
