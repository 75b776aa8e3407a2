// Package config holds the settings of a run: one struct, filled from defaults,
// then conformance.yaml, then the environment, then flags, and checked before
// anything starts.
package config

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is everything a user can set. Every leaf is a key of conformance.yaml
// (url, users.registration, …), an environment variable (CONFORMANCE_URL,
// CONFORMANCE_USERS_REGISTRATION, …) and a flag (--url, --users-registration,
// …); lists and maps are written a,b and key=value,key=value there. The tags
// default, help, group, prefix and name are kong's; takes lists the values that
// are allowed, and secret marks what must never be shown.
type Config struct {
	URL           string            `yaml:"url" group:"Homeserver" help:"base URL of a running homeserver; empty starts the target instead"`
	URLCA         string            `yaml:"url_ca" name:"url-ca" group:"Homeserver" help:"PEM file with the certificate authority of url and variant_urls, when it is a private one"`
	Target        string            `yaml:"target" default:"reference" group:"Homeserver" help:"homeserver to start when no url is given: a name, or the path of a folder such as ./my-target"`
	TargetOptions map[string]string `yaml:"target_options" name:"target-option" mapsep:"," group:"Homeserver" help:"settings of the target, key=value"`
	VariantURLs   map[string]string `yaml:"variant_urls" name:"variant-url" mapsep:"," group:"Homeserver" help:"with url: the same homeserver in other configurations, variant=URL"`
	Users         Users             `yaml:"users" embed:"" prefix:"users-" group:"Accounts on it"`
	Capabilities  Capabilities      `yaml:"capabilities" embed:"" prefix:"capabilities-" group:"What it supports"`
	Require       []string          `yaml:"require" type:"list" group:"What it supports" help:"capabilities that must be there, or the run ends before it starts: mail, sms, identity-server; 'declared' is all the target declares"`
	Mail          Mail              `yaml:"mail" embed:"" prefix:"mail-" group:"Mail catcher"`

	IdentityServer IdentityServer `yaml:"identity_server" embed:"" prefix:"identity-server-" group:"Identity servers"`
	Sidecars       string         `yaml:"sidecars" takes:",embedded,containers,external" group:"Mail catcher and identity servers" help:"where mail catcher and identity servers run: embedded (in this program), containers, or external (given by URL); empty is containers for a homeserver that runs as an image, where Docker and the images are there, else embedded"`
	Images         Images         `yaml:"images" embed:"" prefix:"images-" group:"Mail catcher and identity servers"`

	Strict        bool              `yaml:"strict" default:"false" group:"Run and report" help:"count the requirements whose enforcement is strict"`
	Exclude       map[string]string `yaml:"exclude" mapsep:"," group:"Run and report" help:"requirements to leave out, with the reason: id=reason or operationId/id=reason"`
	Expectations  string            `yaml:"expectations" default:"own" group:"Run and report" help:"file with known failures; own is the list that the target brings, empty is none"`
	Results       string            `yaml:"results" default:"results" group:"Run and report" help:"folder for the reports"`
	Keep          bool              `yaml:"keep" default:"false" group:"Run and report" help:"after a failure, leave everything up until Ctrl-C and say how to reach it"`
	TimeoutFactor float64           `yaml:"timeout_factor" default:"1" group:"Run and report" help:"multiplies every time-out; raise it for slow machines"`

	base string // folder that relative paths count from
}

// OwnExpectations is the list of known failures that the target brings.
const OwnExpectations = "own"

// Users says how the suite gets accounts.
type Users struct {
	Registration            string    `yaml:"registration" default:"auto" takes:"auto,open,token,shared-secret,given" help:"how accounts are made: auto, open, token, shared-secret or given"`
	RegistrationToken       string    `yaml:"registration_token" secret:"" help:"token for m.login.registration_token"`
	SharedSecret            string    `yaml:"shared_secret" secret:"" help:"Synapse's registration_shared_secret"`
	AdminToken              string    `yaml:"admin_token" secret:"" help:"with url: access token of an administrator, who locks and suspends accounts that the suite made; url is then the variant admin, too"`
	ApplicationServiceToken string    `yaml:"application_service_token" secret:"" help:"with url: as_token of a registered application service, which acts for its own sender; url is then the variant application-service, too"`
	Accounts                []Account `yaml:"accounts" kong:"-"` // only in conformance.yaml
}

