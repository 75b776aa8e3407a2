// Package config holds the settings of a run: one struct, filled from defaults,
// then conformance.yaml, then the environment, then flags, and checked before
// anything starts.
package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is everything a user can set. Every leaf is a key of conformance.yaml
// (url, users.registration, …), an environment variable (CONFORMANCE_URL,
// CONFORMANCE_USERS_REGISTRATION, …) and a flag (--url, --users-registration,
// …); lists and maps are written a,b and key=value,key=value there.
type Config struct {
	URL           string            `yaml:"url" doc:"base URL of a running homeserver; empty starts the target instead"`
	URLCA         string            `yaml:"url_ca" doc:"PEM file with the certificate authority of url and variant_urls, when it is a private one"`
	Target        string            `yaml:"target" doc:"homeserver to start when no url is given: a name, or the path of a folder such as ./my-target"`
	TargetOptions map[string]string `yaml:"target_options" flag:"target-option" doc:"settings of the target, key=value"`
	VariantURLs   map[string]string `yaml:"variant_urls" flag:"variant-url" doc:"with url: the same homeserver in other configurations, variant=URL"`
	Users         Users             `yaml:"users"`
	Capabilities  Capabilities      `yaml:"capabilities"`
	Require       []string          `yaml:"require" doc:"capabilities that must be there, or the run ends before it starts: mail, sms, identity-server; 'declared' is all the target declares"`
	Mail          Mail              `yaml:"mail"`

	IdentityServer IdentityServer `yaml:"identity_server"`
	Sidecars       string         `yaml:"sidecars" doc:"where mail catcher and identity servers run: embedded (in this program), containers, or external (given by URL); empty is containers for a homeserver that runs as an image, where Docker and the images are there, else embedded"`
	Images         Images         `yaml:"images"`

	Strict        bool              `yaml:"strict" doc:"count the requirements whose enforcement is strict"`
	Slow          bool              `yaml:"slow" doc:"run specs that have to wait for long, too"`
	Exclude       map[string]string `yaml:"exclude" doc:"requirements to leave out, with the reason: id=reason or operationId/id=reason"`
	Expectations  string            `yaml:"expectations" doc:"file with known failures"`
	Results       string            `yaml:"results" doc:"folder for the reports"`
	Keep          bool              `yaml:"keep" doc:"after a failure, leave everything up until Ctrl-C and say how to reach it"`
	TimeoutFactor float64           `yaml:"timeout_factor" doc:"multiplies every time-out; raise it for slow machines"`

	base string // folder that relative paths count from
}

// Users says how the suite gets accounts.
type Users struct {
	Registration            string    `yaml:"registration" doc:"how accounts are made: auto, open, token, shared-secret or given"`
	RegistrationToken       string    `yaml:"registration_token" secret:"yes" doc:"token for m.login.registration_token"`
	SharedSecret            string    `yaml:"shared_secret" secret:"yes" doc:"Synapse's registration_shared_secret"`
	AdminToken              string    `yaml:"admin_token" secret:"yes" doc:"with url: access token of an administrator, who locks and suspends accounts that the suite made; url is then the variant admin, too"`
	ApplicationServiceToken string    `yaml:"application_service_token" secret:"yes" doc:"with url: as_token of a registered application service, which acts for its own sender; url is then the variant application-service, too"`
	Accounts                []Account `yaml:"accounts"` // only in conformance.yaml
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
	Mail           string `yaml:"mail" doc:"whether it sends mail to the catcher: yes, no or auto"`
	SMS            string `yaml:"sms" doc:"whether it sends SMS through our delegate: yes, no or auto"`
	IdentityServer string `yaml:"identity_server" doc:"whether it reaches our identity server: yes, no or auto"`
}

// Mail says where the homeserver's mails are caught.
type Mail struct {
	MailpitURL  string `yaml:"mailpit_url" doc:"an existing Mailpit that receives the homeserver's mails; empty starts a catcher of our own"`
	MailpitSMTP string `yaml:"mailpit_smtp" doc:"with mailpit_url: the host:port at which it takes mail, for a homeserver that the suite starts"`
	SMTPListen  string `yaml:"smtp_listen" doc:"address our own catcher takes mail at"`
	Domain      string `yaml:"domain" doc:"domain of the addresses that the suite invents"`
}

// IdentityServer says which identity server the homeserver is to talk to. It is
// also the homeserver's delegate for SMS.
type IdentityServer struct {
	ControlURL      string `yaml:"control_url" doc:"control URL of a mockidserver that runs already; empty starts two"`
	OtherControlURL string `yaml:"other_control_url" doc:"with control_url: that of a second one, for specs in which one of two must not be asked"`
	Listen          string `yaml:"listen" doc:"address at which the identity server of our own takes requests, for a homeserver given by url"`
	SMSListen       string `yaml:"sms_listen" doc:"address at which the same server takes those of the delegate for SMS"`
	Host            string `yaml:"host" doc:"name or IP address by which the homeserver reaches it; empty is the address it listens at"`
	CADir           string `yaml:"ca_dir" doc:"folder that keeps its certificate authority between runs; empty is one in the user's cache"`
}

