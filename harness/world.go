// Package harness is the vocabulary of a spec and the run around it.
//
// Specs import it with a dot: the decorators (Operation, Must, Needs, On), the
// matchers (HaveStatus, …), and the words by which a spec says more than pass
// or fail (Strictly, Decline, NotTested, Blocked). Where things happen:
//
//	exchange      sends requests, records them, checks answers against schemas
//	masking       keeps secrets out of records and reports
//	mailbox       reads the mails the homeserver sent
//	containers    the Docker engine, as one run uses it
//	advice        settings of homeservers, to mend and to paste
//	target        what a homeserver under test is
//	preflight     looks at the deployment before the first spec
//	requirements  the catalogue
//	verdict       decides verdicts, profile and exit code
//	report        writes results/
package harness

import (
	"context"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/target"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/schemas"
)

// howEmbedded is a homeserver in the suite's own process.
const howEmbedded = "embedded"

// A world is what all processes of a run share. Process 1 makes it; the others
// receive it as JSON, so it holds addresses and facts only.
type world struct {
	RunID        string
	Started      time.Time
	How          string // howEmbedded, url, image or command
	TargetName   string
	Homeservers  map[string]homeserver // by variant
	MailAPI      string                // "" without a catcher
	SMTP         string                // where the homeserver delivers, "" when that is not ours to know
	Identity     []string              // control URLs of the identity servers
	IdentityCA   string                // file with the CA that homeservers have to trust
	SMSDelegate  string                // base URL of the delegate for SMS
	Capabilities map[string]preflight.Capability
	// IdentityServers are the names of all of them: host:port.
	IdentityServers []string
	Dir             string // scratch folder of the run
}

// A homeserver is one running configuration of the server under test.
type homeserver struct {
	URL          string
	PublicURL    string // where links in its mails lead, "" when the suite did not start it
	NetworkURL   string // where other containers reach it, "" for URL
	ServerName   string // "" when the suite did not start it
	Facts        preflight.Facts
	Registration target.Registration
	Credentials  target.Credentials
}

// session is the state of this process during a run.
var session sessionState

type sessionState struct {
	config   config.Config
	roots    *x509.CertPool // that clients trust; nil: the system's
	world    world
	masker   *masking.Masker
	recorder *exchange.Recorder
	clients  map[string]*exchange.Client // by variant
	mail     *mailbox.Client
	identity []*control.Client
	process  int
	current  running
	mailless int // waits for a mail in set-up, in a row, that ended without one

	discarded []string // mails that are to be deleted
}

// enter prepares this process for the specs, from the world that process 1 made.
func enter(w world, evidence *os.File, process int) error {
	prefix := ""
	if process > 1 {
		prefix = fmt.Sprintf("%d.", process)
	}
	session.world, session.process = w, process
	var err error
	if session.roots, err = trusted(session.config); err != nil {
		return err
	}
	specVersion = schemas.For(w.mainServer().Facts.Versions).Version
	session.masker = masking.New(prefix)
	for _, s := range session.config.Secrets() {
		session.masker.Register("configured secret", s)
	}
	session.recorder = exchange.NewRecorder(evidence, session.masker, fmt.Sprintf("p%d-", process))
	session.clients = map[string]*exchange.Client{}
	for variant, hs := range w.Homeservers {
		session.masker.Register("configured secret", hs.Registration.SharedSecret)
		session.masker.Register("configured secret", hs.Registration.Token)
		session.masker.Register("access_token", hs.Credentials.Admin)
		session.masker.Register("access_token", hs.Credentials.ApplicationService)
		session.clients[variant] = newClient(hs.URL, hs.Facts.Versions, session.recorder, requestDeadline())
	}
	session.identity = nil
	for _, url := range w.Identity {
		session.identity = append(session.identity, control.New(url))
	}
	if w.MailAPI != "" {
		if session.mail, err = mailbox.New(w.MailAPI); err != nil {
			return err
		}
	}
	observe(&session)
	return nil
}

