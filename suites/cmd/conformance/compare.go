package main

import (
	"fmt"
	"os"

	"threepid-conformance/harness/report"
	"threepid-conformance/harness/report/compare"
	"threepid-conformance/harness/run"
)

type compareVerb struct {
	JSON string `help:"file for the comparison as JSON"`
	HTML string `help:"file for the comparison as one HTML page"`
	Old  string `arg:"" help:"report.json or results folder of the earlier run"`
	New  string `arg:"" help:"the same of the later one"`
}

func (v compareVerb) Run() error {
	var sides [2]*report.Report
	for i, path := range []string{v.Old, v.New} {
		var err error
		if sides[i], err = report.Load(path); err != nil {
			return err
		}
	}
	c := compare.Reports(sides[0], sides[1])
	for _, file := range []struct {
		path string
		make func() ([]byte, error)
	}{{v.JSON, c.JSON}, {v.HTML, c.HTML}} {
		if file.path == "" {
			continue
		}
		text, err := file.make()
		if err == nil {
			err = os.WriteFile(file.path, text, 0o644)
		}
		if err != nil {
			return fmt.Errorf("the comparison cannot be written: %w", err)
		}
	}
	fmt.Print(c.Markdown())
	if c.Regressions > 0 {
		return exitCode(run.ExitFail)
	}
	return nil
}
