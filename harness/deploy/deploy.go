// Package deploy starts what a run needs around the specs: the homeserver under test
// and its variants, the mail catcher and the identity servers, in this process, as
// programs or as containers. It judges nothing and asks no homeserver anything.
package deploy

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/containers"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/mailbox/catcher"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/target"
)

// Need is what the specs of a run need of the deployment.
type Need struct {
	Variants     map[string]bool // configurations of the homeserver
	Capabilities map[string]bool
}

// ErrInterrupted says that a user stopped the run early.
var ErrInterrupted = errors.New("the run was interrupted before its first spec; what it had started is stopped")

// Servers are everything that process 1 started for a run. Close takes it down in
// the opposite order.
type Servers struct {
	Deployment
	// Declares is what the target promises; empty for a homeserver by URL.
	Declares target.Declaration
	// MailsDropped is how many mails the embedded catcher had no room for; nil where
	// another one catches them.
	MailsDropped func() int

	config config.Config
	out    io.Writer // for lines about the set-up

	mu      sync.Mutex // several homeservers start at once
	closers []func(context.Context) error
}

func (s *Servers) onClose(f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Close stops what was started. It may be called once.
func (s *Servers) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(s.closers) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// Start starts what is needed. Its errors are one sentence for the user; what was
// started by then is stopped again. Lines about the set-up go to out.
func Start(ctx context.Context, c config.Config, need Need, out io.Writer) (s *Servers, err error) {
	s = &Servers{config: c, out: out, Deployment: Deployment{
		RunID:       newRunID(),
		Started:     time.Now().UTC(),
		Homeservers: map[string]Homeserver{},
	}}
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = ErrInterrupted
		}
		if err != nil {
			_ = s.Close()
			s = nil
		}
	}()
	if s.Dir, err = ScratchFolder("threepid-conformance-"); err != nil {
		return s, fmt.Errorf("no scratch folder can be made: %w", err)
	}
	s.onClose(func(context.Context) error { return os.RemoveAll(s.Dir) })

	var t target.Target
	var options map[string]string
	if c.URL == "" {
		if t, options, err = chosenTarget(c); err != nil {
			return s, err
		}
	}
	beside, err := s.chooseSidecars(ctx, need, options[target.OptionImage] != "")
	if err != nil {
		return s, err
	}
	smtp, err := s.startSidecars(ctx, need, beside)
	if err != nil {
		return s, err
	}
	if c.URL != "" {
		err = s.useURLs(need)
	} else {
		s.Declares = t.Declares()
		err = s.startTarget(ctx, need, t, options, smtp, beside.engine)
	}
	if err != nil {
		return s, err
	}
	return s, s.tellIdentity(ctx)
}

// startMail makes the mail catcher reachable and returns its SMTP address.
func (s *Servers) startMail(ctx context.Context) (string, error) {
	c := s.config
	if c.Mail.MailpitURL != "" {
		s.MailAPI = c.Mail.MailpitURL
		s.SMTP = c.Mail.MailpitSMTP
		return c.Mail.MailpitSMTP, mailbox.New(c.Mail.MailpitURL).Ready(ctx)
	}
	caught, err := catcher.Start(ctx, c.Mail.SMTPListen)
	if err != nil {
		return "", fmt.Errorf("the mail catcher cannot listen at %s: %w; free the port or change mail.smtp_listen", c.Mail.SMTPListen, err)
	}
	s.onClose(func(context.Context) error { return caught.Close() })
	s.MailsDropped = caught.Dropped
	s.MailAPI, s.SMTP = caught.APIURL(), caught.SMTPAddr()
	return caught.SMTPAddr(), nil
}

