package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"threepid-conformance/harness/config"
	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/overview"
	"threepid-conformance/harness/run"
)

type reportVerb struct {
	WriteExpectations string   `xor:"output" help:"new file for a first list of known failures, made of the rows that failed"`
	Page              string   `xor:"output" help:"file for one page about several homeservers: give their report.json files"`
	Results           []string `arg:"" help:"a results folder; with --page, report.json files or results folders"`
}

func (v reportVerb) Run() error {
	switch {
	case v.Page != "":
		return writePage(v.Page, v.Results)
	case len(v.Results) != 1:
		return fmt.Errorf("report takes one results folder; got %d. Several reports go on one page with --page=FILE", len(v.Results))
	}
	return renew(v.Results[0], v.WriteExpectations)
}

// renew writes the files of a results folder again, from report.json or, where a
// killed run left none, from what was exchanged.
func renew(dir, expectations string) error {
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
		return err
	}
	if expectations != "" {
		switch n, err := r.WriteExpectations(expectations); {
		case errors.Is(err, report.ErrNothingFailed):
			fmt.Printf("No row failed, so there is nothing to expect and %s was not written.\n", expectations)
		case err != nil:
			return err
		default:
			fmt.Printf("%d known failures written to %s; say in each reason what the server does instead.\n", n, expectations)
		}
	}
	fmt.Print(r.Summary(dir))
	if !r.Complete {
		fmt.Println("The run did not come to its end, so this report is not complete.")
		return exitCode(run.ExitFail)
	}
	return nil
}

// writePage puts several reports on one page.
func writePage(file string, paths []string) error {
	var reports []*report.Report
	for _, path := range paths {
		r, err := report.Load(path)
		if err != nil {
			return err
		}
		reports = append(reports, r)
	}
	var text bytes.Buffer
	err := overview.Write(&text, reports)
	if err == nil {
		err = os.WriteFile(file, text.Bytes(), 0o644)
	}
	if err != nil {
		return fmt.Errorf("the page cannot be written: %w", err)
	}
	fmt.Printf("%d reports are on %s.\n", len(reports), file)
	return nil
}
