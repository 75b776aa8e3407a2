package config

import (
	"fmt"
	"net/netip"
)

// What Config.Sidecars can be; "" leaves the choice to the run.
const (
	Embedded     = "embedded"
	InContainers = "containers"
	External     = "external"
)

// checkSidecars returns what is wrong with the settings of mail catcher and
// identity servers, or nil.
func (c Config) checkSidecars() error {
	if c.Sidecars == External && c.Mail.MailpitURL == "" {
		return fmt.Errorf("sidecars is external, so mail.mailpit_url is needed (and identity_server.control_url for what needs an identity server or SMS)")
	}
	identity, err := netip.ParseAddrPort(c.IdentityServer.Listen)
	if err != nil {
		return fmt.Errorf("identity_server.listen is %q; give an IP address and a port such as 127.0.0.1:8443, port 0 for any free one", c.IdentityServer.Listen)
	}
	sms, err := netip.ParseAddrPort(c.IdentityServer.SMSListen)
	if err != nil {
		return fmt.Errorf("identity_server.sms_listen is %q; give an IP address and a port such as 127.0.0.1:8090, port 0 for any free one", c.IdentityServer.SMSListen)
	}
	if identity.Addr() != sms.Addr() {
		return fmt.Errorf("identity_server.listen and identity_server.sms_listen are one program's: give both the same IP address")
	}
	if c.Images.Mailpit == "" || c.Images.IdentityServer == "" {
		return fmt.Errorf("images.mailpit and images.identity_server name container images; neither may be empty")
	}
	return nil
}
