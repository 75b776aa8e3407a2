package harness

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/signal"
	"slices"
	"syscall"
)

// keepUp says how to reach what the run started and waits until it is
// interrupted, so that someone can look at a failure. Homeservers and sidecars
// that are part of this program need it to go on, too.
func keepUp(w world, out io.Writer) {
	fmt.Fprintln(out, "Everything is left up, as keep demands; Ctrl-C takes it down.")
	line := func(what, at string) {
		if at != "" {
			fmt.Fprintf(out, "  %-18s %s\n", what, at)
		}
	}
	for _, variant := range slices.Sorted(maps.Keys(w.Homeservers)) {
		name := "homeserver"
		if variant != "" {
			name = variant
		}
		line(name, w.Homeservers[variant].URL)
	}
	line("mails", w.MailAPI)
	line("mail relay", w.SMTP)
	line("SMS delegate", w.SMSDelegate)
	for _, url := range w.Identity {
		line("identity control", url+"/v1/info")
	}
	line("identity CA", w.IdentityCA)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
}
