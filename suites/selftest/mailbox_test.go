package selftest

import (
	"testing"

	"threepid-conformance/harness/mailbox/catcher"
)

// Of the mails in a mailbox that goes on without the run, those of specs that failed
// stay for somebody to read.
func TestMailsThatAPassingSpecHasReadGo(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args  []string
		exit  int
		mails bool
	}{
		"passing": {[]string{oneRow}, 0, false},
		"failing": {[]string{oneRow, hardFault}, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			box, err := catcher.Start(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			defer box.Close()
			r := conform(t, append(c.args, "--mail-mailpit-url="+box.APIURL(), "--mail-mailpit-smtp="+box.SMTPAddr())...)
			if stay := box.Count() > 0; r.exit != c.exit || stay != c.mails {
				t.Errorf("exit %d, %d mails stay\n%s", r.exit, box.Count(), r.output)
			}
		})
	}
}
