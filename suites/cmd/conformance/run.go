package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/onsi/ginkgo/v2"
	"github.com/onsi/ginkgo/v2/types"

	"threepid-conformance/fixtures/users"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/run"
)

// failed remembers that Ginkgo failed the suite; the exit code says so, too.
type failed struct{ yes bool }

func (f *failed) Fail() { f.yes = true }

func runVerb(args []string, out, errs io.Writer) int {
	set := flag.NewFlagSet("conformance run", flag.ContinueOnError)
	flags := config.AddFlags(set)
	filter := set.String("label-filter", "", "which specs to run, e.g. add3PID or 'MUST && requirement:get-001-200-schema'")
	seed := set.Int64("seed", 0, "order of the specs; 0 chooses one")
	randomize := set.Bool("randomize-all", false, "shuffle specs, not only the files they are in")
	verbose := set.Bool("v", false, "print every spec")
	if code, done := parse(set, args, out, errs); done {
		return code
	}
	if _, err := types.ParseLabelFilter(*filter); err != nil {
		fmt.Fprintf(errs, "The label filter %q cannot be read; write labels with &&, ||, ! and parentheses, e.g. 'add3PID && MUST'.\n", *filter)
		return run.ExitUsage
	}
	c, err := flags.Load()
	if err != nil {
		fmt.Fprintln(errs, err)
		return run.ExitUsage
	}

	sc, rc := ginkgo.GinkgoConfiguration()
	sc.LabelFilter, sc.RandomizeAllSpecs, sc.FailOnEmpty = *filter, *randomize, true
	if *seed != 0 {
		sc.RandomSeed = *seed
	}
	rc.Verbose = *verbose
	rc.Succinct = !*verbose
	if info, err := os.Stdout.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		rc.NoColor = true
	}
	return run.Start(&failed{}, c, sc, rc, run.Invocation{
		Command: "conformance run " + strings.Join(args, " "),
		Rerun:   strings.Join(append([]string{program() + " run --label-filter=%s"}, c.Arguments()...), " "),
		Out:     out,
		CleanUp: users.CleanUp,
	})
}

// program is how this program is called again: go run leaves nothing to call.
func program() string {
	if strings.Contains(os.Args[0], "go-build") {
		return "go run ./suites/cmd/conformance"
	}
	return os.Args[0]
}

// parse reads a verb's flags. It is done when help was asked for or something is
// wrong, which is one sentence.
func parse(set *flag.FlagSet, args []string, out, errs io.Writer) (code int, done bool) {
	set.SetOutput(io.Discard) // one sentence of our own instead of the usage text
	err := set.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(out, "Usage: %s [flags]\n\n", set.Name())
		set.SetOutput(out)
		set.PrintDefaults()
		return run.ExitOK, true
	case err != nil:
		fmt.Fprintf(errs, "%v; %s --help prints the flags.\n", err, set.Name())
		return run.ExitUsage, true
	case set.NArg() > 0:
		fmt.Fprintf(errs, "Unexpected arguments %q; %s takes flags only.\n", set.Args(), set.Name())
		return run.ExitUsage, true
	}
	return 0, false
}
