package containers

import (
	"context"
	"errors"
	"sync"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/client"
)

// sweep removes what runs left whose process is gone.
func sweep(ctx context.Context, docker client.APIClient) (removed int, err error) {
	return remove(ctx, docker, make(client.Filters).Add("label", labelRun), orphaned)
}

// remove removes the containers that the filter finds and which accepts by their
// labels, and then networks.
func remove(ctx context.Context, docker client.APIClient, filter client.Filters, which func(labels map[string]string) bool) (removed int, err error) {
	containers, err := docker.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: filter})
	if err != nil {
		return 0, err
	}
	var (
		wg   sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	done := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err == nil:
			removed++
		case !errdefs.IsNotFound(err) && !errdefs.IsConflict(err): // another run sweeps as well
			errs = append(errs, err)
		}
	}
	for _, c := range containers.Items {
		if which(c.Labels) {
			wg.Go(func() {
				_, err := docker.ContainerRemove(ctx, c.ID, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
				done(err)
			})
		}
	}
	wg.Wait()
	networks, err := docker.NetworkList(ctx, client.NetworkListOptions{Filters: filter})
	if err != nil {
		return removed, errors.Join(append(errs, err)...)
	}
	for _, n := range networks.Items {
		if which(n.Labels) {
			_, err := docker.NetworkRemove(ctx, n.ID, client.NetworkRemoveOptions{})
			done(err)
		}
	}
	return removed, errors.Join(errs...)
}
