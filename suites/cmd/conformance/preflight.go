package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"threepid-conformance/fixtures"
	"threepid-conformance/harness"
	"threepid-conformance/harness/config"
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
		return harness.ExitUsage
	}
	return harness.Examine(c, func(ctx context.Context) (harness.Account, error) {
		user, err := fixtures.MakeUser(ctx)
		if err != nil {
			return harness.Account{}, err
		}
		return harness.Account{ID: user.ID, Token: user.Token}, nil
	}, out)
}
