package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

const spec = "../../extract/testdata/spec"

func extractWith(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	if len(args) > 0 && args[0] == "--spec" {
		args = append([]string{"--chapters", "../../extract/testdata/suites"}, args...)
	}
	code = run(args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestWriteThenCheck(t *testing.T) {
	g := NewWithT(t)
	out := t.TempDir()

	code, _, stderr := extractWith("--spec", spec, "--out", out, "--check")
	g.Expect(code).To(Equal(1), stderr)
	g.Expect(os.ReadDir(out)).To(BeEmpty(), "--check writes nothing")

	code, stdout, stderr := extractWith("--spec", spec, "--out", out)
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(ContainSubstring("files written"))
	g.Expect(filepath.Join(out, "v1.9", "listBags", "200.json")).To(BeAnExistingFile())

	code, stdout, stderr = extractWith("--spec", spec, "--out", out, "--check")
	g.Expect(code).To(Equal(0), stderr)
	g.Expect(stdout).To(ContainSubstring("match the spec"))

	changed := filepath.Join(out, "v1.10", "relabelBag", "200.json")
	g.Expect(os.WriteFile(changed, []byte("{}\n"), 0o644)).To(Succeed())
	code, stdout, stderr = extractWith("--spec", spec, "--out", out, "--check")
	g.Expect(code).To(Equal(1))
	g.Expect(stdout).To(HavePrefix("v1.10/relabelBag/200.json: "))
	g.Expect(stderr).To(HaveSuffix(": 1; run without --check to write the files\n"))
	g.Expect(os.ReadFile(changed)).To(BeEquivalentTo("{}\n"), "--check writes nothing")
}

func TestBadInputIsOneSentenceAndExit2(t *testing.T) {
	notAFolder := filepath.Join(spec, "v1.9", "client-server", "luggage.yaml")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no --spec":        {nil, "want --spec"},
		"no such folder":   {[]string{"--spec", filepath.Join(spec, "nosuch")}, "no such file"},
		"a file":           {[]string{"--spec", notAFolder}, "not a directory"},
		"no version":       {[]string{"--spec", t.TempDir()}, "no folder is named after a version, such as v1.6"},
		"no chapters":      {[]string{"--chapters", spec, "--spec", spec}, "no folder holds a chapter.yaml"},
		"extra argument":   {[]string{"--spec", spec, "check"}, "no further argument"},
		"cannot be filled": {[]string{"--spec", spec, "--out", notAFolder}, "not a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			code, stdout, stderr := extractWith(c.args...)
			g.Expect(code).To(Equal(2))
			g.Expect(stdout).To(BeEmpty())
			g.Expect(stderr).To(ContainSubstring(c.want))
			g.Expect(strings.Count(stderr, "\n")).To(Equal(1), stderr)
		})
	}
}
