package mockidserver

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"time"

	"threepid-conformance/mockidserver/control"
)

// Config says how [Start] sets up a server. The zero value is a server on free
// loopback ports with a CA that nobody trusts yet.
type Config struct {
	// Name is made of a-z, 0-9 and -; "identity" if empty. Each name has a signing
	// key of its own in the folder.
	Name string

	// Folder keeps the CA and the signing keys, so that the next run is trusted by
	// whoever trusts this one. Servers may share a folder, also at the same time.
	// Without it both are new at each start.
	Folder string

	// Bind is the IP address to listen on, such as 0.0.0.0 for homeservers in
	// containers; 127.0.0.1 and ::1 if empty. The control interface stays on
	// loopback unless ControlBind moves it. Whoever reaches it can do everything.
	Bind, ControlBind string

	// Ports of the identity service, the SMS delegate and the control interface. 0
	// is any free one.
	Port, SMSPort, ControlPort int

	// SMSOverTLS makes the SMS delegate speak https instead of http.
	SMSOverTLS bool

	// Hosts are further names and IP addresses under which homeservers reach the
	// server. They become part of its certificate, and are accepted as destination
	// of signed requests. The first one is advertised as id_server.
	Hosts []string

	// Homeservers says where server names are reached, or which keys they sign
	// with. More can be added later.
	Homeservers []control.Homeserver

	// TermsRequired makes tokens from account/register need consent to the terms.
	// Tokens minted by control have their own switch.
	TermsRequired bool

	// ScopeIdle closes scopes that nobody used for that long, as the owner has gone
	// without closing them; two hours if 0.
	ScopeIdle time.Duration
}

var (
	nameForm = regexp.MustCompile(`^[a-z0-9-]+$`)
	hostForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,252}$`)
)

// complete fills in defaults and refuses what makes no sense.
func (c Config) complete() (Config, error) {
	c.Name = cmp.Or(c.Name, "identity")
	c.Bind, c.ControlBind = cmp.Or(c.Bind, "127.0.0.1"), cmp.Or(c.ControlBind, "127.0.0.1")
	c.ScopeIdle = cmp.Or(c.ScopeIdle, 2*time.Hour)
	if !nameForm.MatchString(c.Name) {
		return c, fmt.Errorf("the name %q of an identity server is not made of a-z, 0-9 and -", c.Name)
	}
	for _, address := range []string{c.Bind, c.ControlBind} {
		if net.ParseIP(address) == nil {
			return c, fmt.Errorf("cannot bind to %q: it is not an IP address", address)
		}
	}
	for _, host := range c.Hosts {
		if net.ParseIP(host) == nil && !hostForm.MatchString(host) {
			return c, fmt.Errorf("%q is neither a host name nor an IP address", host)
		}
	}
	return c, nil
}
