package extract

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"go.yaml.in/yaml/v3"
)

// library holds the documents of one spec version. Each file is read once.
type library struct {
	files fs.FS
	roots map[string]place
}

func newLibrary(files fs.FS) *library {
	return &library{files, map[string]place{}}
}

// open returns the root of the named document.
func (l *library) open(name string) (place, error) {
	if root, ok := l.roots[name]; ok {
		return root, nil
	}
	text, err := fs.ReadFile(l.files, name)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, fmt.Errorf("there is no file %s", name)
	}
	if err != nil {
		return place{}, fmt.Errorf("%s cannot be read: %w", name, err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return place{}, fmt.Errorf("%s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return place{}, fmt.Errorf("%s is empty", name)
	}
	root := place{file: name, node: doc.Content[0]}
	l.roots[name] = root
	return root, nil
}

// has tells whether there is such a document.
func (l *library) has(name string) bool {
	_, err := fs.Stat(l.files, name)
	return err == nil
}

// target returns what the $ref at p points to. References are relative to the
// file that holds them and stay within the version's folder.
func (l *library) target(p place) (place, error) {
	if p.node.Kind != yaml.ScalarNode {
		return place{}, p.errorf("$ref is not a string")
	}
	ref, err := url.Parse(p.node.Value)
	if err != nil {
		return place{}, p.errorf("$ref %q is not a reference: %w", p.node.Value, err)
	}
	if ref.Scheme != "" || ref.Host != "" || path.IsAbs(ref.Path) {
		return place{}, p.errorf("$ref %q leaves the spec folder", p.node.Value)
	}
	file := p.file
	if ref.Path != "" {
		file = path.Join(path.Dir(p.file), ref.Path)
		if !fs.ValidPath(file) {
			return place{}, p.errorf("$ref %q leaves the spec folder", p.node.Value)
		}
	}
	at, err := l.open(file)
	if err != nil {
		return place{}, p.errorf("$ref %q: %w", p.node.Value, err)
	}
	if ref.Fragment == "" {
		return at, nil
	}
	pointer, ok := strings.CutPrefix(ref.Fragment, "/")
	if !ok {
		return place{}, p.errorf("$ref %q: only JSON pointers are understood after the #", p.node.Value)
	}
	for token := range strings.SplitSeq(pointer, "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		next, found, err := at.get(token)
		if err != nil {
			return place{}, err
		}
		if !found {
			return place{}, p.errorf("$ref %q: there is no %q in %s", p.node.Value, token, file)
		}
		at = next
	}
	return at, nil
}

// deref follows the $ref of an object outside schemas (a response, a request
// body, a parameter), where siblings have no meaning.
func (l *library) deref(p place) (place, error) {
	passed := map[*yaml.Node]bool{}
	for {
		ref, found, err := p.get("$ref")
		if err != nil || !found {
			return p, err
		}
		if passed[p.node] {
			return place{}, p.errorf("this $ref leads back to itself")
		}
		passed[p.node] = true
		if p, err = l.target(ref); err != nil {
			return place{}, err
		}
	}
}
