package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/overview"
	"threepid-conformance/harness/run"
)

func reportVerb(args []string, out, errs io.Writer) int {
	set := flag.NewFlagSet("conformance report", flag.ContinueOnError)
	expectations := set.String("write-expectations", "", "new file for a first list of known failures, made of the rows that failed")
	page := set.String("page", "", "file for one page about several homeservers: give their report.json files")
	paths, code, done := parseMixed(set, "RESULTS_DIR | --page=FILE REPORT…", args, out, errs)
	switch {
	case done:
		return code
	case *page != "" && *expectations != "":
		fmt.Fprintln(errs, "--page and --write-expectations do not go together; use one after the other.")
		return run.ExitUsage
	case *page != "":
		return writePage(*page, paths, out, errs)
	case len(paths) != 1:
		fmt.Fprintf(errs, "report takes one results folder; got %d. Several reports go on one page with --page=FILE.\n", len(paths))
		return run.ExitUsage
	}
	return renew(paths[0], *expectations, out, errs)
}

// renew writes the files of a results folder again, from report.json or, where a
// killed run left none, from what was exchanged.
func renew(dir, expectations string, out, errs io.Writer) int {
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		dir = filepath.Dir(dir) // report.json itself
	}
	r, err := report.Load(dir)
	rebuilt := errors.Is(err, os.ErrNotExist)
	if rebuilt {
		r, err = report.Rebuild(dir, config.Version)
	}
	if err == nil && rebuilt {
		err = r.Write(dir)
	} else if err == nil {
		err = r.Render(dir)
	}
	if err != nil {
		return sentence(errs, err)
	}
	if expectations != "" {
		switch n, err := r.WriteExpectations(expectations); {
		case errors.Is(err, report.ErrNothingFailed):
			fmt.Fprintf(out, "No row failed, so there is nothing to expect and %s was not written.\n", expectations)
		case err != nil:
			return sentence(errs, err)
		default:
			fmt.Fprintf(out, "%d known failures written to %s; say in each reason what the server does instead.\n", n, expectations)
		}
	}
	fmt.Fprint(out, r.Summary(dir))
	if !r.Complete {
		fmt.Fprintln(out, "The run did not come to its end, so this report is not complete.")
		return run.ExitFail
	}
	return run.ExitOK
}

// writePage puts several reports on one page.
func writePage(file string, paths []string, out, errs io.Writer) int {
	if len(paths) == 0 {
		fmt.Fprintln(errs, "--page takes the report.json files, or results folders, that go on the page; got none.")
		return run.ExitUsage
	}
	var reports []*report.Report
	for _, path := range paths {
		r, err := report.Load(path)
		if err != nil {
			return sentence(errs, err)
		}
		reports = append(reports, r)
	}
	var text bytes.Buffer
	err := overview.Write(&text, reports)
	if err == nil {
		err = os.WriteFile(file, text.Bytes(), 0o644)
	}
	if err != nil {
		return sentence(errs, fmt.Errorf("the page cannot be written: %w", err))
	}
	fmt.Fprintf(out, "%d reports are on %s.\n", len(reports), file)
	return run.ExitOK
}

// sentence prints an error as the one sentence it is.
func sentence(errs io.Writer, err error) int {
	fmt.Fprintln(errs, strings.Join(strings.Fields(err.Error()), " "))
	return run.ExitUsage
}

// parseMixed reads the flags of a verb that takes other arguments as well, which
// may stand before and between the flags. takes says what they are.
func parseMixed(set *flag.FlagSet, takes string, args []string, out, errs io.Writer) (rest []string, code int, done bool) {
	set.SetOutput(io.Discard) // one sentence of our own instead of the usage text
	for {
		err := set.Parse(args)
		switch {
		case errors.Is(err, flag.ErrHelp):
			fmt.Fprintf(out, "Usage: %s [flags] %s\n\n", set.Name(), takes)
			set.SetOutput(out)
			set.PrintDefaults()
			return nil, run.ExitOK, true
		case err != nil:
			fmt.Fprintf(errs, "%v; %s --help prints the flags.\n", err, set.Name())
			return nil, run.ExitUsage, true
		case set.NArg() == 0:
			return rest, 0, false
		}
		rest, args = append(rest, set.Arg(0)), set.Args()[1:]
	}
}
