package main

import (
	"flag"
	"fmt"
	"io"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/run"
)

func printConfigVerb(args []string, out, errs io.Writer) int {
	set := flag.NewFlagSet("conformance print-config", flag.ContinueOnError)
	flags := config.AddFlags(set)
	servers, code, done := parseMixed(set, "TARGET", args, out, errs)
	if done {
		return code
	}
	if len(servers) != 1 {
		fmt.Fprintf(errs, "print-config takes one homeserver, such as synapse; got %d.\n", len(servers))
		return run.ExitUsage
	}
	c, err := flags.Load()
	if err != nil {
		return sentence(errs, err)
	}
	text, err := deploy.Settings(c, servers[0])
	if err != nil {
		return sentence(errs, err)
	}
	fmt.Fprint(out, text)
	return run.ExitOK
}
