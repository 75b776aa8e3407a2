package target

import (
	"context"
	"errors"
)

// A Provisioner runs homeservers that come as an image.
type Provisioner interface {
	// Reserve says where the container of a variant will listen, which its
	// configuration has to know before it starts.
	Reserve(variant string) (Endpoint, error)
	// Run starts a homeserver there and returns when it answers.
	Run(ctx context.Context, at Endpoint, c Container) (*Provisioned, error)
}

// An Endpoint is where a homeserver listens.
type Endpoint struct {
	Name string // of the container, for others in its network
	Bind string // address to listen on
	Port int
	URL  string // base URL without a trailing slash, as the homeserver itself knows it
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

// Provisioned is a homeserver that runs in a container.
type Provisioned struct {
	URL  string // base URL for clients on this machine
	Stop func(ctx context.Context) error
}

// ErrNoContainers is why a target cannot start an image.
var ErrNoContainers = errors.New("an image needs a Docker engine, and none is at hand")

// OptionImage is the key of the option that names a container image. A target
// that has it runs as a container when it is set.
const OptionImage = "image"
