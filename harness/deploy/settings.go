package deploy

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"threepid-conformance/harness/advice"
	"threepid-conformance/harness/config"
	"threepid-conformance/mockidserver/pki"
)

// Ports that are proposed where the configuration leaves them open: a homeserver
// has to be told before the run starts.
const (
	proposedSMTP     = 2525
	proposedIdentity = 8443
	proposedSMS      = 8090
	proposedURL      = "http://127.0.0.1:8008"
)

// Settings are what the homeserver of that name needs in its configuration for a
// run with this one, and the command that then runs the suite.
func Settings(c config.Config, server string) (string, error) {
	folder, err := caFolder(c)
	if err != nil {
		return "", err
	}
	authority, err := pki.Open(folder)
	if err != nil {
		return "", err
	}
	smtp, err := settled(c.Mail.SMTPListen, proposedSMTP)
	if err != nil {
		return "", fmt.Errorf("mail.smtp_listen is %q; give an IP address and a port such as 127.0.0.1:2525", c.Mail.SMTPListen)
	}
	identity, err := settled(c.IdentityServer.Listen, proposedIdentity)
	if err != nil {
		return "", err
	}
	sms, err := settled(c.IdentityServer.SMSListen, proposedSMS)
	if err != nil {
		return "", err
	}
	url := strings.TrimSuffix(c.URL, "/")
	if url == "" {
		url = proposedURL
	}
	reached := func(at netip.AddrPort) string {
		if c.IdentityServer.Host != "" {
			return net.JoinHostPort(c.IdentityServer.Host, fmt.Sprint(at.Port()))
		}
		return at.String()
	}
	text, err := advice.Config(server, advice.Values{
		URL: url, SMTPHost: smtp.Addr().String(), SMTPPort: fmt.Sprint(smtp.Port()),
		CAFile: authority.Path(), IDServers: []string{reached(identity)}, SMSDelegate: "http://" + reached(sms),
	})
	if err != nil {
		return "", err
	}
	return text + fmt.Sprintf("\n# Then: conformance preflight --url=%s --mail-smtp-listen=%s --identity-server-listen=%s --identity-server-sms-listen=%s\n",
		url, smtp, identity, sms), nil
}

// settled is an address with the proposed port in place of an open one.
func settled(address string, port uint16) (netip.AddrPort, error) {
	at, err := netip.ParseAddrPort(address)
	if err == nil && at.Port() == 0 {
		at = netip.AddrPortFrom(at.Addr(), port)
	}
	return at, err
}
