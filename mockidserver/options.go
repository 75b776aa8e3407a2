package mockidserver

import (
	"fmt"
	"net"
	"regexp"
	"time"

	"threepid-conformance/mockidserver/control"
)

// Option changes how [Start] sets up a server.
type Option func(*settings) error

type settings struct {
	name          string
	folder        string
	bind          string
	controlBind   string
	port          int
	smsPort       int
	controlPort   int
	smsTLS        bool
	hosts         []string
	advertise     string
	homeservers   []control.Homeserver
	termsRequired bool
	scopeIdle     time.Duration
	journalBytes  int
}

func defaults() settings {
	return settings{
		name:         "identity",
		bind:         "127.0.0.1",
		controlBind:  "127.0.0.1",
		hosts:        []string{"localhost", "127.0.0.1", "::1"},
		advertise:    "127.0.0.1",
		scopeIdle:    2 * time.Hour,
		journalBytes: 256 << 20,
	}
}

// WithName names the server. Each name has a signing key of its own in the
// folder. The default is "identity".
func WithName(name string) Option {
	return func(s *settings) error {
		for _, r := range name {
			if !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-') {
				return fmt.Errorf("the name %q of an identity server is not made of a-z, 0-9 and -", name)
			}
		}
		if name == "" {
			return fmt.Errorf("the name of an identity server is empty")
		}
		s.name = name
		return nil
	}
}

// WithFolder keeps the CA and the signing keys in a folder, so that the next
// run is trusted by whoever trusts this one. Servers may share a folder, also
// at the same time. Without it both are new at each start.
func WithFolder(folder string) Option {
	return func(s *settings) error { s.folder = folder; return nil }
}

// WithPort fixes the port of the identity service. 0, the default, is any free one.
func WithPort(port int) Option {
	return func(s *settings) error { s.port = port; return nil }
}

// WithSMSPort fixes the port of the SMS delegate.
func WithSMSPort(port int) Option {
	return func(s *settings) error { s.smsPort = port; return nil }
}

// WithControlPort fixes the port of the control interface.
func WithControlPort(port int) Option {
	return func(s *settings) error { s.controlPort = port; return nil }
}

// WithBind listens on another address than loopback, such as 0.0.0.0 for
// homeservers in containers. The control interface stays on loopback.
func WithBind(address string) Option {
	return func(s *settings) error {
		if net.ParseIP(address) == nil {
			return fmt.Errorf("cannot bind to %q: it is not an IP address", address)
		}
		s.bind = address
		return nil
	}
}

// WithControlBind moves the control interface off loopback, as a container
// needs it. Whoever reaches it can do everything.
func WithControlBind(address string) Option {
	return func(s *settings) error {
		if net.ParseIP(address) == nil {
			return fmt.Errorf("cannot bind the control interface to %q: it is not an IP address", address)
		}
		s.controlBind = address
		return nil
	}
}

// hostForm is what a host name looks like.
var hostForm = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.-]{0,252}$`)

// WithHosts adds names and IP addresses under which homeservers reach the
// server. They become part of its certificate, and are accepted as destination
// of signed requests. The first one is advertised as id_server.
func WithHosts(hosts ...string) Option {
	return func(s *settings) error {
		for _, host := range hosts {
			if net.ParseIP(host) == nil && !hostForm.MatchString(host) {
				return fmt.Errorf("%q is neither a host name nor an IP address", host)
			}
		}
		if len(hosts) > 0 {
			s.advertise = hosts[0]
		}
		s.hosts = append(s.hosts, hosts...)
		return nil
	}
}

// WithSMSOverTLS makes the SMS delegate speak https instead of http.
func WithSMSOverTLS() Option {
	return func(s *settings) error { s.smsTLS = true; return nil }
}

// WithHomeserver tells where a server name is reached, or which key it signs
// with; see [control.Homeserver]. Homeservers can also be added later.
func WithHomeserver(hs control.Homeserver) Option {
	return func(s *settings) error { s.homeservers = append(s.homeservers, hs); return nil }
}

// WithTermsRequired makes tokens from account/register need consent to the
// terms. Tokens minted by control have their own switch.
func WithTermsRequired() Option {
	return func(s *settings) error { s.termsRequired = true; return nil }
}

// WithScopeIdle closes scopes that nobody used for that long, as the owner has
// gone without closing them. The default is two hours.
func WithScopeIdle(idle time.Duration) Option {
	return func(s *settings) error { s.scopeIdle = idle; return nil }
}
