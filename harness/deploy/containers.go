package deploy

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"threepid-conformance/harness/containers"
	"threepid-conformance/harness/target"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/pki"
)

// sidecarPatience is for a start on a machine that does other things as well.
func (s *Servers) sidecarPatience() time.Duration { return s.config.Scale(time.Minute) }

// Ports inside of the containers.
const (
	smtpPort     = 1025
	mailpitPort  = 8025
	identityPort = 8443
	smsPort      = 8090
	controlPort  = 8091
)

// mailpitSettings are for an image that holds nothing but Mailpit.
var mailpitSettings = map[string]string{
	"MP_DATABASE":                 "/tmp/mailpit.db", // in memory, see Scratch
	"MP_SMTP_AUTH_ACCEPT_ANY":     "true",
	"MP_SMTP_AUTH_ALLOW_INSECURE": "true", // or the setting above asks for TLS
	"MP_SMTP_DISABLE_RDNS":        "true",
	"MP_DISABLE_VERSION_CHECK":    "true",
	"MP_MAX_MESSAGES":             "0", // it forgets none
	"MP_TAGS_DISABLE":             "plus-addresses,x-tags",
	"MP_DISABLE_WAL":              "true",
}

// runMailpit starts the mail catcher as a container and returns its SMTP address
// for the homeserver.
func (s *Servers) runMailpit(ctx context.Context, engine *containers.Engine) (smtp string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.sidecarPatience())
	defer cancel()
	const name = "mailpit"
	spec := containers.Spec{
		Image: s.config.Images.Mailpit, Name: name, Env: mailpitSettings,
		Scratch: []string{"/tmp"},
		Publish: map[int]string{mailpitPort: ""},
	}
	if !engine.Joined() {
		spec.Publish[smtpPort] = s.config.Mail.SMTPListen
	}
	running, err := engine.Run(ctx, spec)
	if err != nil && strings.Contains(err.Error(), "already allocated") {
		return "", fmt.Errorf("the mail catcher cannot listen at %s, which is taken; free the port or change mail.smtp_listen", s.config.Mail.SMTPListen)
	}
	if err != nil {
		return "", err
	}
	api, err := running.Address(ctx, mailpitPort)
	if err != nil {
		return "", err
	}
	s.MailAPI = "http://" + api
	if err := running.WaitReady(ctx, s.MailAPI+"/readyz"); err != nil {
		return "", err
	}
	if engine.Joined() {
		s.SMTP = fmt.Sprintf("%s:%d", name, smtpPort)
	} else if s.SMTP, err = running.Address(ctx, smtpPort); err != nil {
		return "", err
	}
	return s.SMTP, nil
}

// runIdentity starts the identity servers as containers, at the same time. Their
// CA is that of the embedded ones: a homeserver which trusts it once trusts all.
func (s *Servers) runIdentity(ctx context.Context, engine *containers.Engine) error {
	ctx, cancel := context.WithTimeout(ctx, s.sidecarPatience())
	defer cancel()
	folder, err := caFolder(s.config)
	if err != nil {
		return err
	}
	authority, err := pki.Open(folder)
	if err != nil {
		return err
	}
	key, err := os.ReadFile(filepath.Join(folder, pki.KeyFile))
	if err != nil {
		return err
	}
	var (
		wg   sync.WaitGroup
		urls = make([]string, len(identityServers)) // of their control interfaces
		errs = make([]error, len(identityServers))
	)
	for n, name := range identityServers {
		wg.Go(func() { urls[n], errs[n] = s.runIdentityServer(ctx, engine, name, key) })
	}
	wg.Wait()
	for n, err := range errs {
		if err != nil {
			return fmt.Errorf("the identity server %q: %w", identityServers[n], err)
		}
	}
	s.Identity, s.IdentityCA = urls, authority.Path()
	for n, url := range urls {
		info, err := control.New(url).Info(ctx)
		if err != nil {
			return err
		}
		s.IdentityServers = append(s.IdentityServers, info.IDServers...)
		if n == 0 {
			s.SMSDelegate = info.SMSURL
		}
	}
	return nil
}

// runIdentityServer starts one and returns its control URL. In a network of the
// run it is known by its name there; else it is in this machine's network, like
// an embedded one, because a homeserver outside of Docker has to reach it and it
// has to reach the homeserver.
func (s *Servers) runIdentityServer(ctx context.Context, engine *containers.Engine, name string, ca []byte) (string, error) {
	const inside = "/ca"
	spec := containers.Spec{
		Image: s.config.Images.IdentityServer, Name: identityAlias(name),
		Files: map[string][]byte{inside + "/" + pki.KeyFile: ca},
	}
	arguments := []string{"--name=" + name, "--folder=" + inside}
	at := controlPort
	if engine.Joined() {
		spec.Publish = map[int]string{at: ""}
		arguments = append(arguments, "--bind=0.0.0.0", "--control-bind=0.0.0.0", "--host="+spec.Name,
			port("--port", identityPort), port("--sms-port", smsPort))
	} else {
		spec.ShareHost = true
		arguments = append(arguments, identityFlags(s.config, name)...)
		var err error
		if at, err = target.FreePort(); err != nil {
			return "", err
		}
	}
	spec.Command = append(arguments, port("--control-port", at))
	running, err := engine.Run(ctx, spec)
	if err != nil {
		return "", err
	}
	address, err := running.Address(ctx, at)
	if err != nil {
		return "", err
	}
	return "http://" + address, running.WaitReady(ctx, "http://"+address+"/v1/info")
}

// identityAlias is the name of an identity server in the run's network.
func identityAlias(name string) string {
	if name == identityServers[0] {
		return name
	}
	return name + "-" + identityServers[0]
}

func port(flag string, number int) string { return flag + "=" + strconv.Itoa(number) }
