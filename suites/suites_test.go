package suites_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/onsi/ginkgo/v2"

	"threepid-conformance/fixtures/users"
	"threepid-conformance/harness/config"
	"threepid-conformance/harness/run"
	_ "threepid-conformance/suites"
)

// The flags have to exist before the test binary parses its command line.
var flags = config.AddFlags(flag.CommandLine)

// TestConformance is the suite for the ginkgo CLI, go test and a compiled test
// binary. The program in cmd/conformance runs it without them.
func TestConformance(t *testing.T) {
	if flag.NArg() > 0 {
		fmt.Printf("Unexpected arguments %q: flags after them would be ignored; write flags first.\n", flag.Args())
		t.FailNow()
	}
	c, err := flags.Load()
	if err != nil {
		fmt.Println(err)
		t.FailNow()
	}
	sc, rc := ginkgo.GinkgoConfiguration()
	sc.FailOnEmpty = true
	code := run.Start(t, c, sc, rc, run.Invocation{
		Command: strings.Join(os.Args, " "),
		Rerun:   strings.Join(append([]string{"go tool ginkgo --label-filter=%s ./suites --"}, c.Arguments()...), " "),
		Out:     os.Stdout,
		CleanUp: users.CleanUp,
	})
	if code != run.ExitOK {
		t.Fail()
	}
}
