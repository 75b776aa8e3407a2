package containers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/moby/moby/api/types/container"
	mobynet "github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/network"

	"threepid-conformance/harness/target"
)

// startPatience limits the creation of a container by a busy engine.
const startPatience = 2 * time.Minute

// A Spec says what to run.
type Spec struct {
	Image      string
	Name       string   // in the network of the run
	Entrypoint []string // nil: the image's own
	Command    []string // nil: the image's own
	Env        map[string]string
	Files      map[string][]byte // path inside → content, private to the container's user
	Folder     string            // that the process starts in, "" for the image's own
	Scratch    []string          // folders in memory
	// Publish maps ports inside to host:port outside, "" for a free one on the
	// loopback interface.
	Publish map[int]string
	// ShareHost puts the container into this machine's network: ports inside are
	// ports outside.
	ShareHost bool
	Log       io.Writer // receives what it prints
}

// A Running container.
type Running struct {
	*testcontainers.DockerContainer
	engine *Engine
	shared bool
	name   string
	image  string
}

// Run starts a container. It is removed when the engine is closed, at the latest.
func (e *Engine) Run(ctx context.Context, spec Spec) (*Running, error) {
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithLabels(e.labels()),
		testcontainers.WithEnv(spec.Env),
	}
	if len(spec.Entrypoint) > 0 {
		options = append(options, testcontainers.WithEntrypoint(spec.Entrypoint...))
	}
	if len(spec.Command) > 0 {
		options = append(options, testcontainers.WithCmd(spec.Command...))
	}
	if spec.Log != nil {
		options = append(options, testcontainers.WithLogConsumers(&lines{to: spec.Log}))
	}
	for _, path := range slices.Sorted(maps.Keys(spec.Files)) {
		options = append(options, testcontainers.WithFiles(testcontainers.ContainerFile{
			Reader: bytes.NewReader(spec.Files[path]), ContainerFilePath: path, FileMode: 0o644,
		}))
	}
	for _, folder := range spec.Scratch {
		options = append(options, testcontainers.WithTmpfs(map[string]string{folder: "rw"}))
	}
	bindings, err := e.bindings(spec)
	if err != nil {
		return nil, err
	}
	for port := range bindings {
		options = append(options, testcontainers.WithExposedPorts(port.String()))
	}
	options = append(options,
		testcontainers.WithConfigModifier(func(c *container.Config) {
			if spec.Folder != "" {
				c.WorkingDir = spec.Folder
			}
			if spec.ShareHost {
				// A name that resolves: some servers look up their own for each mail.
				c.Hostname = "localhost"
			}
		}),
		testcontainers.WithHostConfigModifier(func(h *container.HostConfig) {
			h.PortBindings = bindings
			if spec.ShareHost {
				h.NetworkMode = "host"
			}
		}))
	if !spec.ShareHost && e.network != nil {
		options = append(options, network.WithNetwork([]string{spec.Name}, e.network))
	}
	// A request that is given up here is carried out by the engine all the same,
	// perhaps after our removal. So it is not given up.
	starting, cancel := context.WithTimeout(context.WithoutCancel(ctx), startPatience)
	defer cancel()
	c, err := testcontainers.Run(starting, spec.Image, options...)
	if ctx.Err() != nil {
		return nil, fmt.Errorf("the start of %s was cut short: %w", spec.Image, context.Cause(ctx))
	}
	if err != nil {
		return nil, fmt.Errorf("the container of %s cannot be started: %w", spec.Image, err)
	}
	return &Running{DockerContainer: c, engine: e, shared: spec.ShareHost, name: spec.Name, image: spec.Image}, nil
}

// bindings publishes ports where we reach them and, on this machine, nobody else.
func (e *Engine) bindings(spec Spec) (mobynet.PortMap, error) {
	if spec.ShareHost {
		return nil, nil
	}
	bindings := mobynet.PortMap{}
	for inside, outside := range spec.Publish {
		port, err := mobynet.ParsePort(strconv.Itoa(inside) + "/tcp")
		if err != nil {
			return nil, err
		}
		if outside == "" {
			outside = "127.0.0.1:0"
			if !isLoopback(e.host) {
				outside = "0.0.0.0:0"
			}
		}
		address, err := netip.ParseAddrPort(outside)
		if err != nil {
			return nil, fmt.Errorf("a port cannot be published at %q: write an IP address and a port", outside)
		}
		binding := mobynet.PortBinding{HostIP: address.Addr()}
		if address.Port() != 0 {
			binding.HostPort = strconv.Itoa(int(address.Port()))
		}
		bindings[port] = []mobynet.PortBinding{binding}
	}
	return bindings, nil
}

// Address is the host:port at which a port inside is reached from here.
func (r *Running) Address(ctx context.Context, port int) (string, error) {
	if r.shared {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), nil
	}
	mapped, err := r.MappedPort(ctx, strconv.Itoa(port)+"/tcp")
	if ended := r.ended(ctx); ended != nil { // and has no ports any more
		return "", ended
	}
	if err != nil {
		return "", err
	}
	return net.JoinHostPort(r.engine.host, mapped.Port()), nil
}

// WaitReady polls url until it answers 200, the container ends or ctx does.
func (r *Running) WaitReady(ctx context.Context, url string) error {
	err := target.WaitReady(ctx, url, func() error { return r.ended(ctx) })
	if errors.Is(err, target.ErrNotReady) {
		return fmt.Errorf("the container of %s %w at %s in time; its log says why", r.name, err, url)
	}
	return err
}

// ended says so when the container does not run any more, in the words of its
// last line.
func (r *Running) ended(ctx context.Context) error {
	state, err := r.State(ctx)
	if err != nil || state.Running {
		return nil
	}
	said := ""
	if log, err := r.Logs(ctx); err == nil {
		defer log.Close()
		text, _ := io.ReadAll(io.LimitReader(log, maxLog)) // what there is of it
		if all := strings.Fields(strings.TrimSpace(lastLine(string(text)))); len(all) > 0 {
			said = ": " + strings.Join(all, " ")
		}
	}
	return fmt.Errorf("the container %s (%s) ended with exit code %d before it answered%s", r.name, r.image, state.ExitCode, said)
}

// maxLog is more than a server prints that does not come up.
const maxLog = 1 << 20

func lastLine(text string) string {
	text = strings.TrimSpace(text)
	return text[strings.LastIndex(text, "\n")+1:]
}

// Stop ends the container at once and removes it.
func (r *Running) Stop(ctx context.Context) error {
	return testcontainers.TerminateContainer(r.DockerContainer, testcontainers.StopContext(ctx), testcontainers.StopTimeout(0))
}

// lines passes on what a container prints.
type lines struct {
	mu sync.Mutex
	to io.Writer
}

// Accept implements testcontainers.LogConsumer.
func (l *lines) Accept(entry testcontainers.Log) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.to.Write(entry.Content) // a log that cannot be kept does not stop a run
}
