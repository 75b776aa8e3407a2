package run

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/target"
	"threepid-conformance/mockidserver/control"
)

// What fixtures and the words of a spec need to know of the run that is going on.

// Homeserver is the client for the configuration the running spec is about.
func Homeserver() *exchange.Client {
	return current.clients[current.spec.subject.Variant]
}

// Mailbox reads the mails the homeserver sent.
func Mailbox() *mailbox.Client { return current.mail }

// Usable reports whether the deployment has what a spec may need: Mail, SMS,
// IdentityServer.
func Usable(capability string) bool { return current.deployment.Capabilities[capability].Usable() }

// Config is the configuration of the run.
func Config() config.Config { return current.config }

// RegistrationHints say how accounts are made on the homeserver in use, where
// the target that started it knows.
func RegistrationHints() target.Registration {
	return homeserver().Registration
}

// Credentials are the access tokens that the homeserver in use has for more than
// ordinary users, as far as they are known.
func Credentials() target.Credentials {
	return homeserver().Credentials
}

// PublicURL is where links in the homeserver's mails have to lead, "" when the
// suite did not start it and so does not know.
func PublicURL() string {
	return homeserver().PublicURL
}

// ID is in every name the suite invents, so that two runs against one server
// do not meet and what stays behind can be told.
func ID() string { return current.deployment.RunID }

// Process is the number of this Ginkgo process, from 1.
func Process() int { return current.process }

// Advertises reports whether the homeserver in use advertises this version of
// the spec or a later one.
func Advertises(version string) bool {
	return requirements.Advertises(Advertised(), version)
}

// Advertised are the versions of the spec that the homeserver in use lists.
func Advertised() []string {
	return homeserver().Versions
}

// MailPatience is how long a mail may take to arrive.
func MailPatience() time.Duration { return current.config.Scale(10 * time.Second) }

// AwaitMails waits until an address has received n mails, for specs that judge
// whether it does.
func AwaitMails(ctx context.Context, address string, n int) ([]mailbox.Mail, error) {
	return awaitMails(ctx, address, n, MailPatience())
}

// AwaitMailsInSetUp is AwaitMails for specs that only need the mails. It loses
// its patience with a homeserver that sends none; see [PatienceAfter].
func AwaitMailsInSetUp(ctx context.Context, address string, n int) ([]mailbox.Mail, error) {
	mails, err := awaitMails(ctx, address, n, PatienceAfter(current.mailless))
	if err != nil {
		current.mailless++
	} else {
		current.mailless = 0
	}
	return mails, err
}

// PatienceAfter is how long set-up waits for a mail or an SMS after so many waits
// in a row that ended without one: a homeserver that sends none would cost its
// patience in every spec. Of many waits every tenth is longer, for a relay that
// has come back.
func PatienceAfter(missed int) time.Duration {
	switch patience := MailPatience(); {
	case missed < 3:
		return patience
	case missed < 10 || missed%10 == 0:
		return patience / 10
	default:
		return patience / 100
	}
}

func awaitMails(ctx context.Context, address string, n int, patience time.Duration) ([]mailbox.Mail, error) {
	WatchMails(address)
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return current.mail.WaitFor(ctx, address, n)
}

// Processes is the number of Ginkgo processes of this run.
func Processes() int {
	sc, _ := ginkgo.GinkgoConfiguration()
	return sc.ParallelTotal
}

// SpecName names the running spec, for people who look at our servers.
func SpecName() string {
	row := current.spec.subject.Row
	return row.Operation + " " + row.Requirement
}

// CurrentOperation is the operationId that the running spec judges.
func CurrentOperation() string { return current.spec.subject.Row.Operation }

// Secret keeps a value out of every report from now on.
func Secret(kind, value string) { current.recorder.Secret(kind, value) }

// Pause waits because a requirement can only be seen after a while. The reason
// is printed with the spec; no other wait of a fixed length is allowed.
func Pause(ctx context.Context, d time.Duration, reason string) {
	ginkgo.GinkgoHelper()
	defer waited(reason, time.Now())
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		ginkgo.Fail(fmt.Sprintf("the run ended while waiting %s: %s", d, reason))
	}
}

// Identity steers the identity server that specs name as id_server, and
// OtherIdentity a second one; nil where the deployment has none.
func Identity() *control.Client      { return identityServer(0) }
func OtherIdentity() *control.Client { return identityServer(1) }

func identityServer(n int) *control.Client {
	if n >= len(current.identity) {
		return nil
	}
	return current.identity[n]
}

// IntroduceHomeserver tells an identity server where a user's homeserver
// publishes its keys. Those that the suite started are known; of a URL the server
// name shows no earlier than in a user ID.
func IntroduceHomeserver(ctx context.Context, at *control.Client, mxid string) error {
	_, serverName, found := strings.Cut(mxid, ":")
	if homeserver().ServerName != "" || !found {
		return nil
	}
	return at.AddHomeserver(ctx, control.Homeserver{ServerName: serverName, URL: homeserver().URL})
}

// homeserver is the one that the running spec is about.
func homeserver() deploy.Homeserver {
	return current.deployment.Homeservers[current.spec.subject.Variant]
}
