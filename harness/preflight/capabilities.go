package preflight

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
)

// What a user or a target can say about a capability.
const (
	Yes  = "yes"  // it is there; what does not work fails
	No   = "no"   // it is not there; what needs it is not tested
	Auto = "auto" // try it; what needs it is not tested if it does not work
)

// A Capability is something specs need of the deployment: mail, sms,
// identity-server.
type Capability struct {
	Declared string // Yes, No or Auto
	Works    bool   // found by the probe; only asked for Auto
	Why      string // one sentence when specs cannot use it
}

// Usable reports whether specs that need the capability run.
func (c Capability) Usable() bool {
	return c.Declared == Yes || c.Declared == Auto && c.Works
}

// Mail decides whether specs that need mail run. It sends one probe when the
// declaration leaves it open.
func Mail(ctx context.Context, declared string, client *exchange.Client, mails *mailbox.Client, address, secret string, patience time.Duration) Capability {
	switch {
	case declared == No:
		return Capability{Declared: No, Why: "the deployment is declared to send no mail"}
	case declared == Yes:
		return Capability{Declared: Yes}
	case mails == nil:
		return Capability{Declared: Auto, Why: "there is no mail catcher"}
	}
	answer, err := client.Do(ctx, exchange.Request{
		Method: http.MethodPost,
		Path:   "/_matrix/client/v3/account/3pid/email/requestToken",
		Body:   map[string]any{"client_secret": secret, "email": address, "send_attempt": 1},
	})
	if err != nil {
		return Capability{Declared: Auto, Why: fmt.Sprintf("the probe for mail got no answer: %v", err)}
	}
	if !answer.OK() {
		return Capability{Declared: Auto, Why: fmt.Sprintf("the probe for mail was answered %d %s; set up the homeserver's SMTP server, or declare capabilities.mail", answer.Status, answer.Errcode())}
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if _, err := mails.WaitFor(ctx, address, 1); err != nil && ctx.Err() == nil {
		return Capability{Declared: Auto, Why: fmt.Sprintf("the mail catcher cannot be asked: %v", err)}
	} else if err != nil {
		return Capability{Declared: Auto, Why: "the homeserver took the probe for mail, but nothing reached the catcher; point its SMTP settings there"}
	}
	return Capability{Declared: Auto, Works: true}
}
