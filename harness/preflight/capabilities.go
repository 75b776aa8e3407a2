package preflight

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
)

// Mail decides whether specs that need mail run. It sends one probe when the
// declaration leaves it open.
func Mail(ctx context.Context, declared string, client *exchange.Client, mails *mailbox.Client, address, secret string, patience time.Duration) deploy.Capability {
	switch {
	case declared == deploy.No:
		return deploy.Capability{Declared: deploy.No, Why: "the deployment is declared to send no mail"}
	case declared == deploy.Yes:
		return deploy.Capability{Declared: deploy.Yes}
	case mails == nil:
		return deploy.Capability{Declared: deploy.Auto, Why: "there is no mail catcher"}
	}
	answer, err := client.Do(ctx, exchange.Request{
		Method: http.MethodPost,
		Path:   "/_matrix/client/v3/account/3pid/email/requestToken",
		Body:   map[string]any{"client_secret": secret, "email": address, "send_attempt": 1},
	})
	if err != nil {
		return deploy.Capability{Declared: deploy.Auto, Why: fmt.Sprintf("the probe for mail got no answer: %v", err)}
	}
	if !answer.OK() {
		return deploy.Capability{Declared: deploy.Auto, Why: fmt.Sprintf("the probe for mail was answered %d %s; set up the homeserver's SMTP server, or declare capabilities.mail", answer.Status, answer.Errcode())}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := mails.WaitFor(ctx, address, 1); err != nil && ctx.Err() == nil {
		return deploy.Capability{Declared: deploy.Auto, Why: fmt.Sprintf("the mail catcher cannot be asked: %v", err)}
	} else if err != nil {
		return deploy.Capability{Declared: deploy.Auto, Why: "the homeserver took the probe for mail, but nothing reached the catcher; point its SMTP settings there"}
	}
	return deploy.Capability{Declared: deploy.Auto, Works: true}
}
