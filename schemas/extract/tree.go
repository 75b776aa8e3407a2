package extract

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Tree is the result of an extraction: contents by file name, the names
// slash-separated and relative to the output folder.
type Tree map[string][]byte

// Names returns the file names in order.
func (t Tree) Names() []string { return slices.Sorted(maps.Keys(t)) }

// Differences compares the tree with the files below out and returns one line
// for each file that is missing, not the same, or no longer produced.
func (t Tree) Differences(out string) ([]string, error) {
	var lines []string
	for _, name := range t.Names() {
		have, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			lines = append(lines, name+": missing")
		case err != nil:
			return nil, err
		case !bytes.Equal(have, t[name]):
			lines = append(lines, name+": not as the spec gives it")
		}
	}
	stale, err := t.stale(out)
	if err != nil {
		return nil, err
	}
	for _, name := range stale {
		lines = append(lines, name+": the spec does not produce this file")
	}
	return lines, nil
}

// Write brings the files below out in line with the tree: it writes what is
// new or different and removes schemas that are no longer produced.
func (t Tree) Write(out string) error {
	for _, name := range t.Names() {
		file := filepath.Join(out, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, t[name], 0o644); err != nil {
			return err
		}
	}
	stale, err := t.stale(out)
	if err != nil {
		return err
	}
	for _, name := range stale {
		if err := os.Remove(filepath.Join(out, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

// stale returns the schemas in the folders of versions that are not part of the
// tree.
func (t Tree) stale(out string) ([]string, error) {
	names, err := fs.Glob(os.DirFS(out), "v1.*/*/*.json")
	return slices.DeleteFunc(names, func(name string) bool { return t[name] != nil }), err
}
