// Package run is one run of the suite, from the selection of its specs to the exit
// code. Who decides that a run failed: package verdict, called in assemble.go.
package run

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/mailbox"
	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/progress"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver/control"
	"threepid-conformance/schemas"
)

// suiteName is how Ginkgo calls the suite.
const suiteName = "Matrix 3PID conformance"

// Exit codes of a run.
const (
	ExitOK    = 0 // nothing that counts failed
	ExitFail  = 1 // see report.json, profile.why
	ExitUsage = 2 // the run did not start; one sentence says why
)

// An Invocation is how a user started a run. It decides what a command line looks
// like.
type Invocation struct {
	Command string    // what the user typed
	Rerun   string    // beginning of a command that runs one row again; %s is its label filter
	Out     io.Writer // where sentences and the summary go
	// CleanUp takes back what fixtures made on a homeserver that goes on without the
	// suite, as far as it can.
	CleanUp func(context.Context) Leftovers
}

// A Run is one run of the suite, as one process knows it.
type Run struct {
	config       config.Config
	invocation   Invocation
	expectations verdict.Expectations // the user's known failures
	deployment   deploy.Deployment
	specVersion  string         // of the Matrix spec: its schemas are used, and reports link to it
	roots        *x509.CertPool // that clients trust; nil: the system's

	process  int
	masker   *masking.Masker
	recorder *exchange.Recorder
	clients  map[string]*exchange.Client // by variant
	mail     *mailbox.Client
	identity []*control.Client

	spec      running
	mailless  int      // waits for a mail in set-up, in a row, that ended without one
	discarded []string // mails that are to be deleted

	// Of process 1, from before the specs until after the report.
	selection selection
	servers   *deploy.Servers
	findings  []verdict.Finding // not of any spec: preflight, the last count of mails
	exit      atomic.Int32
	progress  *progress.Progress // nil in a run that says nothing of it
	summary   string
	leftovers string // a sentence, "" when nothing stays
	firstSpec time.Time
	waits     []report.Wait // outside of specs
}

// current is the run of this process. Ginkgo's nodes, and the words of a spec, have
// no other way to it. It is empty where nothing runs: in tests, and in a list of the
// specs.
var current = &Run{}

// Start runs the suite that the program holds and returns the exit code. t is told
// when the suite failed. Everything is checked before anything starts, and what
// is wrong is one sentence on i.Out.
func Start(t ginkgo.GinkgoTestingT, c config.Config, sc types.SuiteConfig, rc types.ReporterConfig, i Invocation) int {
	r := &Run{config: c, invocation: i, specVersion: "latest"}
	current = r
	gomega.RegisterFailHandler(fail)
	usage := func(err error) int {
		fmt.Fprintln(i.Out, strings.Join(strings.Fields(err.Error()), " "))
		return ExitUsage
	}

	var err error
	if r.expectations, err = knownFailures(c); err != nil {
		return usage(err)
	}
	if sc.DryRun || sc.ParallelProcess > 1 {
		guardSpecs()
		return exitOf(ginkgo.RunSpecs(t, suiteName, sc, rc))
	}

	r.selection = plan(sc, rc)
	if len(r.selection.chosen) == 0 {
		fmt.Fprintln(i.Out, "The selection holds no spec, so nothing was run; `conformance list` prints what there is, and --label-filter takes operationIds, levels and requirement:<id>.")
		return ExitFail
	}
	evidence, err := prepareResults(c.Path(c.Results))
	if err != nil {
		return usage(err)
	}
	defer evidence.Close()

	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err = r.setUp(interrupted, r.selection.need, evidence)
	stop() // from here on Ginkgo handles signals
	if err != nil {
		return usage(err)
	}
	guardSpecs()
	quiet := r.sayProgress(sc, rc)
	passed := ginkgo.RunSpecs(t, suiteName, sc, rc)
	quiet()
	if failed := !passed || r.exit.Load() != ExitOK; failed && c.Keep {
		fmt.Fprint(i.Out, r.summary)
		r.summary = ""
		r.deployment.KeepUp(i.Out)
	}
	if err := r.servers.Close(); err != nil {
		fmt.Fprintf(i.Out, "Something could not be stopped: %v\n", err)
	}
	if err := report.HideInLogs(c.Path(c.Results), r.mask); err != nil {
		fmt.Fprintln(i.Out, err)
	}
	fmt.Fprint(i.Out, r.summary)
	if code := int(r.exit.Load()); code != ExitOK {
		return code
	}
	return exitOf(passed)
}

