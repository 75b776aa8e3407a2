package harness

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"threepid-conformance/harness/advice"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/preflight"
)

// A check is one line of Examine: what is looked at, and what is wrong with the
// sentence that mends it.
type check struct {
	name string
	look func(ctx context.Context) (finding string, err error)
}

// Examine looks at a deployment without judging it and prints a line for each
// thing that the suite will need. makeAccount makes an account the way specs do.
// It returns 0 when a run can start, 1 when something would spoil it.
func Examine(c config.Config, makeAccount func(context.Context) (Account, error), out io.Writer) int {
	scratch, err := scratchFolder("threepid-conformance-preflight-")
	if err != nil {
		fmt.Fprintln(out, err)
		return ExitUsage
	}
	defer os.RemoveAll(scratch)
	c.Results = scratch // the target's log goes there, and no report is touched
	session.config = c

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	st, err := setUp(ctx, selection{needs: map[string]bool{SMS: true, IdentityServer: true}}, nil, out)
	if err != nil {
		return examined(out, "fail", "set-up", err.Error())
	}
	defer st.Close()
	if err := enter(st.world, nil, 1); err != nil {
		return examined(out, "fail", "set-up", err.Error())
	}

	var account Account
	worst := ExitOK
	for _, ch := range []check{
		{"answers", func(context.Context) (string, error) { return Homeserver().Base(), nil }},
		{"versions", versionsAdvertised},
		{"operations", operationsRouted},
		{"accounts", func(ctx context.Context) (string, error) {
			var err error
			if account, err = makeAccount(ctx); err != nil {
				return "", fmt.Errorf("%w; %s", err, mend(advice.Registration))
			}
			return "one was made", nil
		}},
		{"capabilities", func(ctx context.Context) (string, error) { return changesAllowed(ctx, account) }},
		{"mail", mailArrives},
		{"links", linksLead},
		{"identity", func(ctx context.Context) (string, error) { return identityReached(ctx, account) }},
		{"sms", smsArrives},
		{"rate limits", func(ctx context.Context) (string, error) { return limitsBite(ctx, makeAccount) }},
	} {
		finding, err := ch.look(ctx)
		if err == nil {
			examined(out, "ok", ch.name, finding)
		} else {
			worst = examined(out, "fail", ch.name, err.Error())
		}
	}
	return worst
}

func examined(out io.Writer, state, name, text string) int {
	fmt.Fprintf(out, "%-5s %-12s %s\n", state, name, strings.Join(strings.Fields(text), " "))
	return ExitFail
}

func versionsAdvertised(context.Context) (string, error) {
	list := advertised()
	return fmt.Sprintf("%s; answers are checked against the schemas of %s", strings.Join(list, " "), specVersion), nil
}

func operationsRouted(context.Context) (string, error) {
	missing := session.world.mainServer().Facts.NotRouted
	if len(missing) > 0 {
		// The run goes on without them and says so.
		return "not known to the homeserver: " + strings.Join(missing, ", "), nil
	}
	return "all eight are known to the homeserver", nil
}

// mailArrives asks for one validation mail, whatever was declared.
func mailArrives(ctx context.Context) (string, error) {
	if session.world.Capabilities[Mail].Declared == preflight.No {
		return "declared to send none", nil
	}
	c := session.config
	found := preflight.Mail(ctx, preflight.Auto, Homeserver(), Mailbox(), probeAddress(), "preflight"+RunID(), c.Scale(5*time.Second))
	if !found.Usable() {
		return "", fmt.Errorf("%s; the catcher takes mail at %s; %s", found.Why, session.world.SMTP, mend(advice.Mail))
	}
	return "a validation mail arrived", nil
}

// limitsBite asks ten times, each for another address, as a few specs do, and
// makes more accounts, as nearly all do.
func limitsBite(ctx context.Context, makeAccount func(context.Context) (Account, error)) (string, error) {
	for n := range 10 {
		answer, err := Homeserver().Do(ctx, exchange.Request{
			Method: http.MethodPost,
			Path:   "/_matrix/client/v3/account/3pid/email/requestToken",
			Body: JSON{"client_secret": fmt.Sprintf("preflight%s%d", RunID(), n), "send_attempt": 1,
				"email": fmt.Sprintf("preflight%d.%s@%s", n, RunID(), session.config.Mail.Domain)},
		})
		if err != nil {
			return "", err
		}
		if answer.Status == http.StatusTooManyRequests {
			return "", fmt.Errorf("the %d. request in a row was refused with 429; a run would wait for long, so raise the limits; %s", n+1, mend(advice.RateLimits))
		}
	}
	if len(session.config.Users.Accounts) > 0 {
		return "ten requests in a row were not limited", nil // and accounts are given
	}
	limited := accountsLimited(ctx, makeAccount)
	if limited != "" {
		return "", fmt.Errorf("%s was refused with 429; a run makes hundreds of accounts, so raise the limits; %s", limited, mend(advice.RateLimits))
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
