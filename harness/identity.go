package harness

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/target"
	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

// identityServers are the two that a run has: specs about the server a client
// names need a second one that must not be asked.
var identityServers = []string{"identity", "other"}

// startIdentity makes the identity servers reachable: it starts two, which share
// a CA that stays between runs, or takes those that the user runs.
func (s *stage) startIdentity(ctx context.Context) error {
	c := session.config
	for _, url := range []string{c.IdentityServer.ControlURL, c.IdentityServer.OtherControlURL} {
		if url == "" {
			continue
		}
		info, err := control.New(url).Info(ctx)
		if err != nil {
			return fmt.Errorf("the identity server's control interface at %s cannot be asked: %w; start it, or correct the URL under identity_server", url, err)
		}
		s.world.Identity = append(s.world.Identity, url)
		s.world.IdentityServers = append(s.world.IdentityServers, info.IDServers...)
		if url == c.IdentityServer.ControlURL {
			s.world.IdentityCA, s.world.SMSDelegate = info.CAFile, info.SMSURL
		}
	}
	if len(s.world.Identity) > 0 {
		return nil
	}
	folder, err := caFolder(c.Path(c.IdentityServer.CADir))
	if err != nil {
		return err
	}
	for _, name := range identityServers {
		// It has to outlive the start, which ctx limits.
		server, err := mockidserver.Start(context.WithoutCancel(ctx), append(identityListeners(name), mockidserver.WithFolder(folder))...)
		if err != nil {
			return err
		}
		s.onClose(func(context.Context) error { return server.Close() })
		info := server.Info()
		s.world.Identity = append(s.world.Identity, server.ControlURL())
		s.world.IdentityServers = append(s.world.IdentityServers, info.IDServers...)
		if name == identityServers[0] {
			s.world.IdentityCA, s.world.SMSDelegate = info.CAFile, info.SMSURL
		}
	}
	return nil
}

// caFolder is where the CA is kept, so that a homeserver which trusts it once
// trusts it in every run.
func caFolder(configured string) (string, error) {
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
func (s *stage) tellIdentity(ctx context.Context) error {
	for _, url := range s.world.Identity {
		for _, hs := range s.world.Homeservers {
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

// IntroduceHomeserver tells an identity server where a user's homeserver
// publishes its keys. Those that the suite started are known; of a URL the server
// name shows no earlier than in a user ID.
func IntroduceHomeserver(ctx context.Context, at *control.Client, mxid string) error {
	hs := session.world.Homeservers[session.current.subject.Variant]
	_, serverName, found := strings.Cut(mxid, ":")
	if hs.ServerName != "" || !found {
		return nil
	}
	return at.AddHomeserver(ctx, control.Homeserver{ServerName: serverName, URL: hs.URL})
}

// observable decides whether specs that need SMS or the identity server run.
// Neither is probed yet: both have to be declared.
func observable(capability, said string, declared target.Declaration, url string) preflight.Capability {
	switch declaration(said, capability, declared, url) {
	case preflight.Yes:
		return preflight.Capability{Declared: preflight.Yes}
	case preflight.No:
		return preflight.Capability{Declared: preflight.No, Why: "the deployment is declared to have no " + capability}
	}
	why := fmt.Sprintf("declare capabilities.%s once the homeserver reaches the suite's identity server", map[string]string{SMS: "sms", IdentityServer: "identity_server"}[capability])
	return preflight.Capability{Declared: preflight.Auto, Why: why}
}

// Identity steers the identity server that specs name as id_server, and
// OtherIdentity a second one; nil where the deployment has none.
func Identity() *control.Client      { return identityServer(0) }
func OtherIdentity() *control.Client { return identityServer(1) }

func identityServer(n int) *control.Client {
	if n >= len(session.identity) {
		return nil
	}
	return session.identity[n]
}
