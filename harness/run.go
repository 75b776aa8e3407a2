package harness

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"
	"github.com/onsi/gomega"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/progress"
	"threepid-conformance/harness/target"
	"threepid-conformance/harness/verdict"
)

// suiteName is how Ginkgo calls the suite.
const suiteName = "Matrix 3PID conformance"

// Exit codes of a run.
const (
	ExitOK    = 0 // nothing that counts failed
	ExitFail  = 1 // see report.json, profile.why
	ExitUsage = 2 // the run did not start; one sentence says why
)

// expectations are the user's known failures.
var expectations verdict.Expectations

// state of process 1, from before the specs until after the report.
var run struct {
	selection   selection
	stage       *stage
	findings    []verdict.Finding // not of any spec: preflight, the last count of mails
	rerunPrefix string
	command     string
	exit        atomic.Int32
	progress    *progress.Progress // nil in a run that says nothing of it
	summary     string
	leftovers   string // a sentence, "" when nothing stays
}

// A Door is how a user came in. It decides what a command line looks like.
type Door struct {
	Command string    // what the user typed
	Rerun   string    // beginning of a command that runs one row again; %s is its label filter
	Out     io.Writer // where sentences and the summary go
}

// Run runs the suite that the program holds and returns the exit code. t is told
// when the suite failed. Everything is checked before anything starts, and what
// is wrong is one sentence on door.Out.
func Run(t ginkgo.GinkgoTestingT, c config.Config, sc types.SuiteConfig, rc types.ReporterConfig, door Door) int {
	session.config = c
	run.command, run.rerunPrefix = door.Command, door.Rerun
	gomega.RegisterFailHandler(fail)
	usage := func(err error) int {
		fmt.Fprintln(door.Out, strings.Join(strings.Fields(err.Error()), " "))
		return ExitUsage
	}

	var err error
	if c.Expectations != "" {
		if expectations, err = verdict.LoadExpectations(c.Path(c.Expectations)); err != nil {
			return usage(err)
		}
	}
	if sc.DryRun || sc.ParallelProcess > 1 {
		guardSpecs()
		return exitOf(runSpecs(t, sc, rc))
	}

	run.selection = plan(sc, rc)
	if len(run.selection.chosen) == 0 {
		fmt.Fprintln(door.Out, "The selection holds no spec, so nothing was run; `conformance list` prints what there is, and --label-filter takes operationIds, levels and requirement:<id>.")
		return ExitFail
	}
	evidence, err := prepareResults(c.Path(c.Results))
	if err != nil {
		return usage(err)
	}
	defer evidence.Close()

	interrupted, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	run.stage, err = setUp(interrupted, run.selection, evidence, door.Out)
	stop() // from here on Ginkgo handles signals
	if err != nil {
		return usage(err)
	}
	if instruments.Ready != nil {
		instruments.Ready(run.stage.world.deployment())
	}
	guardSpecs()
	quiet := sayProgress(door.Out, sc, rc)
	passed := runSpecs(t, sc, rc)
	quiet()
	if instruments.Over != nil {
		instruments.Over()
	}
	if failed := !passed || run.exit.Load() != ExitOK; failed && c.Keep {
		fmt.Fprint(door.Out, run.summary)
		run.summary = ""
		keepUp(run.stage.world, door.Out)
	}
	if err := run.stage.Close(); err != nil {
		fmt.Fprintf(door.Out, "Something could not be stopped: %v\n", err)
	}
	if err := report.HideInLogs(c.Path(c.Results), session.mask); err != nil {
		fmt.Fprintln(door.Out, err)
	}
	fmt.Fprint(door.Out, run.summary)
	if code := int(run.exit.Load()); code != ExitOK {
		return code
	}
	return exitOf(passed)
}

