package deploy

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/containers"
	"threepid-conformance/harness/requirements"
)

// makeImages is how the images come to a machine that reaches no registry.
const makeImages = "make it with .ci/images, name another one in images, or let the sidecars be embedded"

// sidecars are the mail catcher and the identity servers of a run.
type sidecars struct {
	where  string             // config.Embedded or config.InContainers
	engine *containers.Engine // nil: nothing of this run is a container
	mail   bool               // whether a mail catcher has to be started
	ids    bool               // whether identity servers have to be
}

// chooseSidecars decides where they run, and opens the Docker engine if anything
// is to run in it. image says that the homeserver comes as one.
func (s *Servers) chooseSidecars(ctx context.Context, need Need, image bool) (sidecars, error) {
	c := s.config
	chosen := sidecars{
		where: config.Embedded,
		mail:  c.Mail.MailpitURL == "",
		ids:   s.needsIdentity(need) && c.IdentityServer.ControlURL == "",
	}
	asked := c.Sidecars == config.InContainers
	if !asked && !image {
		return chosen, nil
	}
	var err error
	if chosen.engine, err = containers.Open(ctx, s.RunID); err != nil {
		if image {
			err = fmt.Errorf("the homeserver comes as an image, but %w", err)
		} else {
			err = fmt.Errorf("sidecars is containers, but %w; or choose sidecars=embedded", err)
		}
		return chosen, err
	}
	s.onClose(chosen.engine.Close)
	for _, note := range chosen.engine.Notes() {
		s.say("docker", note)
	}
	if asked || c.Sidecars == "" {
		switch err := chosen.fetch(ctx, c.Images); {
		case err == nil:
			chosen.where = config.InContainers
		case asked:
			return chosen, err
		default:
			s.say("sidecars", "embedded, because "+err.Error())
		}
	}
	switch {
	case chosen.where == config.InContainers && image:
		return chosen, chosen.engine.Join(ctx)
	case !chosen.engine.Local():
		return chosen, fmt.Errorf("the Docker engine does not share this machine's network (%s), so containers and programs of this machine do not reach each other by loopback addresses; use sidecars=containers with a homeserver that runs as an image, or sidecars=embedded with one that does not", runtime.GOOS)
	}
	return chosen, nil
}

// needsIdentity says whether identity servers are part of this run. Where all is
// external, there are those that the user runs or none.
func (s *Servers) needsIdentity(need Need) bool {
	c := s.config
	return (need.Capabilities[string(requirements.SMS)] || need.Capabilities[string(requirements.IdentityServer)]) && (c.Sidecars != config.External || c.IdentityServer.ControlURL != "")
}

// fetch makes sure that the images of the sidecars are there.
func (c sidecars) fetch(ctx context.Context, images config.Images) error {
	if c.mail {
		if err := c.engine.Have(ctx, images.Mailpit, makeImages); err != nil {
			return err
		}
	}
	if c.ids {
		return c.engine.Have(ctx, images.IdentityServer, makeImages)
	}
	return nil
}

// startSidecars makes the mail catcher and, where the selection needs them, the
// identity servers reachable. It returns the SMTP address for a homeserver that
// the suite starts.
func (s *Servers) startSidecars(ctx context.Context, need Need, chosen sidecars) (smtp string, err error) {
	if chosen.where == config.Embedded {
		if smtp, err = s.startMail(ctx); err == nil && s.needsIdentity(need) {
			err = s.startIdentity(ctx)
		}
		return smtp, err
	}
	var (
		wg                sync.WaitGroup
		mailErr, identErr error
	)
	wg.Go(func() {
		if chosen.mail {
			smtp, mailErr = s.runMailpit(ctx, chosen.engine)
		} else {
			smtp, mailErr = s.startMail(ctx)
		}
	})
	switch {
	case chosen.ids:
		identErr = s.runIdentity(ctx, chosen.engine)
	case s.needsIdentity(need):
		identErr = s.startIdentity(ctx)
	}
	wg.Wait()
	if mailErr != nil { // one sentence is enough
		return "", mailErr
	}
	return smtp, identErr
}

// say prints a line about what is being set up.
func (s *Servers) say(about, text string) { fmt.Fprintf(s.out, "%-11s %s\n", about, text) }