// knownFailures are those of the user's list, or else of the target's own.
func knownFailures(c config.Config) (verdict.Expectations, error) {
	switch {
	case c.Expectations == config.OwnExpectations && c.URL == "":
		file, text, err := deploy.ExpectedFailures(c)
		if err != nil {
			return nil, err
		}
		return verdict.ParseExpectations(file, text)
	case c.Expectations == config.OwnExpectations || c.Expectations == "":
		return nil, nil
	}
	return verdict.LoadExpectations(c.Path(c.Expectations))
}

// setUp starts what is needed and looks at it. Its errors are one sentence for the
// user; what was started by then is stopped again.
func (r *Run) setUp(ctx context.Context, need deploy.Need, evidence *os.File) (err error) {
	if r.roots, err = deploy.Roots(r.config); err != nil {
		return err
	}
	if r.servers, err = deploy.Start(ctx, r.config, need, r.invocation.Out); err != nil {
		return err
	}
	recorder := exchange.NewRecorder(evidence, masking.New("preflight."), "preflight-")
	recorder.Begin("preflight")
	missing, err := preflight.Inspect(ctx, r.config, r.servers, func(url string, deadline time.Duration) *exchange.Client {
		return r.newClient(url, nil, recorder, deadline)
	})
	r.findings = append(recorder.Findings(), unrouted(missing)...)
	if err != nil {
		if ctx.Err() != nil {
			err = deploy.ErrInterrupted
		}
		_ = r.servers.Close()
	}
	r.deployment = r.servers.Deployment
	return err
}

// join prepares this process for the specs, with the deployment that process 1 made.
func (r *Run) join(d deploy.Deployment, evidence *os.File, process int) error {
	prefix := ""
	if process > 1 {
		prefix = fmt.Sprintf("%d.", process)
	}
	r.deployment, r.process = d, process
	var err error
	if r.roots, err = deploy.Roots(r.config); err != nil {
		return err
	}
	r.specVersion = schemas.For(d.Main().Versions).Version
	r.masker = masking.New(prefix)
	for _, s := range r.config.Secrets() {
		r.masker.Register("configured secret", s)
	}
	r.recorder = exchange.NewRecorder(evidence, r.masker, fmt.Sprintf("p%d-", process))
	r.clients = map[string]*exchange.Client{}
	for variant, hs := range d.Homeservers {
		r.masker.Register("configured secret", hs.Registration.SharedSecret)
		r.masker.Register("configured secret", hs.Registration.Token)
		r.masker.Register("access_token", hs.Credentials.Admin)
		r.masker.Register("access_token", hs.Credentials.ApplicationService)
		r.clients[variant] = r.newClient(hs.URL, hs.Versions, r.recorder, r.requestDeadline())
	}
	r.identity = nil
	for _, url := range d.Identity {
		r.identity = append(r.identity, control.New(url))
	}
	if d.MailAPI != "" {
		r.mail = mailbox.New(d.MailAPI)
	}
	return err
}

// newClient is a client of a homeserver of this run.
func (r *Run) newClient(url string, versions []string, recorder *exchange.Recorder, deadline time.Duration) *exchange.Client {
	client := exchange.NewClient(url, versions, recorder, deadline)
	client.Trust(r.roots)
	client.Waited = func(started time.Time) { waited("the homeserver asked to wait", started) }
	return client
}

// requestDeadline limits one request. It is shorter than any patience the spec
// asks of clients, and than the time-out of a spec.
func (r *Run) requestDeadline() time.Duration { return r.config.Scale(20 * time.Second) }

// specTimeout limits one spec.
func specTimeout() time.Duration { return current.config.Scale(2 * time.Minute) }

// mask hides secrets, before the run has a recorder as well.
func (r *Run) mask(text string) string {
	if r.recorder == nil {
		return text
	}
	return r.recorder.Mask(text)
}

// Examine looks at a deployment without judging it and prints a line for each thing
// that the suite will need. makeAccount makes an account the way specs do. It
// returns 0 when a run can start, 1 when something would spoil it.
func Examine(c config.Config, makeAccount func(context.Context) (preflight.Account, error), out io.Writer) int {
	scratch, err := deploy.ScratchFolder("threepid-conformance-preflight-")
	if err != nil {
		fmt.Fprintln(out, err)
		return ExitUsage
	}
	defer os.RemoveAll(scratch)
	c.Results = scratch // the target's log goes there, and no report is touched
	r := &Run{config: c, invocation: Invocation{Out: out}}
	current = r

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	need := deploy.Need{Capabilities: map[string]bool{string(requirements.SMS): true, string(requirements.IdentityServer): true}}
	if err = r.setUp(ctx, need, nil); err == nil {
		defer r.servers.Close()
		err = r.join(r.deployment, nil, 1)
	}
	if err != nil {
		preflight.Say(out, "fail", "set-up", err.Error())
		return ExitFail
	}
	fine := preflight.Examination{
		Deployment: r.deployment, Config: c, Spec: r.specVersion,
		Client: Homeserver(), Recorder: r.recorder, Mails: r.mail, Identity: Identity(),
		Connect: func(url string, deadline time.Duration) *exchange.Client {
			return r.newClient(url, nil, r.recorder, deadline)
		},
		Introduce:   func(ctx context.Context, mxid string) error { return IntroduceHomeserver(ctx, Identity(), mxid) },
		MakeAccount: makeAccount,
	}.Run(ctx, out)
	if !fine {
		return ExitFail
	}
	return ExitOK
}

