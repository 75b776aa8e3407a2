// Command conformance runs the Matrix 3PID conformance suite.
//
// Its exit codes are promises: 0, nothing that counts failed; 1, something did,
// or nothing was shown; 2, the run did not start, and one sentence says why.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/willabides/kongplete"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/run"
	_ "threepid-conformance/suites"
)

// grammar is the command line: a field for each verb.
type grammar struct {
	Run         runVerb         `cmd:"" help:"run the suite against a homeserver and write the reports"`
	List        listVerb        `cmd:"" help:"print operations, requirements and how many specs judge each"`
	Preflight   preflightVerb   `cmd:"" help:"look at a homeserver without judging it: will a run work?"`
	PrintConfig printConfigVerb `cmd:"" help:"print the settings that a homeserver needs for the suite"`
	Compare     compareVerb     `cmd:"" help:"say what changed from one report to another"`
	Report      reportVerb      `cmd:"" help:"write reports again, also after a kill; or several on one page"`
	Version     versionVerb     `cmd:"" help:"print the version of the suite"`
	Completion  completionVerb  `cmd:"" help:"print what makes a shell complete verbs and flags, for its start-up file"`
}

// An exitCode is the end of a verb that has said all there is to say. Any other
// error is one sentence, and the exit code is 2.
type exitCode int

func (exitCode) Error() string { return "" }

func main() {
	parser := config.Parser(&grammar{},
		kong.Name("conformance"),
		kong.Description("Judges how a Matrix homeserver handles third-party identifiers."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	kongplete.Complete(parser)
	args := os.Args[1:]
	if len(args) == 0 || args[0] == "help" {
		args = []string{"--help"}
	}
	if len(os.Args) == 1 {
		parser.Exit = func(int) { os.Exit(run.ExitUsage) }
	}
	line, err := parser.Parse(args)
	if err != nil {
		verb := ""
		if wrong := (*kong.ParseError)(nil); errors.As(err, &wrong) && wrong.Context.Selected() != nil {
			verb = " " + wrong.Context.Selected().Name
		}
		err = fmt.Errorf("%w; conformance%s --help prints what it takes", err, verb)
	} else {
		err = line.Run(line)
	}
	os.Exit(end(err))
}

// end says what was wrong and returns the exit code.
func end(err error) int {
	var code exitCode
	switch {
	case err == nil:
		return run.ExitOK
	case errors.As(err, &code):
		return int(code)
	}
	fmt.Fprintln(os.Stderr, strings.Join(strings.Fields(err.Error()), " "))
	return run.ExitUsage
}

type completionVerb struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"bash, zsh or fish"`
}

// Run prints how the shell is told to ask this program.
func (v completionVerb) Run() error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	switch v.Shell {
	case "fish":
		fmt.Printf("complete -c conformance -f -a '(env COMP_LINE=(commandline -cp) %s)'\n", program)
	case "zsh":
		fmt.Println("autoload -U +X bashcompinit && bashcompinit")
		fallthrough
	default:
		fmt.Printf("complete -C %s conformance\n", program)
	}
	return nil
}

type listVerb struct{}

func (listVerb) Run() error {
	fmt.Print(run.List())
	return nil
}

type versionVerb struct{}

func (versionVerb) Run() error {
	fmt.Println(run.VersionLine())
	return nil
}
