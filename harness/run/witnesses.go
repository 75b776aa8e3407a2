package run

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/mockidserver/control"
)

// What our identity servers, the SMS delegate and the mailbox have seen of a spec
// is read when it ends and recorded beside the requests that it sent, so that a
// report tells one story. It is evidence only: no verdict hangs on it, and a
// witness that cannot be asked fails nothing.

// mostWitnessed is how many records one witness adds to a spec.
const mostWitnessed = 40

// witnessPatience is how long a witness is waited for.
const witnessPatience = 5 * time.Second

// UntilSpecEnds closes a scope when the running spec and its clean-up are over, and
// records what was seen in it.
func UntilSpecEnds(scope *control.Scope) {
	current.spec.scopes = append(current.spec.scopes, scope)
}

// closeScopes does so, with the one first that was opened last.
func closeScopes(ctx context.Context) error {
	var failed error
	for _, scope := range slices.Backward(current.spec.scopes) {
		ctx, cancel := context.WithTimeout(ctx, witnessPatience)
		seen, err := scope.Close(ctx)
		cancel()
		switch {
		case err != nil:
			witness([]exchange.Record{unseen(exchange.IdentityServer, err)}, 0)
			failed = errors.Join(failed, err)
		case !seen.Known:
			witness([]exchange.Record{unseen(exchange.IdentityServer, errForgot)}, 0)
		default:
			witnessScope(seen)
		}
	}
	return failed
}

var errForgot = errors.New("the identity server does not know the scope any more; it was restarted, or the spec left it alone for too long")

func witnessScope(seen control.Seen) {
	var records []exchange.Record
	for _, c := range seen.Codes { // first, as the journal may quote them
		Secret("token", c.Token)
		Secret("client_secret", c.ClientSecret)
		if c.Service == control.ServiceSMS {
			records = append(records, exchange.Record{
				Party: exchange.SMS, Started: at(c.Sent),
				Request: exchange.Message{Headers: map[string][]string{"To": {"+" + c.Address}}, Body: "Your code is " + c.Token},
			})
		}
	}
	for _, e := range seen.Entries {
		if r, ok := heard(e); ok {
			records = append(records, r)
		}
	}
	witness(records, seen.Dropped)
}

// heard is an entry of a journal as a record. Connections that went well are left
// out: their requests have entries of their own.
func heard(e control.Entry) (exchange.Record, bool) {
	r := exchange.Record{Party: exchange.IdentityServer, Started: at(e.Received)}
	if e.Listener == control.ServiceSMS {
		r.Party = exchange.SMS
	}
	if e.Request == nil {
		r.Error = unshaken[e.Connection.Handshake]
		if r.Error != "" && e.Connection.Error != "" {
			r.Error += " (" + e.Connection.Error + ")"
		}
		return r, r.Error != ""
	}
	Secret("id_access_token", e.Credentials.Token)
	Secret("client_secret", e.Keys.ClientSecret)
	scheme := "https"
	if e.Connection.Handshake == control.HandshakeNone {
		scheme = "http"
	}
	r.Request = exchange.Message{
		Method: e.Method, URL: scheme + "://" + e.Host + e.Target,
		Headers: map[string][]string{}, Body: string(e.BodyRaw()), Truncated: len(e.BodyRaw()) < e.BodyBytes,
	}
	for _, h := range e.Headers {
		r.Request.Headers[h.Name] = append(r.Request.Headers[h.Name], h.Value)
	}
	switch {
	case e.Status != 0:
		r.Response = &exchange.Message{Status: e.Status, Body: e.Answer}
	case e.Fault != "":
		r.Error = "no answer, as the spec arranged"
	default:
		r.Error = "no answer by the end of the spec"
	}
	for _, effect := range e.Effects {
		r.Notes = append(r.Notes, strings.TrimSpace(effect.Name+" "+effect.Detail))
	}
	if s := e.Signature; s != nil && s.Verified {
		r.Notes = append(r.Notes, fmt.Sprintf("signed by %s with %s", s.Origin, s.KeyID))
	} else if s != nil {
		r.Notes = append(r.Notes, "the signature does not verify: "+s.Reason)
	}
	return r, true
}

