package harness

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"threepid-conformance/harness/containers"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/mailbox/catcher"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/target"
	"threepid-conformance/harness/verdict"
)

// A stage is everything process 1 started for a run. Close takes it down in
// the opposite order.
type stage struct {
	world world
	out   io.Writer // for lines about the set-up

	// mailsDropped is how many mails the embedded catcher had no room for; nil
	// where another one catches them.
	mailsDropped func() int

	mu      sync.Mutex // several homeservers start at once
	closers []func(context.Context) error
}

func (s *stage) onClose(f func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closers = append(s.closers, f)
}

// Close stops what was started. It may be called once.
func (s *stage) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var errs []error
	for _, f := range slices.Backward(s.closers) {
		errs = append(errs, f(ctx))
	}
	return errors.Join(errs...)
}

// setUp starts what the selection needs and looks at it. Its errors are one
// sentence for the user; what was started by then is stopped again.
func setUp(ctx context.Context, sel selection, evidence *os.File, out io.Writer) (st *stage, err error) {
	c := session.config
	st = &stage{out: out, world: world{
		RunID:        newRunID(),
		Started:      time.Now().UTC(),
		Homeservers:  map[string]homeserver{},
		Capabilities: map[string]preflight.Capability{},
	}}
	if session.roots, err = trusted(c); err != nil {
		return st, err
	}
	defer func() {
		if err != nil && ctx.Err() != nil {
			err = errors.New("the run was interrupted before its first spec; what it had started is stopped")
		}
		if err != nil {
			_ = st.Close()
			st = nil
		}
	}()
	if st.world.Dir, err = scratchFolder("threepid-conformance-"); err != nil {
		return st, fmt.Errorf("no scratch folder can be made: %w", err)
	}
	st.onClose(func(context.Context) error { return os.RemoveAll(st.world.Dir) })

	var t target.Target
	var options map[string]string
	if c.URL == "" {
		if t, options, err = chosenTarget(); err != nil {
			return st, err
		}
	}
	beside, err := st.chooseSidecars(ctx, sel, options[target.OptionImage] != "")
	if err != nil {
		return st, err
	}
	smtp, err := st.startSidecars(ctx, sel, beside)
	if err != nil {
		return st, err
	}
	declared := target.Declaration{}
	if c.URL != "" {
		err = st.useURLs(sel)
	} else {
		declared = t.Declares()
		err = st.startTarget(ctx, sel, t, options, smtp, beside.engine)
	}
	if err != nil {
		return st, err
	}
	if err = st.tellIdentity(ctx); err != nil {
		return st, err
	}
	return st, st.look(ctx, declared, settle(evidence))
}

// startMail makes the mail catcher reachable and returns its SMTP address.
func (s *stage) startMail(ctx context.Context) (string, error) {
	c := session.config
	if c.Mail.MailpitURL != "" {
		client, err := mailbox.New(c.Mail.MailpitURL)
		if err == nil {
			err = client.Ready(ctx)
		}
		s.world.MailAPI = c.Mail.MailpitURL
		s.world.SMTP = c.Mail.MailpitSMTP
		return c.Mail.MailpitSMTP, err
	}
	caught, err := catcher.Start(ctx, catcher.Options{SMTPAddr: c.Mail.SMTPListen})
	if err != nil {
		return "", fmt.Errorf("the mail catcher cannot listen at %s: %w; free the port or change mail.smtp_listen", c.Mail.SMTPListen, err)
	}
	s.onClose(func(context.Context) error { return caught.Close() })
	s.mailsDropped = caught.Dropped
	s.world.MailAPI, s.world.SMTP = caught.APIURL(), caught.SMTPAddr()
	return caught.SMTPAddr(), nil
}

// useURLs takes homeservers that are already running.
func (s *stage) useURLs(sel selection) error {
	c := session.config
	s.world.How, s.world.TargetName = "url", ""
	given := target.Credentials{Admin: c.Users.AdminToken, ApplicationService: c.Users.ApplicationServiceToken}
	s.world.Homeservers[target.Main] = homeserver{URL: strings.TrimSuffix(c.URL, "/")}
	// Who may lock accounts, or acts for others, changes nothing for ordinary
	// users: with a token for that, the homeserver is the variant as it stands.
	for variant, token := range map[string]string{Admin: given.Admin, ApplicationService: given.ApplicationService} {
		if token != "" && sel.variants[variant] {
			s.world.Homeservers[variant] = homeserver{URL: strings.TrimSuffix(c.URL, "/"), Credentials: given}
		}
	}
	for variant, u := range c.VariantURLs {
		if !slices.Contains(variantNames, variant) {
			return fmt.Errorf("variant_urls has %q; the variants are %s", variant, strings.Join(variantNames, ", "))
		}
		if sel.variants[variant] {
			s.world.Homeservers[variant] = homeserver{URL: strings.TrimSuffix(u, "/"), Credentials: given}
		}
	}
	return nil
}

