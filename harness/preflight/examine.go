package preflight

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"threepid-conformance/harness/advice"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/mockidserver/control"
)

// An Account is one that preflight may use.
type Account struct{ ID, Token string }

// An Examination looks at a deployment without judging it.
type Examination struct {
	deploy.Deployment
	Config      config.Config
	Spec        string // version whose schemas are used
	Client      *exchange.Client
	Connect     func(url string, deadline time.Duration) *exchange.Client
	Recorder    *exchange.Recorder
	Mails       *mailbox.Client
	Identity    *control.Client // nil where there is none of ours
	Introduce   func(ctx context.Context, mxid string) error
	MakeAccount func(context.Context) (Account, error) // the way specs do
}

// Run prints a line for each thing that the suite will need and reports whether
// nothing would spoil a run.
func (e Examination) Run(ctx context.Context, out io.Writer) (fine bool) {
	var account Account
	fine = true
	for _, check := range []struct {
		name string
		run  func() (finding string, err error)
	}{
		{"answers", func() (string, error) { return e.Client.Base(), nil }},
		{"versions", func() (string, error) {
			return fmt.Sprintf("%s; answers are checked against the schemas of %s", strings.Join(e.Main().Versions, " "), e.Spec), nil
		}},
		{"operations", func() (string, error) { return e.operationsRouted(), nil }},
		{"accounts", func() (string, error) {
			var err error
			if account, err = e.MakeAccount(ctx); err != nil {
				return "", fmt.Errorf("%w; %s", err, e.mend(advice.Registration))
			}
			return "one was made", nil
		}},
		{"capabilities", func() (string, error) { return e.changesAllowed(ctx, account) }},
		{"mail", func() (string, error) { return e.mailArrives(ctx) }},
		{"links", func() (string, error) { return e.linksLead(ctx) }},
		{"identity", func() (string, error) { return e.identityReached(ctx, account) }},
		{"sms", func() (string, error) { return e.smsArrives(ctx) }},
		{"rate limits", func() (string, error) { return e.limitsBite(ctx) }},
	} {
		finding, err := check.run()
		if err != nil {
			fine = false
			Say(out, "fail", check.name, err.Error())
		} else {
			Say(out, "ok", check.name, finding)
		}
	}
	return fine
}

// Say prints one line of an examination.
func Say(out io.Writer, state, name, text string) {
	fmt.Fprintf(out, "%-5s %-12s %s\n", state, name, strings.Join(strings.Fields(text), " "))
}

// operationsRouted says which operations the homeserver does not know. The run goes
// on without them and says so, too.
func (e Examination) operationsRouted() string {
	if missing := e.Main().NotRouted; len(missing) > 0 {
		return "not known to the homeserver: " + strings.Join(missing, ", ")
	}
	return "all are known to the homeserver"
}

// mailArrives asks for one validation mail, whatever was declared.
func (e Examination) mailArrives(ctx context.Context) (string, error) {
	if e.Capabilities[string(requirements.Mail)].Declared == deploy.No {
		return "declared to send none", nil
	}
	c := e.Config
	found := Mail(ctx, deploy.Auto, e.Client, e.Mails, e.probeAddress(), "preflight"+e.RunID, c.Scale(5*time.Second))
	if !found.Usable() {
		return "", fmt.Errorf("%s; the catcher takes mail at %s; %s", found.Why, e.SMTP, e.mend(advice.Mail))
	}
	return "a validation mail arrived", nil
}

// limitsBite asks ten times, each for another address, as a few specs do, and
// makes more accounts, as nearly all do.
func (e Examination) limitsBite(ctx context.Context) (string, error) {
	for n := range 10 {
		answer, err := e.Client.Do(ctx, exchange.Request{
			Method: http.MethodPost,
			Path:   "/_matrix/client/v3/account/3pid/email/requestToken",
			Body: map[string]any{"client_secret": fmt.Sprintf("preflight%s%d", e.RunID, n), "send_attempt": 1,
				"email": fmt.Sprintf("preflight%d.%s@%s", n, e.RunID, e.Config.Mail.Domain)},
		})
		if err != nil {
			return "", err
		}
		if answer.Status == http.StatusTooManyRequests {
			return "", fmt.Errorf("the %d. request in a row was refused with 429; a run would wait for long, so raise the limits; %s", n+1, e.mend(advice.RateLimits))
		}
	}
	if len(e.Config.Users.Accounts) > 0 {
		return "ten requests in a row were not limited", nil // and accounts are given
	}
	limited := accountsLimited(ctx, e.MakeAccount)
	if limited != "" {
		return "", fmt.Errorf("%s was refused with 429; a run makes hundreds of accounts, so raise the limits; %s", limited, e.mend(advice.RateLimits))
	}
	return "ten requests and six accounts in a row were not limited", nil
}

// accountsLimited makes five accounts, beside the one that was made for a look,
// and returns the request that came too soon, or nothing. What else keeps
// accounts from being made was said already.
func accountsLimited(ctx context.Context, makeAccount func(context.Context) (Account, error)) (request string) {
	ctx = exchange.Impatient(ctx, func(a *exchange.Response) { request = a.Method + " " + a.URL })
	for range 5 {
		if _, err := makeAccount(ctx); err != nil {
			break
		}
	}
	return request
}
