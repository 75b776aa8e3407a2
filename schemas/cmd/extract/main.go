// Command extract makes the JSON Schema files of package schemas from the
// OpenAPI files of the Matrix specification.
//
//	go run ./schemas/cmd/extract --spec DIR [--chapters ./suites] [--out ./schemas] [--check]
//
// DIR holds one folder per spec version, v1.1, v1.2 and so on. With --check
// nothing is written: what differs is printed. Exit codes: 0 done or no difference,
// 1 a difference, 2 bad input or a file that cannot be written.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"threepid-conformance/schemas/extract"
)

const (
	exitOK        = 0
	exitDifferent = 1
	exitBadInput  = 2
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("extract", flag.ContinueOnError)
	flags.SetOutput(stderr)
	spec := flags.String("spec", "", "`folder` that holds a folder per spec version, v1.1, v1.2 and so on")
	suites := flags.String("chapters", "./suites", "`folder` whose <chapter>/chapter.yaml declare the operations")
	out := flags.String("out", "./schemas", "`folder` to write to, or to compare with")
	check := flags.Bool("check", false, "write nothing; print what differs and exit 1 on a difference")

	fail := func(err error) int {
		fmt.Fprintf(stderr, "extract: %v\n", err)
		return exitBadInput
	}
	if err := flags.Parse(args); err != nil {
		return exitBadInput // flags has said why
	}
	if *spec == "" || flags.NArg() > 0 {
		return fail(errors.New("want --spec, the folder that holds a folder per spec version, and no further argument"))
	}

	chapters, err := extract.ReadChapters(os.DirFS(*suites))
	if err != nil {
		return fail(fmt.Errorf("--chapters %s: %w", *suites, err))
	}
	tree, err := extract.Extract(os.DirFS(*spec), chapters)
	if err != nil {
		return fail(fmt.Errorf("--spec %s: %w", *spec, err))
	}
	if !*check {
		if err := tree.Write(*out); err != nil {
			return fail(err)
		}
		fmt.Fprintf(stdout, "%d files written to %s\n", len(tree), *out)
		return exitOK
	}
	differences, err := tree.Differences(*out)
	if err != nil {
		return fail(err)
	}
	for _, line := range differences {
		fmt.Fprintln(stdout, line)
	}
	if len(differences) > 0 {
		fmt.Fprintf(stderr, "extract: differences to the spec in %s: %d; run without --check to write the files\n", *out, len(differences))
		return exitDifferent
	}
	fmt.Fprintf(stdout, "%d files in %s match the spec\n", len(tree), *out)
	return exitOK
}