// An Account is one that exists already. A token or a password is enough.
type Account struct {
	UserID      string `yaml:"user_id"`
	Password    string `yaml:"password"`
	AccessToken string `yaml:"access_token"`
}

// Capabilities declares what the deployment under test supports: yes, no or
// auto (try, and leave out what does not work). Empty takes what the target
// declares; for a url it is auto.
type Capabilities struct {
	Mail           string `yaml:"mail" takes:",yes,no,auto" help:"whether it sends mail to the catcher: yes, no or auto"`
	SMS            string `yaml:"sms" takes:",yes,no,auto" help:"whether it sends SMS through our delegate: yes, no or auto"`
	IdentityServer string `yaml:"identity_server" takes:",yes,no,auto" help:"whether it reaches our identity server: yes, no or auto"`
}

// Mail says where the homeserver's mails are caught.
type Mail struct {
	MailpitURL  string `yaml:"mailpit_url" help:"an existing Mailpit that receives the homeserver's mails; empty starts a catcher of our own"`
	MailpitSMTP string `yaml:"mailpit_smtp" help:"with mailpit_url: the host:port at which it takes mail, for a homeserver that the suite starts"`
	SMTPListen  string `yaml:"smtp_listen" default:"127.0.0.1:0" help:"address our own catcher takes mail at"`
	Domain      string `yaml:"domain" default:"example.org" help:"domain of the addresses that the suite invents"`
}

// IdentityServer says which identity server the homeserver is to talk to. It is
// also the homeserver's delegate for SMS.
type IdentityServer struct {
	ControlURL      string `yaml:"control_url" help:"control URL of a mockidserver that runs already; empty starts two"`
	OtherControlURL string `yaml:"other_control_url" help:"with control_url: that of a second one, for specs in which one of two must not be asked"`
	Listen          string `yaml:"listen" default:"127.0.0.1:0" help:"address at which the identity server of our own takes requests, for a homeserver given by url"`
	SMSListen       string `yaml:"sms_listen" default:"127.0.0.1:0" help:"address at which the same server takes those of the delegate for SMS"`
	Host            string `yaml:"host" help:"name or IP address by which the homeserver reaches it; empty is the address it listens at"`
	CADir           string `yaml:"ca_dir" name:"ca-dir" help:"folder that keeps its certificate authority between runs; empty is one in the user's cache"`
}

// Images are the containers that sidecars run in.
type Images struct {
	Mailpit        string `yaml:"mailpit" default:"axllent/mailpit:v1.30.5" help:"image of the mail catcher"`
	IdentityServer string `yaml:"identity_server" default:"threepid-conformance/mockidserver:${version}" help:"image of the identity servers; .ci/images makes the default"`
}

// What Config.Sidecars can be; "" leaves the choice to the run.
const (
	Embedded     = "embedded"
	InContainers = "containers"
	External     = "external"
)

// Scale returns d multiplied by the time-out factor.
func (c Config) Scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.TimeoutFactor)
}