// sayProgress has lines written, from time to time, that say which spec
// runs and how many are to go. In parallel runs the ginkgo CLI speaks for all
// processes, and a verbose run says everything anyway.
func (r *Run) sayProgress(sc types.SuiteConfig, rc types.ReporterConfig) (stop func()) {
	if sc.ParallelTotal > 1 || rc.Verbose || rc.VeryVerbose {
		return func() {}
	}
	total := 0
	for _, specs := range r.selection.chosen {
		total += specs
	}
	r.progress, stop = progress.Start(r.invocation.Out, total, progress.Every)
	return stop
}

func exitOf(passed bool) int {
	if passed {
		return ExitOK
	}
	return ExitFail
}

// prepareResults makes the results folder and removes what an earlier run left
// in it, so that a stale report cannot be taken for this run's.
func prepareResults(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("the results folder cannot be made: %w; choose another one with --results", err)
	}
	for _, name := range []string{report.JSONFile, report.HTMLFile, report.MarkdownFile, report.JUnitFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return nil, fmt.Errorf("an old report cannot be removed: %w; choose another folder with --results", err)
		}
	}
	evidence, err := os.OpenFile(filepath.Join(dir, report.ExchangesFile), os.O_CREATE|os.O_TRUNC|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("the results folder cannot be written to: %w; choose another one with --results", err)
	}
	return evidence, nil
}

// Process 1 hands the deployment to all processes.
var _ = ginkgo.SynchronizedBeforeSuite(func() []byte {
	text, err := json.Marshal(current.deployment)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return text
}, func(text []byte) {
	var d deploy.Deployment
	if err := json.Unmarshal(text, &d); err != nil {
		ginkgo.Fail("process 1 sent a deployment that cannot be read: " + err.Error())
	}
	evidence, err := os.OpenFile(filepath.Join(current.config.Path(current.config.Results), report.ExchangesFile), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		ginkgo.Fail("the evidence cannot be written: " + err.Error())
	}
	ginkgo.DeferCleanup(evidence.Close)
	if err := current.join(d, evidence, ginkgo.GinkgoParallelProcess()); err != nil {
		ginkgo.Fail(err.Error())
	}
})

// At the end process 1 counts what came to the watched addresses and numbers once
// more, while the catcher and the delegate are still there.
var _ = ginkgo.SynchronizedAfterSuite(func(ctx ginkgo.SpecContext) {
	if current.mail != nil {
		discardMails(ctx, nil, 1)
	}
	if err := tidy(ctx); err != nil {
		ginkgo.Fail("what the run made could not be counted: " + err.Error())
	}
	if err := current.recorder.Err(); err != nil {
		ginkgo.Fail(err.Error())
	}
}, func(ctx ginkgo.SpecContext) {
	var err error
	if current.leftovers, err = leftovers(); err != nil {
		ginkgo.Fail("what the run made could not be counted: " + err.Error())
	}
	findings, err := recount(ctx)
	if err != nil {
		ginkgo.Fail("mails or SMS could not be counted at the end of the run: " + err.Error())
	}
	current.findings = append(current.findings, findings...)
})

// Process 1 writes the report. It fails the suite where the verdicts say so, so
// that Ginkgo's result and report.json never disagree.
var _ = ginkgo.ReportAfterSuite("verdicts", func(of ginkgo.Report) {
	r := current
	if of.SuiteConfig.DryRun || r.servers == nil {
		return
	}
	written, result := r.assemble(of)
	r.exit.Store(int32(result.Exit))
	dir := r.config.Path(r.config.Results)
	if err := written.Write(dir); err != nil {
		r.exit.Store(ExitFail)
		ginkgo.Fail(err.Error())
	}
	r.summary = written.Summary(dir)
	if r.leftovers != "" {
		r.summary += "left behind " + r.leftovers + "\n"
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		r.summary += written.Annotations()
	}
	if result.Exit != ExitOK && of.SuiteSucceeded {
		ginkgo.Fail(strings.Join(result.Why, "; "))
	}
})

// VersionLine says which suite this is.
func VersionLine() string {
	line := "threepid-conformance " + config.Version
	if c := commit(); c != "" {
		line += " (" + c + ")"
	}
	return line
}
