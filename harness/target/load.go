package target

import (
	"fmt"
	"path/filepath"
	"strings"
)

// loader makes a target of a folder that describes a homeserver.
var loader func(dir string) (Target, error)

// OnFolder has folders made into targets that way.
func OnFolder(load func(dir string) (Target, error)) { loader = load }

// IsFolder says whether a target is named by a path, which a name never is.
func IsFolder(name string) bool { return strings.ContainsAny(name, `/\`) || name == "." }

// load returns the target that a folder describes.
func load(dir string) (Target, error) {
	if loader == nil {
		return nil, fmt.Errorf("%s is a folder, and this program knows registered targets only", filepath.Clean(dir))
	}
	return loader(dir)
}
