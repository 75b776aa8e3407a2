package extract

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"go.yaml.in/yaml/v3"
)

// Chapter is what a chapter.yaml declares: the operations that are judged
// together, and the documents of the specification that describe them.
type Chapter struct {
	Name       string     `yaml:"name" json:"name"` // that of its folder
	Title      string     `yaml:"title" json:"title"`
	Documents  []string   `yaml:"documents" json:"-"` // seen from a version's folder
	Operations []Declared `yaml:"operations" json:"-"`
}

// Declared is an operation as far as the specification does not say itself.
type Declared struct {
	ID string `yaml:"operationId"`
	// Medium is the kind of address the operation is about, email or msisdn;
	// empty where it takes any or none.
	Medium string `yaml:"medium"`
	// Needs is what the deployment must have for a plain request to be granted:
	// mail, sms, identity-server.
	Needs []string `yaml:"needs"`
}

// ReadChapters reads every <chapter>/chapter.yaml below suites, by name.
func ReadChapters(suites fs.FS) ([]Chapter, error) {
	names, err := fs.Glob(suites, "*/chapter.yaml")
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no folder holds a chapter.yaml")
	}
	var chapters []Chapter
	seen := map[string]string{} // operationId to file
	for _, name := range names {
		text, err := fs.ReadFile(suites, name)
		if err != nil {
			return nil, err
		}
		var chapter Chapter
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		if err := decoder.Decode(&chapter); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		if folder := path.Dir(name); chapter.Name != folder {
			return nil, fmt.Errorf("%s: want the folder's name, %q, got name %q", name, folder, chapter.Name)
		}
		if chapter.Title == "" || len(chapter.Documents) == 0 || len(chapter.Operations) == 0 {
			return nil, fmt.Errorf("%s: want a title, documents and operations", name)
		}
		for _, op := range chapter.Operations {
			if !slices.Contains([]string{"", "email", "msisdn"}, op.Medium) {
				return nil, fmt.Errorf("%s: %s: want medium email or msisdn, got %q", name, op.ID, op.Medium)
			}
			for _, need := range op.Needs {
				if !slices.Contains([]string{"mail", "sms", "identity-server"}, need) {
					return nil, fmt.Errorf("%s: %s: want needs mail, sms or identity-server, got %q", name, op.ID, need)
				}
			}
			if other, twice := seen[op.ID]; twice {
				return nil, fmt.Errorf("%s: %s is declared in %s already", name, op.ID, other)
			}
			seen[op.ID] = name
		}
		chapters = append(chapters, chapter)
	}
	return chapters, nil
}
