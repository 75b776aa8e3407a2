package preflight

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"threepid-conformance/harness/advice"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/schemas"
)

// mend says what to set on the homeserver that is looked at, or on each of those
// that are known where it does not say which it is.
func (e Examination) mend(p advice.Problem) string {
	v := advice.Values{URL: e.Main().URL, CAFile: e.IdentityCA, IDServers: e.IdentityServers, SMSDelegate: e.SMSDelegate}
	v.SMTPHost, v.SMTPPort, _ = net.SplitHostPort(e.SMTP) // "" where it is not ours to know
	return advice.Mend(p, advice.Recognise(e.Main().Software), v)
}

// probeAddress receives preflight's mail.
func (e Examination) probeAddress() string {
	return fmt.Sprintf("preflight.%s@%s", e.RunID, e.Config.Mail.Domain)
}

// changesAllowed reads the capability that decides whether identifiers can be changed.
func (e Examination) changesAllowed(ctx context.Context, account Account) (string, error) {
	if account.Token == "" {
		return "not asked, without an account", nil
	}
	answer, err := e.Client.Do(ctx, exchange.Request{Method: http.MethodGet, Path: "/_matrix/client/v3/capabilities", Token: account.Token})
	if err != nil {
		return "", err
	}
	all, _ := answer.JSON["capabilities"].(map[string]any)
	changes, _ := all["m.3pid_changes"].(map[string]any)
	if changes["enabled"] == false {
		return "", fmt.Errorf("m.3pid_changes is disabled, so little can be tested; for Synapse: enable_3pid_changes: true")
	}
	return "m.3pid_changes is not disabled", nil
}

// linksLead follows the base URL in the mail that came, on a homeserver whose
// settings are not the suite's.
func (e Examination) linksLead(ctx context.Context) (string, error) {
	if e.How != "url" {
		return "the suite has set where they lead", nil
	}
	mails, err := e.Mails.Find(ctx, e.probeAddress())
	if err != nil || len(mails) == 0 {
		return "not seen, without a mail", nil
	}
	links := mails[0].Links()
	if len(links) == 0 {
		return "the mail has none", nil
	}
	u, err := url.Parse(links[0])
	if err != nil {
		return "", fmt.Errorf("the link in the mail is no URL: %w", err)
	}
	base := u.Scheme + "://" + u.Host
	if strings.HasPrefix(links[0], e.Client.Base()+"/") {
		return "they lead to " + e.Client.Base(), nil
	}
	client := e.Connect(base, e.Config.Scale(3*time.Second))
	if _, err := Versions(ctx, client); err != nil {
		return "", fmt.Errorf("links in mails lead to %s, where no homeserver answers; the suite goes to %s instead, but users cannot; %s", base, e.Client.Base(), e.mend(advice.PublicURL))
	}
	return fmt.Sprintf("they lead to %s; the suite goes to %s instead", base, e.Client.Base()), nil
}

// identityReached has the homeserver ask our identity server, in whichever way
// it knows, and looks at what arrived there.
func (e Examination) identityReached(ctx context.Context, account Account) (string, error) {
	at := e.Identity
	switch {
	case e.Capabilities[string(requirements.IdentityServer)].Declared == deploy.No:
		return "declared to be reached by nobody", nil
	case at == nil:
		return "there is none of ours", nil
	case account.Token == "":
		return "not asked, without an account", nil
	}
	if err := e.Introduce(ctx, account.ID); err != nil {
		return "", err
	}
	scope, err := at.OpenScope(ctx, "preflight", control.MXID(account.ID))
	if err != nil {
		return "", err
	}
	defer scope.Close(ctx)
	request, err := e.identityQuestion(ctx, scope, account, scope.IDServer())
	if err != nil {
		return "", err
	}
	answer, err := e.Client.Do(ctx, request)
	if err != nil {
		return "", err
	}
	found, err := scope.Reachability(ctx)
	if err != nil {
		return "", err
	}
	switch {
	case found.Verdict == control.ReachRequests:
		return fmt.Sprintf("it asked %s over TLS and trusts it", scope.IDServer()), nil
	case answer.Errcode() == "M_SERVER_NOT_TRUSTED":
		return "", fmt.Errorf("the homeserver keeps a list of identity servers, and %s is not on it; %s", scope.IDServer(), e.mend(advice.IdentityList))
	case found.Verdict == control.ReachUntrusted:
		return "", fmt.Errorf("the homeserver reaches %s but does not trust its certificate authority; %s", scope.IDServer(), e.mend(advice.CA))
	case answer.OK():
		return "it asks none: binding is not known to it, and it mails itself", nil
	case found.Connections > 0 && found.Verdict != control.ReachOthersOnly:
		return "", fmt.Errorf("the homeserver comes to %s without asking anything: %s; %s", scope.IDServer(), found.Sentence, e.mend(advice.CA))
	}
	return "", fmt.Errorf("no connection came to %s and the homeserver answered %d %s: it blocks private addresses, uses a proxy or cannot route there; %s; where it is on another machine, identity_server.listen and identity_server.host say how it gets here",
		scope.IDServer(), answer.Status, answer.Errcode(), e.mend(advice.PrivateAddresses))
}