// unshaken says of a connection why no request came over it.
var unshaken = map[control.Handshake]string{
	control.HandshakeRefused:   "the homeserver connected and did not accept the certificate",
	control.HandshakeNotTLS:    "the homeserver connected without TLS",
	control.HandshakeTLSOnHTTP: "the homeserver connected with TLS, which this listener does not speak",
	control.HandshakeSilent:    "the homeserver connected, said nothing and left",
	control.HandshakeHeld:      "the homeserver connected; the listener hangs or resets, as the spec arranged",
}

// WatchMails has the mails to an address recorded when the running spec ends.
func WatchMails(address string) {
	known := func(other string) bool { return strings.EqualFold(address, other) }
	if !slices.ContainsFunc(current.spec.addresses, known) {
		current.spec.addresses = append(current.spec.addresses, address)
	}
}

// witnessMails records what the watched addresses of the spec have received. Where
// nobody will look at the mails any more, they go.
func witnessMails(ctx context.Context) {
	if current.mail == nil || len(current.spec.addresses) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, witnessPatience)
	defer cancel()
	var records []exchange.Record
	var read []string
	seen := map[string]bool{}
	for _, address := range current.spec.addresses {
		mails, err := current.mail.Find(ctx, address)
		if err != nil {
			records = append(records, unseen(exchange.Mail, err))
			break // the others would cost the same patience
		}
		for _, m := range mails {
			if seen[m.ID] { // it is to two of them
				continue
			}
			seen[m.ID] = true
			records = append(records, arrived(m))
			if !recounted(m) {
				read = append(read, m.ID)
			}
		}
	}
	witness(records, 0)
	if current.spec.outcome == nil && !ginkgo.CurrentSpecReport().Failed() {
		discardMails(ctx, read, 50)
	}
}

// recounted reports whether a mail is to an address whose mails are counted once
// more at the end of the run.
func recounted(m mailbox.Mail) bool {
	return slices.ContainsFunc(current.spec.recounted, func(address string) bool {
		return slices.ContainsFunc(m.Recipients, func(to string) bool { return strings.EqualFold(to, address) })
	})
}

// discardMails deletes mails, once there are so many: the more a mailbox holds, the
// longer Mailpit searches. What cannot be deleted stays, which harms nobody.
func discardMails(ctx context.Context, ids []string, many int) {
	current.discarded = append(current.discarded, ids...)
	if len(current.discarded) < many {
		return
	}
	_ = current.mail.Delete(ctx, current.discarded...)
	current.discarded = nil
}

// arrived is a mail as a record. Whatever in it could validate a session is a
// secret, though the spec may not have used it.
func arrived(m mailbox.Mail) exchange.Record {
	for _, secret := range m.LinkSecrets() {
		Secret("token", secret)
	}
	text := m.Text
	if strings.TrimSpace(text) == "" {
		text = m.HTML
	}
	return exchange.Record{
		Party: exchange.Mail, Started: at(m.Received),
		Request: exchange.Message{
			Headers: map[string][]string{"From": {m.From}, "To": m.Recipients, "Subject": {m.Subject}},
			Body:    m.WithoutCodes(current.mask(text)), // known secrets keep their names
		},
	}
}

// witness adds the records of one witness, of which it gave up some already.
func witness(records []exchange.Record, dropped int) {
	if more := len(records) - mostWitnessed; more > 0 {
		records, dropped = records[:mostWitnessed], dropped+more
	}
	if dropped > 0 && len(records) > 0 {
		last := &records[len(records)-1]
		last.Notes = append(last.Notes, fmt.Sprintf("%d more were seen, of which no record is kept", dropped))
	}
	for _, r := range records {
		current.recorder.Witness(r)
	}
}

// unseen says that a witness cannot be asked.
func unseen(party string, err error) exchange.Record {
	return exchange.Record{Party: party, Started: at(time.Now()), Error: "it is not known what was seen: " + err.Error()}
}

func at(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }
