package deploy

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"threepid-conformance/harness/containers"
	"threepid-conformance/harness/target"
)

// homeserverPort is where homeservers listen in a network of their own.
const homeserverPort = 8008

// provisioner starts the homeserver's image for a target: beside sidecars in
// containers, or in this machine's network, where embedded ones are.
type provisioner struct {
	engine *containers.Engine
	log    io.Writer
}

// Reserve implements target.Provisioner.
func (p provisioner) Reserve(variant string) (target.Endpoint, error) {
	name := "homeserver"
	if variant != target.Main {
		name += "-" + variant
	}
	if p.engine.Joined() {
		return target.Endpoint{Name: name, Bind: "0.0.0.0", Port: homeserverPort, URL: fmt.Sprintf("http://%s:%d", name, homeserverPort)}, nil
	}
	free, err := target.FreePort()
	if err != nil {
		return target.Endpoint{}, err
	}
	return target.Endpoint{Name: name, Bind: "127.0.0.1", Port: free, URL: "http://127.0.0.1:" + strconv.Itoa(free)}, nil
}

// Run implements target.Provisioner.
func (p provisioner) Run(ctx context.Context, at target.Endpoint, c target.Container) (*target.Provisioned, error) {
	if err := p.engine.Have(ctx, c.Image, "load it (docker load), build it, or name another one"); err != nil {
		return nil, err
	}
	running, err := p.engine.Run(ctx, containers.Spec{
		Image: c.Image, Name: at.Name, Entrypoint: c.Entrypoint, Command: c.Command,
		Env: c.Env, Files: c.Files, Folder: c.Folder, Log: p.log,
		Publish:   map[int]string{at.Port: ""},
		ShareHost: !p.engine.Joined(),
	})
	if err != nil {
		return nil, err
	}
	address, err := running.Address(ctx, at.Port)
	if err != nil {
		return nil, err
	}
	url := "http://" + address
	if err := running.WaitReady(ctx, url+c.Ready); err != nil {
		return nil, err
	}
	return &target.Provisioned{URL: url, Stop: running.Stop}, nil
}