// check returns what is wrong, in one sentence, or nil.
func (c Config) check() error {
	if c.URL == "" && len(c.VariantURLs) > 0 {
		return fmt.Errorf("variant_urls needs url: the target %s starts its variants itself", c.Target)
	}
	urls := map[string]string{
		"url": c.URL, "mail.mailpit_url": c.Mail.MailpitURL,
		"identity_server.control_url": c.IdentityServer.ControlURL, "identity_server.other_control_url": c.IdentityServer.OtherControlURL,
	}
	for key, value := range urls {
		if value != "" {
			if err := checkURL(key, value); err != nil {
				return err
			}
		}
	}
	for name, u := range c.VariantURLs {
		if err := checkURL("variant_urls."+name, u); err != nil {
			return err
		}
	}
	for _, l := range leaves(&c) {
		if text := l.String(); len(l.takes) > 0 && !slices.Contains(l.takes, text) {
			return fmt.Errorf("%s is %q; it takes %s", l.key, text, strings.Join(nonEmpty(l.takes), ", "))
		}
	}
	for _, r := range c.Require {
		if !slices.Contains([]string{"mail", "sms", "identity-server", "declared"}, r) {
			return fmt.Errorf("require has %q; it takes mail, sms, identity-server and declared", r)
		}
	}
	switch {
	case c.Users.Registration == "token" && c.Users.RegistrationToken == "":
		return errors.New("users.registration is token, so users.registration_token is needed")
	case c.Users.Registration == "shared-secret" && c.Users.SharedSecret == "":
		return errors.New("users.registration is shared-secret, so users.shared_secret is needed")
	case c.Users.Registration == "given" && len(c.Users.Accounts) == 0:
		return errors.New("users.registration is given, so users.accounts needs at least one account")
	case c.TimeoutFactor <= 0 || c.TimeoutFactor > 100:
		return fmt.Errorf("timeout_factor is %v; it takes a number above 0, at most 100", c.TimeoutFactor)
	case c.Results == "":
		return errors.New("results is empty; give a folder for the reports")
	case c.Mail.Domain == "" || strings.ContainsAny(c.Mail.Domain, "@ /:"):
		return fmt.Errorf("mail.domain is %q; give a domain such as example.org", c.Mail.Domain)
	}
	for i, a := range c.Users.Accounts {
		if !strings.HasPrefix(a.UserID, "@") || !strings.Contains(a.UserID, ":") {
			return fmt.Errorf("users.accounts[%d].user_id is %q; give a full user ID such as @alice:example.org", i, a.UserID)
		}
		if a.Password == "" && a.AccessToken == "" {
			return fmt.Errorf("users.accounts[%d] (%s) has neither password nor access_token; give at least one", i, a.UserID)
		}
	}
	return c.checkSidecars()
}

// checkSidecars is check for mail catcher and identity servers.
func (c Config) checkSidecars() error {
	identity, err := netip.ParseAddrPort(c.IdentityServer.Listen)
	if err != nil {
		return fmt.Errorf("identity_server.listen is %q; give an IP address and a port such as 127.0.0.1:8443, port 0 for any free one", c.IdentityServer.Listen)
	}
	sms, err := netip.ParseAddrPort(c.IdentityServer.SMSListen)
	if err != nil {
		return fmt.Errorf("identity_server.sms_listen is %q; give an IP address and a port such as 127.0.0.1:8090, port 0 for any free one", c.IdentityServer.SMSListen)
	}
	switch {
	case c.Sidecars == External && c.Mail.MailpitURL == "":
		return errors.New("sidecars is external, so mail.mailpit_url is needed (and identity_server.control_url for what needs an identity server or SMS)")
	case c.IdentityServer.OtherControlURL != "" && c.IdentityServer.ControlURL == "":
		return errors.New("identity_server.other_control_url is set without control_url; the first of two identity servers is named there")
	case identity.Addr() != sms.Addr():
		return errors.New("identity_server.listen and identity_server.sms_listen are one program's: give both the same IP address")
	case c.Images.Mailpit == "" || c.Images.IdentityServer == "":
		return errors.New("images.mailpit and images.identity_server name container images; neither may be empty")
	}
	return nil
}

func checkURL(key, value string) error {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return fmt.Errorf("%s is %q; give an address such as http://127.0.0.1:8008", key, value)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%s is %q; give the base URL alone, without user, query or fragment", key, value)
	}
	return nil
}

func nonEmpty(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "" })
}
