package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/fixtures/users"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/run"
)

type runVerb struct {
	config.Config `embed:""`
	LabelFilter   string `group:"Specs" help:"which specs to run, e.g. add3PID or 'MUST && requirement:get-001-200-schema'"`
	Seed          int64  `placeholder:"N" group:"Specs" help:"order of the specs; 0 chooses one"`
	RandomizeAll  bool   `group:"Specs" help:"shuffle specs, not only the files they are in"`
	Verbose       bool   `group:"Specs" short:"v" help:"print every spec"`
}

// ginkgoResult is told when Ginkgo failed the suite; the exit code says so, too.
type ginkgoResult struct{}

func (ginkgoResult) Fail() {}

func (v runVerb) Run(line *kong.Context) error {
	if _, err := types.ParseLabelFilter(v.LabelFilter); err != nil {
		return fmt.Errorf("the label filter %q cannot be read; write labels with &&, ||, ! and parentheses, e.g. 'add3PID && MUST'", v.LabelFilter)
	}
	c, err := config.From(line)
	if err != nil {
		return err
	}
	sc, rc := ginkgo.GinkgoConfiguration()
	sc.LabelFilter, sc.RandomizeAllSpecs, sc.FailOnEmpty = v.LabelFilter, v.RandomizeAll, true
	if v.Seed != 0 {
		sc.RandomSeed = v.Seed
	}
	rc.Verbose = v.Verbose
	rc.Succinct = !v.Verbose
	if info, err := os.Stdout.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		rc.NoColor = true
	}
	return exitCode(run.Start(ginkgoResult{}, c, sc, rc, run.Invocation{
		Command: "conformance run " + strings.Join(os.Args[2:], " "),
		Rerun:   strings.Join(append([]string{program() + " run --label-filter=%s"}, c.Arguments()...), " "),
		Out:     os.Stdout,
		CleanUp: users.CleanUp,
	}))
}

// program is how this program is called again: go run leaves nothing to call.
func program() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./suites/cmd/conformance"
	}
	return os.Args[0]
}
