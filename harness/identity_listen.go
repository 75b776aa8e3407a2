package harness

import (
	"net/netip"

	"threepid-conformance/mockidserver"
)

// identityListen is where an identity server of ours listens. Only the first one
// has ports of the user's choice: it is the one that a homeserver is told of.
func identityListen(name string) (bind string, identity, sms int, host string) {
	c := session.config.IdentityServer
	at, on := netip.MustParseAddrPort(c.Listen), netip.MustParseAddrPort(c.SMSListen) // checked with the configuration
	bind, host = at.Addr().String(), c.Host
	if name == identityServers[0] {
		identity, sms = int(at.Port()), int(on.Port())
	}
	if host == "" && !at.Addr().IsLoopback() && !at.Addr().IsUnspecified() {
		host = bind
	}
	return bind, identity, sms, host
}

// identityListeners are the same as options of an embedded server.
func identityListeners(name string) []mockidserver.Option {
	bind, identity, sms, host := identityListen(name)
	options := []mockidserver.Option{
		mockidserver.WithName(name), mockidserver.WithBind(bind),
		mockidserver.WithPort(identity), mockidserver.WithSMSPort(sms),
	}
	if host != "" {
		options = append(options, mockidserver.WithHosts(host))
	}
	return options
}

// identityFlags are the same as flags of the command.
func identityFlags(name string) []string {
	bind, identity, sms, host := identityListen(name)
	flags := []string{"--bind=" + bind, port("--port", identity), port("--sms-port", sms)}
	if host != "" {
		flags = append(flags, "--host="+host)
	}
	return flags
}
