package target

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
)

// Containers runs homeservers that come as an image.
type Containers interface {
	// Place says where the container of a variant will listen, which its
	// configuration has to know before it starts.
	Place(variant string) (Place, error)
	// Run starts a homeserver there and returns when it answers.
	Run(ctx context.Context, at Place, c Container) (*Placed, error)
}

// A Place is where a homeserver in a container listens.
type Place struct {
	Variant string
	Name    string // of the container, for others in its network
	Bind    string // address to listen on
	Port    int
	URL     string // base URL without a trailing slash, as the homeserver itself knows it
}

// A Container is a homeserver that comes as an image.
type Container struct {
	Image      string
	Entrypoint []string // nil: the image's own
	Command    []string // nil: the image's own
	Env        map[string]string
	Files      map[string][]byte // path inside → content
	Folder     string            // that it starts in, "" for the image's own
	Ready      string            // path that answers 200 once it is up
}

// Placed is a homeserver that runs in a container.
type Placed struct {
	URL  string // base URL for clients on this machine
	Stop func(ctx context.Context) error
}

// FilesIn reads the files of a folder as those of a folder in a container.
func FilesIn(dir, inside string) (map[string][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, entry := range entries {
		if !entry.Type().IsRegular() {
			continue
		}
		content, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return nil, err
		}
		files[path.Join(inside, entry.Name())] = content
	}
	return files, nil
}

// ErrNoContainers is why a target cannot start an image.
var ErrNoContainers = errors.New("an image needs a Docker engine, and none is at hand")

// OptionImage is the key of the option that names a container image. A target
// that has it runs as a container when it is set.
const OptionImage = "image"
