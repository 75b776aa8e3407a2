package selftest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"threepid-conformance/harness/requirements"
)

// A new chapter brings its operations and requirements along: the harness speaks
// of none of them. Only the catalogue does, and tests.
func TestTheHarnessNamesNoOperationAndNoRequirement(t *testing.T) {
	names := requirements.Operations()
	for _, entry := range requirements.All() {
		names = append(names, entry.ID)
	}
	named := regexp.MustCompile(`\b(` + strings.Join(names, "|") + `)\b`)
	err := filepath.WalkDir(root+"/harness", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "requirements" || entry.Name() == "testdata"):
			return fs.SkipDir
		case entry.IsDir() || strings.HasSuffix(path, "_test.go"):
			return nil
		}
		text, err := os.ReadFile(path)
		for n, line := range strings.Split(string(text), "\n") {
			if found := named.FindString(line); found != "" {
				t.Errorf("%s:%d names %s", path, n+1, found)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A spec file can be read without another one: what several of a folder need is in
// its kit.go.
func TestNoSpecFileUsesAnother(t *testing.T) {
	names, err := filepath.Glob(root + "/suites/*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	declared := map[string]string{} // the file, by folder and name
	for _, name := range names {
		if folder := filepath.Base(filepath.Dir(name)); folder == "cmd" || folder == "selftest" {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
		if base := filepath.Base(name); base == "kit.go" || base == "chapter.go" {
			continue
		}
		for what := range file.Scope.Objects {
			declared[filepath.Join(filepath.Dir(name), what)] = name
		}
	}
	if len(files) == 0 {
		t.Error("there is no spec file")
	}
	for name, file := range files {
		for _, used := range file.Unresolved { // in this file
			if from := declared[filepath.Join(filepath.Dir(name), used.Name)]; from != "" {
				t.Errorf("%s uses %s of %s", name, used.Name, filepath.Base(from))
			}
		}
	}
}
