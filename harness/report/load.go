package report

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/xeipuuv/gojsonschema"
)

//go:embed report.schema.json
var schemaText []byte

// schemaNumber is the shape that this version of the suite writes and reads.
const schemaNumber = 1

// Load reads a report.json, or that of a results folder, and checks it against
// its JSON Schema. What is wrong is one sentence; a missing file is
// [os.ErrNotExist].
func Load(path string) (*Report, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, JSONFile)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no report at %s: %w; give a report.json or a results folder", path, os.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("the report cannot be read: %w", err)
	}
	var shape struct {
		Schema *int `json:"schema"`
	}
	if err := json.Unmarshal(text, &shape); err != nil || shape.Schema == nil {
		return nil, fmt.Errorf("%s is no report of this suite; give a report.json or a results folder", path)
	}
	if *shape.Schema != schemaNumber {
		return nil, fmt.Errorf("%s has the shape %d, and this version of the suite reads shape %d; use the version that wrote it", path, *shape.Schema, schemaNumber)
	}
	if err := Validate(text); err != nil {
		return nil, fmt.Errorf("%s is no report of this suite: %w", path, err)
	}
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s is no report of this suite: %w", path, err)
	}
	return &r, nil
}

// Validate checks the text of a report.json against the published JSON Schema,
// report.schema.json. The error names the first place that breaks it.
func Validate(text []byte) error {
	result, err := gojsonschema.Validate(gojsonschema.NewBytesLoader(schemaText), gojsonschema.NewBytesLoader(text))
	if err != nil {
		return err
	}
	if result.Valid() {
		return nil
	}
	first := result.Errors()[0]
	return fmt.Errorf("at %s: %s", strings.TrimPrefix(first.Context().String(), "(root)."), strings.ToLower(first.Description()))
}
