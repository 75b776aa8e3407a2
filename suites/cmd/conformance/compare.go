package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/compare"
	"threepid-conformance/harness/run"
)

func compareVerb(args []string, out, errs io.Writer) int {
	set := flag.NewFlagSet("conformance compare", flag.ContinueOnError)
	asJSON := set.String("json", "", "file for the comparison as JSON")
	asHTML := set.String("html", "", "file for the comparison as one HTML page")
	paths, code, done := parseMixed(set, "OLD NEW", args, out, errs)
	if done {
		return code
	}
	if len(paths) != 2 {
		fmt.Fprintf(errs, "compare takes two reports, the old one and the new one (report.json or a results folder); got %d.\n", len(paths))
		return run.ExitUsage
	}
	var sides [2]*report.Report
	for i, path := range paths {
		var err error
		if sides[i], err = report.Load(path); err != nil {
			return sentence(errs, err)
		}
	}
	c := compare.Reports(sides[0], sides[1])
	for _, file := range []struct {
		path string
		make func() ([]byte, error)
	}{{*asJSON, c.JSON}, {*asHTML, c.HTML}} {
		if file.path == "" {
			continue
		}
		text, err := file.make()
		if err == nil {
			err = os.WriteFile(file.path, text, 0o644)
		}
		if err != nil {
			return sentence(errs, fmt.Errorf("the comparison cannot be written: %w", err))
		}
	}
	fmt.Fprint(out, c.Markdown())
	if c.Regressions > 0 {
		return run.ExitFail
	}
	return run.ExitOK
}
