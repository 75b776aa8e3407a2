// Package containers runs the sidecars of a run, and homeservers that come as an
// image, with testcontainers-go.
//
// Everything that one run starts carries that run's label. Closing an engine
// removes by this label, so that a start which was cut short leaves nothing
// either, and the next start on the same machine removes what a killed run left.
package containers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/authconfig"
	"github.com/moby/moby/client"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/log"
	"github.com/testcontainers/testcontainers-go/network"
)

// ErrNoDocker is why an engine cannot be opened on a machine without Docker.
var ErrNoDocker = errors.New("no Docker engine answers")

// patience limits questions to the engine that it answers at once.
const patience = 10 * time.Second

// An Engine is the Docker engine as one run uses it.
type Engine struct {
	run      string
	provider *testcontainers.DockerProvider
	host     string // where published ports are reached
	notes    []string
	silence  time.Duration // that a registry may keep

	network *testcontainers.DockerNetwork // nil: containers share the machine's network
	name    string                        // of the network
}

// Open finds the Docker engine, sets what testcontainers needs to know of this
// machine, and removes what killed runs left here. No Docker is [ErrNoDocker].
func Open(ctx context.Context, run string) (*Engine, error) {
	log.SetDefault(log.NewNoopLogger()) // its errors reach the user as sentences
	notes := prepareEnvironment(ctx)
	asked, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	provider, err := testcontainers.NewDockerProvider()
	if err == nil {
		_, err = provider.Client().Ping(asked, client.PingOptions{})
	}
	if err != nil {
		return nil, whyNot(err)
	}
	e := &Engine{run: run, provider: provider, silence: patience, notes: append(notes, usedInstead(provider.Client().DaemonHost())...)}
	if e.host, err = provider.DaemonHost(asked); err != nil {
		return nil, fmt.Errorf("it is not clear where Docker publishes ports: %w; set TESTCONTAINERS_HOST_OVERRIDE to the name or address of that machine", err)
	}
	swept, err := sweep(asked, provider.Client())
	if err != nil {
		return nil, fmt.Errorf("what a killed run left in Docker cannot be removed: %w", err)
	}
	if swept > 0 {
		e.notes = append(e.notes, fmt.Sprintf("%d containers and networks that a killed run had left were removed", swept))
	}
	return e, nil
}

// whyNot is the sentence for an engine that cannot be used.
func whyNot(err error) error {
	switch named := os.Getenv(dockerHost); {
	case strings.Contains(err.Error(), "permission denied"):
		return fmt.Errorf("%w: it refuses this user; run as root, or add the user to the group docker", ErrNoDocker)
	case named != "":
		return fmt.Errorf("%w: neither at DOCKER_HOST=%s nor at the usual place; start it, or correct DOCKER_HOST", ErrNoDocker, named)
	}
	return fmt.Errorf("%w: install Docker and start it (Debian: apt-get install docker.io)", ErrNoDocker)
}

// Notes are sentences about what was set for Docker, and why.
func (e *Engine) Notes() []string { return e.notes }

// Local says whether the engine shares this machine's network, so that a
// container in the network of its host can be reached, and reaches us, on the
// loopback interface.
func (e *Engine) Local() bool { return isLoopback(e.host) && sharesNetwork() }

// Join makes the network that the run's containers share from now on.
func (e *Engine) Join(ctx context.Context) error {
	made, err := network.New(ctx, network.WithLabels(e.labels()))
	if err != nil {
		return fmt.Errorf("no Docker network can be made: %w", err)
	}
	e.network, e.name = made, made.Name
	return nil
}

// Joined says whether containers have a network of their own.
func (e *Engine) Joined() bool { return e.network != nil }

// Close removes the run's containers and its network.
func (e *Engine) Close(ctx context.Context) error {
	_, err := remove(ctx, e.provider.Client(), make(client.Filters).Add("label", labelRun+"="+e.run), func(map[string]string) bool { return true })
	return errors.Join(err, e.provider.Close())
}

// labels mark what belongs to this run, and who would have removed it.
func (e *Engine) labels() map[string]string {
	labels := map[string]string{labelRun: e.run}
	maps.Copy(labels, ownerLabels())
	return labels
}

// Have makes sure that an image is on the machine, from a registry if it has to
// be. mend says how it is made where no registry has it.
func (e *Engine) Have(ctx context.Context, image, mend string) error {
	if e.Has(ctx, image) {
		return nil
	}
	if err := e.pull(ctx, image); err != nil {
		return &MissingImageError{Image: image, Mend: mend, why: err}
	}
	return nil
}

// pull asks the registry once: testcontainers-go tries again for minutes, in
// silence, where there is no way to it. A download may take as long as it goes on.
func (e *Engine) pull(ctx context.Context, image string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	timer := time.AfterFunc(e.silence, func() { cancel(fmt.Errorf("its registry sent nothing for %s", e.silence)) })
	defer timer.Stop()
	var options client.ImagePullOptions
	if _, account, err := testcontainers.DockerImageAuth(ctx, image); err == nil { // else without an account
		if options.RegistryAuth, err = authconfig.Encode(account); err != nil {
			return err
		}
	}
	progress, err := e.provider.Client().ImagePull(ctx, image, options)
	if err == nil {
		for message, problem := range progress.JSONMessages(ctx) {
			timer.Reset(e.silence)
			if err = problem; err == nil && message.Error != nil {
				err = message.Error
			}
			if err != nil {
				break
			}
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// Has says whether an image is on the machine.
func (e *Engine) Has(ctx context.Context, image string) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := e.provider.Client().ImageInspect(ctx, image)
	return err == nil
}

// A MissingImageError says that an image is neither here nor in a registry that
// can be reached.
type MissingImageError struct {
	Image, Mend string
	why         error
}

func (m *MissingImageError) Error() string {
	return fmt.Sprintf("the image %s is not on this machine and cannot be pulled (%v); %s", m.Image, m.why, m.Mend)
}

func (m *MissingImageError) Unwrap() error { return m.why }
