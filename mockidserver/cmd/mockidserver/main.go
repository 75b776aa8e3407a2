// Command mockidserver runs a mock Matrix identity server by itself, for work by
// hand, for continuous integration, or in a container. It prints where it
// listens and runs until it is interrupted.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"threepid-conformance/mockidserver"
	"threepid-conformance/mockidserver/control"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is the program. It returns the exit code: 2 for wrong flags, 1 if the
// server does not start.
func run(ctx context.Context, args []string, out, problems io.Writer) int {
	config, err := parse(args, problems)
	switch {
	case err == flag.ErrHelp:
		return 0
	case err != nil:
		fmt.Fprintln(problems, "mockidserver:", err)
		return 2
	}
	server, err := mockidserver.Start(ctx, config)
	if err != nil {
		fmt.Fprintln(problems, "mockidserver:", err)
		return 1
	}
	defer server.Close()
	announce(out, server)
	<-ctx.Done()
	return 0
}

// parse reads the flags.
func parse(args []string, problems io.Writer) (mockidserver.Config, error) {
	var config mockidserver.Config
	var hosts, homeservers, pins list
	flags := flag.NewFlagSet("mockidserver", flag.ContinueOnError)
	flags.SetOutput(problems)
	flags.StringVar(&config.Name, "name", "identity", "name of this server; each has a signing key of its own")
	flags.StringVar(&config.Folder, "folder", defaultFolder(), "keeps the CA and the signing keys from run to run")
	flags.StringVar(&config.Bind, "bind", "127.0.0.1", "address for homeservers; 127.0.0.1 includes ::1")
	flags.StringVar(&config.ControlBind, "control-bind", "127.0.0.1", "address of the control interface")
	flags.IntVar(&config.Port, "port", 0, "port of the identity service; 0 is any free one")
	flags.IntVar(&config.SMSPort, "sms-port", 0, "port of the SMS delegate")
	flags.IntVar(&config.ControlPort, "control-port", 0, "port of the control interface")
	flags.BoolVar(&config.SMSOverTLS, "sms-tls", false, "the SMS delegate speaks https")
	flags.BoolVar(&config.TermsRequired, "terms", false, "account/register issues tokens that need consent to the terms")
	flags.Var(&hosts, "host", "name or IP address by which homeservers reach this server; the first is advertised (repeatable)")
	flags.Var(&homeservers, "homeserver", "`name=url` of a homeserver, such as hs.test=http://127.0.0.1:8008 (repeatable)")
	flags.Var(&pins, "pin", "`name=keyid=key` that a homeserver signs with, for one that publishes no keys (repeatable)")
	if err := flags.Parse(args); err != nil {
		return config, err
	}
	if flags.NArg() > 0 {
		return config, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	config.Hosts = hosts
	for _, pair := range homeservers {
		serverName, url, ok := strings.Cut(pair, "=")
		if !ok {
			return config, fmt.Errorf("--homeserver takes name=url, not %q", pair)
		}
		config.Homeservers = append(config.Homeservers, control.Homeserver{ServerName: serverName, URL: url})
	}
	for _, triple := range pins {
		parts := strings.SplitN(triple, "=", 3)
		if len(parts) != 3 {
			return config, fmt.Errorf("--pin takes name=keyid=key, not %q", triple)
		}
		config.Homeservers = append(config.Homeservers, control.Homeserver{ServerName: parts[0], Keys: map[string]string{parts[1]: parts[2]}})
	}
	return config, nil
}

// list collects a repeatable flag.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }

func (l *list) Set(value string) error {
	*l = append(*l, value)
	return nil
}

// defaultFolder is the user's cache, where the CA survives until someone cleans
// up; "" (a new CA at each start) on systems without one.
func defaultFolder() string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "threepid-conformance", "mockidserver")
}

// announce prints where the server is, and how to try it.
func announce(out io.Writer, server *mockidserver.Server) {
	fmt.Fprintf(out, `identity service  %s   (id_server %s)
SMS delegate      %s
control           %s
CA                %s   (homeserver: SSL_CERT_FILE)

export IS=%s CONTROL=%s CA=%s
curl --cacert %s %s/_matrix/identity/versions
`, server.BaseURL(), strings.Join(server.IDServers(), ", "), server.SMSURL(), server.ControlURL(), server.CAFile(),
		server.BaseURL(), server.ControlURL(), quoted(server.CAFile()),
		quoted(server.CAFile()), server.BaseURL())
}

// quoted writes a path as one word of a shell.
func quoted(path string) string {
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-") == "" {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}