// sayProgress has lines written to out, from time to time, that say which spec
// runs and how many are to go. In parallel runs the ginkgo CLI speaks for all
// processes, and a verbose run says everything anyway.
func sayProgress(out io.Writer, sc types.SuiteConfig, rc types.ReporterConfig) (stop func()) {
	if sc.ParallelTotal > 1 || rc.Verbose || rc.VeryVerbose {
		return func() {}
	}
	total := 0
	for _, specs := range run.selection.chosen {
		total += specs
	}
	run.progress, stop = progress.Start(out, total, progress.Every)
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

// Process 1 hands the world to all processes.
var _ = ginkgo.SynchronizedBeforeSuite(func() []byte {
	text, err := json.Marshal(run.stage.world)
	if err != nil {
		panic(err) // strings, numbers and times only
	}
	return text
}, func(text []byte) {
	var w world
	if err := json.Unmarshal(text, &w); err != nil {
		ginkgo.Fail("process 1 sent a world that cannot be read: " + err.Error())
	}
	evidence, err := os.OpenFile(filepath.Join(session.config.Path(session.config.Results), report.ExchangesFile), os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		ginkgo.Fail("the evidence cannot be written: " + err.Error())
	}
	ginkgo.DeferCleanup(evidence.Close)
	if err := enter(w, evidence, ginkgo.GinkgoParallelProcess()); err != nil {
		ginkgo.Fail(err.Error())
	}
})

// At the end process 1 counts what came to the watched addresses and numbers once
// more, while the catcher and the delegate are still there.
var _ = ginkgo.SynchronizedAfterSuite(func(ctx ginkgo.SpecContext) {
	if session.mail != nil {
		discardMails(ctx, nil, 1)
	}
	if err := tidy(ctx); err != nil {
		ginkgo.Fail("what the run made could not be counted: " + err.Error())
	}
	if err := session.recorder.Err(); err != nil {
		ginkgo.Fail(err.Error())
	}
}, func(ctx ginkgo.SpecContext) {
	var err error
	if run.leftovers, err = leftovers(); err != nil {
		ginkgo.Fail("what the run made could not be counted: " + err.Error())
	}
	findings, err := recount(ctx)
	if err != nil {
		ginkgo.Fail("mails or SMS could not be counted at the end of the run: " + err.Error())
	}
	run.findings = append(run.findings, findings...)
})

// Process 1 writes the report. It fails the suite where the verdicts say so, so
// that Ginkgo's result and report.json never disagree.
var _ = ginkgo.ReportAfterSuite("verdicts", func(r ginkgo.Report) {
	if r.SuiteConfig.DryRun || run.stage == nil {
		return
	}
	written, result := assemble(r)
	run.exit.Store(int32(result.Exit))
	dir := session.config.Path(session.config.Results)
	if err := written.Write(dir); err != nil {
		run.exit.Store(ExitFail)
		ginkgo.Fail(err.Error())
	}
	run.summary = written.Summary(dir)
	if run.leftovers != "" {
		run.summary += "left behind " + run.leftovers + "\n"
	}
	if os.Getenv("GITHUB_ACTIONS") == "true" {
		run.summary += written.Annotations()
	}
	if result.Exit != ExitOK && r.SuiteSucceeded {
		ginkgo.Fail(strings.Join(result.Why, "; "))
	}
})

// settle is the recorder of what happens before the first spec.
func settle(evidence *os.File) *exchange.Recorder {
	recorder := exchange.NewRecorder(evidence, masking.New("preflight."), "preflight-")
	recorder.Begin("preflight")
	return recorder
}

// mask hides secrets, before a world exists as well.
func (s *sessionState) mask(text string) string {
	if s.recorder == nil {
		return text
	}
	return s.recorder.Mask(text)
}

// mainServer is the homeserver in its ordinary configuration.
func (w world) mainServer() homeserver { return w.Homeservers[target.Main] }

// VersionLine says which suite this is.
func VersionLine() string {
	line := "threepid-conformance " + config.Version
	if c := commit(); c != "" {
		line += " (" + c + ")"
	}
	return line
}

func runSpecs(t ginkgo.GinkgoTestingT, sc types.SuiteConfig, rc types.ReporterConfig) (passed bool) {
	return ginkgo.RunSpecs(t, suiteName, sc, rc, ginkgo.AroundNode(deepen))
}

// roomAhead is how deep the stack of a spec grows, roughly.
const roomAhead = 24 << 10

// deepen makes the stack of a node as large as most need it, at once and while it
// holds next to nothing. Each node of each spec has a goroutine of its own, and Go
// would copy its stack several times on the way down.
//
//go:noinline
func deepen() {
	var room [roomAhead]byte
	runtime.KeepAlive(&room)
}
