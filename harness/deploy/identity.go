package deploy

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"

	"threepid-conformance/harness/config"
	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

// identityServers are the two that a run has: specs about the server a client
// names need a second one that must not be asked.
var identityServers = []string{"identity", "other"}

// startIdentity makes the identity servers reachable: it starts two, which share
// a CA that stays between runs, or takes those that the user runs.
func (s *Servers) startIdentity(ctx context.Context) error {
	c := s.config
	for _, url := range []string{c.IdentityServer.ControlURL, c.IdentityServer.OtherControlURL} {
		if url == "" {
			continue
		}
		info, err := control.New(url).Info(ctx)
		if err != nil {
			return fmt.Errorf("the identity server's control interface at %s cannot be asked: %w; start it, or correct the URL under identity_server", url, err)
		}
		s.Identity = append(s.Identity, url)
		s.IdentityServers = append(s.IdentityServers, info.IDServers...)
		if url == c.IdentityServer.ControlURL {
			s.IdentityCA, s.SMSDelegate = info.CAFile, info.SMSURL
		}
	}
	if len(s.Identity) > 0 {
		return nil
	}
	folder, err := caFolder(c)
	if err != nil {
		return err
	}
	for _, name := range identityServers {
		// It has to outlive the start, which ctx limits.
		server, err := mockidserver.Start(context.WithoutCancel(ctx), identityConfig(c, name, folder))
		if err != nil {
			return err
		}
		s.onClose(func(context.Context) error { return server.Close() })
		info := server.Info()
		s.Identity = append(s.Identity, server.ControlURL())
		s.IdentityServers = append(s.IdentityServers, info.IDServers...)
		if name == identityServers[0] {
			s.IdentityCA, s.SMSDelegate = info.CAFile, info.SMSURL
		}
	}
	return nil
}

// caFolder is where the CA is kept, so that a homeserver which trusts it once
// trusts it in every run.
func caFolder(c config.Config) (string, error) {
	configured := c.Path(c.IdentityServer.CADir)
	if configured == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			cache = os.TempDir()
		}
		configured = filepath.Join(cache, "threepid-conformance", "ca")
	}
	if err := os.MkdirAll(configured, 0o700); err != nil {
		return "", fmt.Errorf("the identity server's CA cannot be kept: %w; choose another folder with identity_server.ca_dir", err)
	}
	return configured, nil
}

// tellIdentity lets the identity servers know where the homeservers publish the
// keys that they sign with.
func (s *Servers) tellIdentity(ctx context.Context) error {
	for _, url := range s.Identity {
		for _, hs := range s.Homeservers {
			if hs.ServerName == "" {
				continue
			}
			at := hs.URL
			if hs.NetworkURL != "" {
				at = hs.NetworkURL
			}
			if err := control.New(url).AddHomeserver(ctx, control.Homeserver{ServerName: hs.ServerName, URL: at}); err != nil {
				return err
			}
		}
	}
	return nil
}

// identityListen is where an identity server of ours listens. Only the first one
// has ports of the user's choice: it is the one that a homeserver is told of.
func identityListen(all config.Config, name string) (bind string, identity, sms int, host string) {
	c := all.IdentityServer
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

// identityConfig is the same for an embedded server.
func identityConfig(c config.Config, name, folder string) mockidserver.Config {
	bind, identity, sms, host := identityListen(c, name)
	server := mockidserver.Config{Name: name, Folder: folder, Bind: bind, Port: identity, SMSPort: sms}
	if host != "" {
		server.Hosts = []string{host}
	}
	return server
}

// identityFlags are the same as flags of the command.
func identityFlags(c config.Config, name string) []string {
	bind, identity, sms, host := identityListen(c, name)
	flags := []string{"--bind=" + bind, port("--port", identity), port("--sms-port", sms)}
	if host != "" {
		flags = append(flags, "--host="+host)
	}
	return flags
}