// Images are the containers that sidecars run in.
type Images struct {
	Mailpit        string `yaml:"mailpit" doc:"image of the mail catcher"`
	IdentityServer string `yaml:"identity_server" doc:"image of the identity servers; .ci/images makes the default"`
}

// Default is the configuration without file, environment and flags.
func Default() Config {
	return Config{
		Target: "reference",
		Users:  Users{Registration: "auto"},
		Mail:   Mail{SMTPListen: "127.0.0.1:0", Domain: "example.org"},
		Images: Images{Mailpit: "axllent/mailpit:v1.30.5", IdentityServer: "threepid-conformance/mockidserver:" + Version},

		IdentityServer: IdentityServer{Listen: "127.0.0.1:0", SMSListen: "127.0.0.1:0"},

		Results:       "results",
		TimeoutFactor: 1,
	}
}

// Scale returns d multiplied by the time-out factor.
func (c Config) Scale(d time.Duration) time.Duration {
	return time.Duration(float64(d) * c.TimeoutFactor)
}

// Check returns what is wrong, in one sentence, or nil.
func (c Config) Check() error {
	if c.URL != "" {
		if err := checkURL("url", c.URL); err != nil {
			return err
		}
	} else if len(c.VariantURLs) > 0 {
		return fmt.Errorf("variant_urls needs url: the target %s starts its variants itself", c.Target)
	}
	for name, u := range c.VariantURLs {
		if err := checkURL("variant_urls."+name, u); err != nil {
			return err
		}
	}
	if c.Mail.MailpitURL != "" {
		if err := checkURL("mail.mailpit_url", c.Mail.MailpitURL); err != nil {
			return err
		}
	}
	for key, url := range map[string]string{"control_url": c.IdentityServer.ControlURL, "other_control_url": c.IdentityServer.OtherControlURL} {
		if url != "" {
			if err := checkURL("identity_server."+key, url); err != nil {
				return err
			}
		}
	}
	if c.IdentityServer.OtherControlURL != "" && c.IdentityServer.ControlURL == "" {
		return errors.New("identity_server.other_control_url is set without control_url; the first of two identity servers is named there")
	}
	for _, choice := range []struct {
		key, value string
		of         []string
	}{
		{"users.registration", c.Users.Registration, []string{"auto", "open", "token", "shared-secret", "given"}},
		{"sidecars", c.Sidecars, []string{"", Embedded, InContainers, External}},
		{"capabilities.mail", c.Capabilities.Mail, []string{"", "yes", "no", "auto"}},
		{"capabilities.sms", c.Capabilities.SMS, []string{"", "yes", "no", "auto"}},
		{"capabilities.identity_server", c.Capabilities.IdentityServer, []string{"", "yes", "no", "auto"}},
	} {
		if !slices.Contains(choice.of, choice.value) {
			return fmt.Errorf("%s is %q; it takes %s", choice.key, choice.value, strings.Join(nonEmpty(choice.of), ", "))
		}
	}
	for _, r := range c.Require {
		if !slices.Contains([]string{"mail", "sms", "identity-server", "declared"}, r) {
			return fmt.Errorf("require has %q; it takes mail, sms, identity-server and declared", r)
		}
	}
	switch {
	case c.Users.Registration == "token" && c.Users.RegistrationToken == "":
		return fmt.Errorf("users.registration is token, so users.registration_token is needed")
	case c.Users.Registration == "shared-secret" && c.Users.SharedSecret == "":
		return fmt.Errorf("users.registration is shared-secret, so users.shared_secret is needed")
	case c.Users.Registration == "given" && len(c.Users.Accounts) == 0:
		return fmt.Errorf("users.registration is given, so users.accounts needs at least one account")
	case c.TimeoutFactor <= 0 || c.TimeoutFactor > 100:
		return fmt.Errorf("timeout_factor is %v; it takes a number above 0, at most 100", c.TimeoutFactor)
	case c.Results == "":
		return fmt.Errorf("results is empty; give a folder for the reports")
	case c.Mail.Domain == "" || strings.ContainsAny(c.Mail.Domain, "@ /:"):
		return fmt.Errorf("mail.domain is %q; give a domain such as example.org", c.Mail.Domain)
	}
	if err := c.checkSidecars(); err != nil {
		return err
	}
	for i, a := range c.Users.Accounts {
		if !strings.HasPrefix(a.UserID, "@") || !strings.Contains(a.UserID, ":") {
			return fmt.Errorf("users.accounts[%d].user_id is %q; give a full user ID such as @alice:example.org", i, a.UserID)
		}
		if a.Password == "" && a.AccessToken == "" {
			return fmt.Errorf("users.accounts[%d] (%s) has neither password nor access_token; give at least one", i, a.UserID)
		}
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
