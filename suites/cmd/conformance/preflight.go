package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"threepid-conformance/fixtures/users"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/run"
)

func preflightVerb(args []string, out, errs io.Writer) int {
	set := flag.NewFlagSet("conformance preflight", flag.ContinueOnError)
	flags := config.AddFlags(set)
	if code, done := parse(set, args, out, errs); done {
		return code
	}
	c, err := flags.Load()
	if err != nil {
		fmt.Fprintln(errs, err)
		return run.ExitUsage
	}
	return run.Examine(c, func(ctx context.Context) (preflight.Account, error) {
		user, err := users.Make(ctx)
		if err != nil {
			return preflight.Account{}, err
		}
		return preflight.Account{ID: user.ID, Token: user.Token}, nil
	}, out)
}
