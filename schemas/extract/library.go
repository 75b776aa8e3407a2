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

// has tells whether there is such a document.
func (l *library) has(name string) bool {
	_, err := fs.Stat(l.files, name)
	return err == nil
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
	var doc yaml.Node
	if err == nil {
		err = yaml.Unmarshal(text, &doc)
	}
	if err != nil {
		return place{}, fmt.Errorf("%s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return place{}, fmt.Errorf("%s is empty", name)
	}
	l.roots[name] = place{file: name, node: doc.Content[0]}
	return l.roots[name], nil
}

// target returns what the $ref at p points to. References are relative to the
// file that holds them and stay within the version's folder.
func (l *library) target(p place) place {
	text, isText := p.plain().(string)
	ref, err := url.Parse(text)
	if !isText || err != nil {
		p.fail("$ref is not a reference")
	}
	file := p.file
	if ref.Path != "" {
		file = path.Join(path.Dir(p.file), ref.Path)
	}
	if ref.Scheme != "" || ref.Host != "" || path.IsAbs(ref.Path) || !fs.ValidPath(file) {
		p.fail("$ref %q leaves the spec folder", text)
	}
	at, err := l.open(file)
	if err != nil {
		p.fail("$ref %q: %w", text, err)
	}
	if ref.Fragment == "" {
		return at
	}
	pointer, ok := strings.CutPrefix(ref.Fragment, "/")
	if !ok {
		p.fail("$ref %q: only JSON pointers are understood after the #", text)
	}
	for token := range strings.SplitSeq(pointer, "/") {
		token = strings.NewReplacer("~1", "/", "~0", "~").Replace(token)
		if at = at.find(token); !at.found() {
			p.fail("$ref %q: there is no %q in %s", text, token, file)
		}
	}
	return at
}

// deref follows the $ref of an object outside schemas (a response, a request
// body, a parameter), where siblings have no meaning.
func (l *library) deref(p place) place {
	for range 10 {
		ref := p.find("$ref")
		if !ref.found() {
			return p
		}
		p = l.target(ref)
	}
	p.fail("this $ref leads back to itself")
	return p
}
