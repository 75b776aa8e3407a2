package main

import (
	"context"
	"fmt"
	"os"

	"github.com/alecthomas/kong"

	"threepid-conformance/fixtures/users"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/harness/run"
)

type preflightVerb struct {
	config.Config `embed:""`
}

func (preflightVerb) Run(line *kong.Context) error {
	c, err := config.From(line)
	if err != nil {
		return err
	}
	return exitCode(run.Examine(c, func(ctx context.Context) (preflight.Account, error) {
		user, err := users.Make(ctx)
		if err != nil {
			return preflight.Account{}, err
		}
		return preflight.Account{ID: user.ID, Token: user.Token}, nil
	}, os.Stdout))
}

type printConfigVerb struct {
	config.Config `embed:""`
	Homeserver    string `arg:"" help:"synapse, dendrite, tuwunel or continuwuity"`
}

func (v printConfigVerb) Run(line *kong.Context) error {
	c, err := config.From(line)
	if err != nil {
		return err
	}
	text, err := deploy.Settings(c, v.Homeserver)
	fmt.Print(text)
	return err
}