// identityQuestion is a request that makes the homeserver ask its identity server:
// a bind or, for those without it, a validation mail by an older API.
func (e Examination) identityQuestion(ctx context.Context, scope *control.Scope, account Account, idServer string) (exchange.Request, error) {
	token, err := scope.MintToken(ctx, account.ID)
	if err != nil {
		return exchange.Request{}, err
	}
	body := map[string]any{"id_server": idServer, "id_access_token": token}
	address := fmt.Sprintf("identity.%s@%s", e.RunID, e.Config.Mail.Domain)
	path := "/_matrix/client/v3/account/3pid/bind"
	if bind, known := schemas.OperationFor(http.MethodPost, path); known && slices.Contains(e.Main().NotRouted, bind.ID) {
		path = "/_matrix/client/v3/account/3pid/email/requestToken"
		body["client_secret"], body["email"], body["send_attempt"] = "identity"+e.RunID, address, 1
		if err := scope.Own(ctx, control.Address(address)); err != nil {
			return exchange.Request{}, err
		}
	} else {
		s, err := scope.ValidatedSession(ctx, control.Email, address)
		if err != nil {
			return exchange.Request{}, err
		}
		body["sid"], body["client_secret"] = s.SID, s.ClientSecret
		e.Recorder.Secret("client_secret", s.ClientSecret)
	}
	e.Recorder.Secret("id_access_token", token)
	return exchange.Request{Method: http.MethodPost, Path: path, Token: account.Token, Body: body}, nil
}

// smsArrives asks for one SMS to a number of fiction and looks for its code at the
// delegate.
func (e Examination) smsArrives(ctx context.Context) (string, error) {
	at := e.Identity
	switch {
	case e.Capabilities[string(requirements.SMS)].Declared == deploy.No:
		return "declared to send none", nil
	case at == nil:
		return "there is no delegate of ours", nil
	}
	national, international := fictionNumber()
	answer, err := e.Client.Do(ctx, exchange.Request{
		Method: http.MethodPost, Path: "/_matrix/client/v3/account/3pid/msisdn/requestToken",
		Body: map[string]any{"client_secret": "preflight" + e.RunID, "country": "US", "phone_number": national, "send_attempt": 1},
	})
	if err != nil {
		return "", err
	}
	codes, err := at.Codes(ctx, control.Address(international))
	if err != nil {
		return "", err
	}
	if answer.OK() && len(codes) > 0 {
		return "an SMS came to the delegate", nil
	}
	return "", fmt.Errorf("no SMS came to the delegate, and the homeserver answered %d %s; %s; or declare capabilities.sms=no", answer.Status, answer.Errcode(), e.mend(advice.SMS))
}

// fictionNumber is one of those that the North American plan keeps for fiction,
// as dialled there and with the country.
func fictionNumber() (national, international string) {
	n, _ := rand.Int(rand.Reader, big.NewInt(100)) // crypto/rand does not fail
	national = fmt.Sprintf("20255501%02d", n)
	return national, "1" + national
}
