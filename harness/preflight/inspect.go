package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/target"
)

// Inspect asks the homeservers of a deployment about themselves and settles the
// capabilities; what it finds it writes into the deployment. It returns the
// responses of the operations that the main homeserver does not know, by
// operationId. Its errors are one sentence for the user. connect makes a client.
func Inspect(ctx context.Context, c config.Config, s *deploy.Servers, connect func(url string, deadline time.Duration) *exchange.Client) (notRouted map[string]*exchange.Response, err error) {
	for variant, hs := range s.Homeservers {
		// A small factor is for specs; a start under load still takes its time.
		hs.Versions, err = Versions(ctx, connect(hs.URL, max(5*time.Second, c.Scale(5*time.Second))))
		if err != nil {
			if variant != target.Main {
				err = fmt.Errorf("variant %s: %w", variant, err)
			}
			return nil, err
		}
		if variant == target.Main {
			notRouted = NotRouted(ctx, connect(hs.URL, c.Scale(10*time.Second)), c.Scale(5*time.Second))
			hs.NotRouted = slices.Sorted(maps.Keys(notRouted))
		}
		s.Homeservers[variant] = hs
	}
	mails := mailbox.New(s.MailAPI)
	probe := fmt.Sprintf("probe.%s@%s", s.RunID, c.Mail.Domain)
	client := connect(s.Main().URL, c.Scale(10*time.Second))
	s.Capabilities = map[string]deploy.Capability{
		string(requirements.Mail): Mail(ctx, declaration(c, requirements.Mail, s.Declares), client, mails, probe, "probe"+s.RunID, c.Scale(5*time.Second)),
	}
	for _, need := range []requirements.Need{requirements.SMS, requirements.IdentityServer} {
		s.Capabilities[string(need)] = observable(need, declaration(c, need, s.Declares))
	}
	return notRouted, require(c, s)
}

// declaration combines what the user and the target say of a capability.
func declaration(c config.Config, need requirements.Need, declared target.Declaration) string {
	said := map[requirements.Need]string{
		requirements.Mail: c.Capabilities.Mail, requirements.SMS: c.Capabilities.SMS, requirements.IdentityServer: c.Capabilities.IdentityServer,
	}[need]
	switch {
	case said != "":
		return said
	case c.URL != "":
		return deploy.Auto
	case slices.Contains(declared.Capabilities, string(need)):
		return deploy.Yes
	}
	return deploy.No
}

// observable decides whether specs that need SMS or the identity server run.
// Neither is probed yet: both have to be declared.
func observable(need requirements.Need, declared string) deploy.Capability {
	switch declared {
	case deploy.Yes:
		return deploy.Capability{Declared: deploy.Yes}
	case deploy.No:
		return deploy.Capability{Declared: deploy.No, Why: fmt.Sprintf("the deployment is declared to have no %s", need)}
	}
	setting := map[requirements.Need]string{requirements.SMS: "sms", requirements.IdentityServer: "identity_server"}[need]
	return deploy.Capability{Declared: deploy.Auto, Why: fmt.Sprintf("declare capabilities.%s once the homeserver reaches the suite's identity server", setting)}
}

// require makes a missing capability an error where the user asked for that.
func require(c config.Config, s *deploy.Servers) error {
	wanted := slices.Clone(c.Require)
	if i := slices.Index(wanted, "declared"); i >= 0 {
		wanted = append(slices.Delete(wanted, i, i+1), s.Declares.Capabilities...)
	}
	for _, capability := range wanted {
		if got := s.Capabilities[capability]; !got.Usable() {
			return fmt.Errorf("the run requires %s, which is not there: %s", capability, got.Why)
		}
	}
	return nil
}
