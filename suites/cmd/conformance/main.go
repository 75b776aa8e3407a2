// Command conformance runs the Matrix 3PID conformance suite.
//
// Its exit codes are promises: 0, nothing that counts failed; 1, something did,
// or nothing was shown; 2, the run did not start, and one sentence says why.
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"threepid-conformance/harness/run"
	_ "threepid-conformance/suites"
)

// A verb is a subcommand.
type verb struct {
	name, args, means string
	run               func(args []string, out, errs io.Writer) int
}

var verbs = []verb{
	{"run", "[flags]", "run the suite against a homeserver and write the reports", runVerb},
	{"list", "", "print operations, requirements and how many specs judge each", listVerb},
	{"preflight", "[flags]", "look at a homeserver without judging it: will a run work?", preflightVerb},
	{"print-config", "TARGET [flags]", "print the settings that a homeserver needs for the suite", printConfigVerb},
	{"compare", "[flags] OLD NEW", "say what changed from one report to another", compareVerb},
	{"report", "[flags] RESULTS", "write reports again, also after a kill; or several on one page", reportVerb},
	{"version", "", "print the version of the suite", versionVerb},
}

func main() { os.Exit(dispatch(os.Args[1:], os.Stdout, os.Stderr)) }

func dispatch(args []string, out, errs io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "--help" {
		usage(out)
		if len(args) == 0 {
			return run.ExitUsage
		}
		return run.ExitOK
	}
	for _, v := range verbs {
		if v.name == args[0] {
			return v.run(args[1:], out, errs)
		}
	}
	var names []string
	for _, v := range verbs {
		names = append(names, v.name)
	}
	fmt.Fprintf(errs, "There is no verb %q; the verbs are %s.\n", args[0], strings.Join(names, ", "))
	return run.ExitUsage
}

func usage(out io.Writer) {
	fmt.Fprint(out, "Usage: conformance VERB [flags]\n\n")
	for _, v := range verbs {
		fmt.Fprintf(out, "  %-24s %s\n", strings.TrimSpace(v.name+" "+v.args), v.means)
	}
	fmt.Fprint(out, "\nconformance run --help prints the flags.\n")
}

func listVerb(args []string, out, errs io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(errs, "list takes no arguments; got %q.\n", args)
		return run.ExitUsage
	}
	fmt.Fprint(out, run.List())
	return run.ExitOK
}

func versionVerb(args []string, out, errs io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(errs, "version takes no arguments; got %q.\n", args)
		return run.ExitUsage
	}
	fmt.Fprintln(out, run.VersionLine())
	return run.ExitOK
}