// chosenTarget is the target of the configuration with all its options.
func chosenTarget() (target.Target, map[string]string, error) {
	c := session.config
	name := c.Target
	if target.IsFolder(name) {
		name = c.Path(name)
	}
	t, err := target.Lookup(name)
	if err != nil {
		return nil, nil, err
	}
	options, err := target.FillOptions(t, c.TargetOptions)
	return t, options, err
}

// startTarget starts the target and those of its variants that the selection
// needs, at the same time. engine is nil where none of them is a container.
func (s *stage) startTarget(ctx context.Context, sel selection, t target.Target, options map[string]string, smtp string, engine *containers.Engine) error {
	c := session.config
	s.world.How, s.world.TargetName = "command", t.Name()
	if options[target.OptionImage] != "" {
		s.world.How = "image"
	} else if e, ok := t.(interface{ Embedded() bool }); ok && e.Embedded() {
		s.world.How = howEmbedded
	}

	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	for _, variant := range append([]string{target.Main}, t.Declares().Variants...) {
		if variant != target.Main && !sel.variants[variant] {
			continue
		}
		log, err := targetLog(c.Path(c.Results), variant)
		if err != nil {
			return err
		}
		s.onClose(func(context.Context) error { return log.Close() })
		dir := filepath.Join(s.world.Dir, "target-"+variant)
		if err := os.Mkdir(dir, 0o700); err != nil {
			return err
		}
		var runner target.Containers
		if engine != nil && options[target.OptionImage] != "" {
			runner = placing{engine: engine, log: log}
		}
		wg.Go(func() {
			i, err := t.Start(ctx, target.Launch{
				Variant: variant, Options: options, Dir: dir, Log: log,
				SMTP: smtp, IdentityCA: s.world.IdentityCA, SMSDelegate: s.world.SMSDelegate,
				IdentityServers: s.world.IdentityServers,
				Containers:      runner,
			})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
				return
			}
			s.onClose(i.Stop)
			s.world.Homeservers[variant] = homeserver{
				URL:          strings.TrimSuffix(i.URL, "/"),
				PublicURL:    i.PublicURL,
				NetworkURL:   i.NetworkURL,
				ServerName:   i.ServerName,
				Facts:        preflight.Facts{Server: i.Version},
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

// look asks the homeservers about themselves and settles the capabilities.
func (s *stage) look(ctx context.Context, declared target.Declaration, recorder *exchange.Recorder) error {
	c := session.config
	var unrouted []verdict.Finding
	defer func() { run.findings = append(recorder.Findings(), unrouted...) }()
	for variant, hs := range s.world.Homeservers {
		// A small factor is for specs; a start under load still takes its time.
		client := newClient(hs.URL, nil, recorder, max(5*time.Second, c.Scale(5*time.Second)))
		versions, err := preflight.Versions(ctx, client)
		if err != nil {
			if variant != target.Main {
				err = fmt.Errorf("variant %s: %w", variant, err)
			}
			return err
		}
		hs.Facts.Versions = versions
		if variant == target.Main {
			client = newClient(hs.URL, versions, recorder, c.Scale(10*time.Second))
			missing := preflight.NotRouted(ctx, client, c.Scale(5*time.Second))
			hs.Facts.NotRouted = slices.Sorted(maps.Keys(missing))
			unrouted = findUnrouted(missing)
		}
		s.world.Homeservers[variant] = hs
	}

	main := s.world.mainServer()
	client := newClient(main.URL, main.Facts.Versions, recorder, c.Scale(10*time.Second))
	mails, err := mailbox.New(s.world.MailAPI)
	if err != nil {
		return err
	}
	probe := fmt.Sprintf("probe.%s@%s", s.world.RunID, c.Mail.Domain)
	s.world.Capabilities[Mail] = preflight.Mail(ctx, declaration(c.Capabilities.Mail, Mail, declared, c.URL), client, mails, probe, "probe"+s.world.RunID, c.Scale(5*time.Second))
	for capability, said := range map[string]string{SMS: c.Capabilities.SMS, IdentityServer: c.Capabilities.IdentityServer} {
		s.world.Capabilities[capability] = observable(capability, said, declared, c.URL)
	}
	return s.require(declared)
}

// declaration combines what the user and the target say of a capability.
func declaration(said, capability string, declared target.Declaration, url string) string {
	switch {
	case said != "":
		return said
	case url != "":
		return preflight.Auto
	case slices.Contains(declared.Capabilities, capability):
		return preflight.Yes
	}
	return preflight.No
}

// require makes a missing capability an error where the user asked for that.
func (s *stage) require(declared target.Declaration) error {
	wanted := map[string]bool{}
	for _, r := range session.config.Require {
		if r != "declared" {
			wanted[r] = true
			continue
		}
		for _, capability := range declared.Capabilities {
			wanted[capability] = true
		}
	}
	for capability := range wanted {
		if got := s.world.Capabilities[capability]; !got.Usable() {
			return fmt.Errorf("the run requires %s, which is not there: %s", capability, got.Why)
		}
	}
	return nil
}

// newRunID is short enough for a localpart and long enough not to repeat.
func newRunID() string {
	b := make([]byte, 5)
	_, _ = rand.Read(b) // crypto/rand does not fail
	return strings.ToLower(base32.StdEncoding.EncodeToString(b))
}