// useURLs takes homeservers that are already running.
func (s *Servers) useURLs(need Need) error {
	c := s.config
	s.How, s.TargetName = "url", ""
	given := target.Credentials{Admin: c.Users.AdminToken, ApplicationService: c.Users.ApplicationServiceToken}
	s.Homeservers[target.Main] = Homeserver{URL: strings.TrimSuffix(c.URL, "/")}
	// Who may lock accounts, or acts for others, changes nothing for ordinary
	// users: with a token for that, the homeserver is the variant as it stands.
	for variant, token := range map[string]string{
		string(requirements.Admin): given.Admin, string(requirements.ApplicationService): given.ApplicationService,
	} {
		if token != "" && need.Variants[variant] {
			s.Homeservers[variant] = Homeserver{URL: strings.TrimSuffix(c.URL, "/"), Credentials: given}
		}
	}
	for variant, u := range c.VariantURLs {
		if variants := requirements.Variants(); !slices.Contains(variants, variant) {
			return fmt.Errorf("variant_urls has %q; the variants are %s", variant, strings.Join(variants, ", "))
		}
		if need.Variants[variant] {
			s.Homeservers[variant] = Homeserver{URL: strings.TrimSuffix(u, "/"), Credentials: given}
		}
	}
	return nil
}

// ExpectedFailures are the known deviations of the configuration's target: the
// name of its list and the text, which is empty where it brings none.
func ExpectedFailures(c config.Config) (string, []byte, error) {
	t, err := lookup(c)
	if err != nil {
		return "", nil, err
	}
	return "the list of known failures of the target " + t.Name(), t.Declares().ExpectedFailures, nil
}

func lookup(c config.Config) (target.Target, error) {
	name := c.Target
	if target.IsFolder(name) {
		name = c.Path(name)
	}
	return target.Lookup(name)
}

// chosenTarget is the target of the configuration with all its options.
func chosenTarget(c config.Config) (target.Target, map[string]string, error) {
	t, err := lookup(c)
	if err != nil {
		return nil, nil, err
	}
	options, err := target.FillOptions(t, c.TargetOptions)
	return t, options, err
}

// startTarget starts the target and those of its variants that the selection
// needs, at the same time. engine is nil where none of them is a container.
func (s *Servers) startTarget(ctx context.Context, need Need, t target.Target, options map[string]string, smtp string, engine *containers.Engine) error {
	c := s.config
	s.How, s.TargetName = "command", t.Name()
	if options[target.OptionImage] != "" {
		s.How = "image"
	} else if e, ok := t.(interface{ Embedded() bool }); ok && e.Embedded() {
		s.How = HowEmbedded
	}

	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, variant := range append([]string{target.Main}, t.Declares().Variants...) {
		if variant != target.Main && !need.Variants[variant] {
			continue
		}
		log, err := targetLog(c.Path(c.Results), variant)
		if err != nil {
			return err
		}
		s.onClose(func(context.Context) error { return log.Close() })
		dir := filepath.Join(s.Dir, "target-"+variant)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		var runner target.Provisioner
		if engine != nil && options[target.OptionImage] != "" {
			runner = provisioner{engine: engine, log: log}
		}
		wg.Go(func() {
			i, err := t.Start(ctx, target.Launch{
				Variant: variant, Options: options, Dir: dir, Log: log,
				SMTP: smtp, IdentityCA: s.IdentityCA, SMSDelegate: s.SMSDelegate,
				IdentityServers: s.IdentityServers,
				Provisioner:     runner,
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			s.onClose(i.Stop)
			s.Homeservers[variant] = Homeserver{
				URL:          strings.TrimSuffix(i.URL, "/"),
				PublicURL:    i.PublicURL,
				NetworkURL:   i.NetworkURL,
				ServerName:   i.ServerName,
				Software:     i.Version,
				Registration: i.Registration,
				Credentials:  i.Credentials,
			}
		})
	}
	wg.Wait()
	if len(errs) > 0 {
		return errs[0] // the others say the same of another variant
	}
	return nil
}

// targetLog opens the file that keeps what a target prints, beside the reports.
func targetLog(results, variant string) (io.WriteCloser, error) {
	name := "target.log"
	if variant != target.Main {
		name = "target-" + variant + ".log"
	}
	f, err := os.Create(filepath.Join(results, name))
	if err != nil {
		return nil, fmt.Errorf("the target's log cannot be kept: %w", err)
	}
	return f, nil
}

// newRunID is short enough for a localpart and long enough not to repeat.
func newRunID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // crypto/rand does not fail
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))
}