// requestDeadline limits one request. It is shorter than any patience the spec
// asks of clients, and than the time-out of a spec.
func requestDeadline() time.Duration { return session.config.Scale(20 * time.Second) }

// specTimeout limits one spec.
func specTimeout() time.Duration { return session.config.Scale(2 * time.Minute) }

// Homeserver is the client for the configuration the running spec is about.
func Homeserver() *exchange.Client {
	return session.clients[session.current.subject.Variant]
}

// Mailbox reads the mails the homeserver sent.
func Mailbox() *mailbox.Client { return session.mail }

// Usable reports whether the deployment has what a spec may need: Mail, SMS,
// IdentityServer.
func Usable(capability string) bool { return session.world.Capabilities[capability].Usable() }

// Config is the configuration of the run.
func Config() config.Config { return session.config }

// RegistrationHints say how accounts are made on the homeserver in use, where
// the target that started it knows.
func RegistrationHints() target.Registration {
	return session.world.Homeservers[session.current.subject.Variant].Registration
}

// Credentials are the access tokens that the homeserver in use has for more than
// ordinary users, as far as they are known.
func Credentials() target.Credentials {
	return session.world.Homeservers[session.current.subject.Variant].Credentials
}

// PublicURL is where links in the homeserver's mails have to lead, "" when the
// suite did not start it and so does not know.
func PublicURL() string {
	return session.world.Homeservers[session.current.subject.Variant].PublicURL
}

// RunID is in every name the suite invents, so that two runs against one server
// do not meet and what stays behind can be told.
func RunID() string { return session.world.RunID }

// Process is the number of this Ginkgo process, from 1.
func Process() int { return session.process }

// Advertises reports whether the homeserver in use advertises this version of
// the spec or a later one.
func Advertises(version string) bool {
	return requirements.Advertises(advertised(), version)
}

// advertised are the versions of the spec that the homeserver in use lists.
func advertised() []string {
	return session.world.Homeservers[session.current.subject.Variant].Facts.Versions
}

// MailPatience is how long a mail may take to arrive.
func MailPatience() time.Duration { return session.config.Scale(10 * time.Second) }

// AwaitMails waits until an address has received n mails, for specs that judge
// whether it does.
func AwaitMails(ctx context.Context, address string, n int) ([]mailbox.Mail, error) {
	return awaitMails(ctx, address, n, MailPatience())
}

// AwaitMailsInSetUp is AwaitMails for specs that only need the mails. It loses
// its patience with a homeserver that sends none; see [PatienceAfter].
func AwaitMailsInSetUp(ctx context.Context, address string, n int) ([]mailbox.Mail, error) {
	mails, err := awaitMails(ctx, address, n, PatienceAfter(session.mailless))
	if err != nil {
		session.mailless++
	} else {
		session.mailless = 0
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
	return session.mail.WaitFor(ctx, address, n)
}

// Processes is the number of Ginkgo processes of this run.
func Processes() int {
	sc, _ := ginkgo.GinkgoConfiguration()
	return sc.ParallelTotal
}

// SpecName names the running spec, for people who look at our servers.
func SpecName() string {
	row := session.current.subject.Row
	return row.Operation + " " + row.Requirement
}

// CurrentOperation is the operationId that the running spec judges.
func CurrentOperation() string { return session.current.subject.Row.Operation }

// Secret keeps a value out of every report from now on.
func Secret(kind, value string) { session.recorder.Secret(kind, value) }

// Pause waits because a requirement can only be seen after a while. The reason
// is printed with the spec; no other wait of a fixed length is allowed.
func Pause(ctx context.Context, d time.Duration, reason string) {
	ginkgo.GinkgoHelper()
	session.current.waited += d
	defer noteWait(SpecName(), reason, time.Now())
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
		ginkgo.Fail(fmt.Sprintf("the run ended while waiting %s: %s", d, reason))
	}
}

// scratch is a file in the run's own folder.
func (w world) scratch(name string) string { return filepath.Join(w.Dir, name) }

func (w world) variants() []string {
	var names []string
	for name := range w.Homeservers {
		if name != target.Main {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
