package deploy

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

// KeepUp says how to reach what the run started and waits until it is
// interrupted, so that someone can look at a failure. Homeservers and sidecars
// that are part of this program need it to go on, too.
func (d Deployment) KeepUp(out io.Writer) {
	fmt.Fprintln(out, "Everything is left up, as keep demands; Ctrl-C takes it down.")
	line := func(what, at string) {
		if at != "" {
			fmt.Fprintf(out, "  %-18s %s\n", what, at)
		}
	}
	for _, variant := range slices.Sorted(maps.Keys(d.Homeservers)) {
		name := "homeserver"
		if variant != "" {
			name = variant
		}
		line(name, d.Homeservers[variant].URL)
	}
	line("mails", d.MailAPI)
	line("mail relay", d.SMTP)
	line("SMS delegate", d.SMSDelegate)
	for _, url := range d.Identity {
		line("identity control", url+"/v1/info")
	}
	line("identity CA", d.IdentityCA)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-ctx.Done()
}
