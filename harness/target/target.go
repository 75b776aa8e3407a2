// Package target says what a homeserver under test is, and keeps the list of
// those the suite can start itself.
//
// Packages below fixtures/targets register themselves with [Register]; a run
// picks one by name, or is given a URL and starts nothing.
package target

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Main is the variant of a homeserver in its ordinary configuration.
const Main = ""

// A Target can start one kind of homeserver.
type Target interface {
	// Name is what users write: reference, synapse, …
	Name() string
	// Declares says what the target promises to support, before anything starts.
	Declares() Declaration
	// Options documents the keys that Launch.Options may hold.
	Options() []Option
	// Start starts one instance and returns when it answers, or an error of
	// one sentence that says what to do.
	Start(ctx context.Context, launch Launch) (*Instance, error)
}

// Capabilities are what a target can promise beside the operations themselves.
func Capabilities() []string { return []string{"mail", "sms", "identity-server"} }

// A Declaration is what a target promises. A declared capability that turns out
// not to work is a failure, never a reason to skip.
type Declaration struct {
	Capabilities     []string // of mail, sms, identity-server
	Variants         []string // configurations it can be started in, by name
	ExpectedFailures []byte   // its list of known deviations, in YAML
}

// An Option is a target-specific setting, given as --target-option key=value.
type Option struct {
	Key     string
	Default string
	Means   string // one sentence
}

// A Launch says how to start an instance.
type Launch struct {
	Variant string            // Main or one of the declared ones
	Options map[string]string // every key of Target.Options is present
	SMTP    string            // host:port where the instance delivers mail
	// IdentityCA is a PEM file that the instance has to trust for identity
	// servers, SMSDelegate the base URL of its delegate for SMS; "" for none.
	IdentityCA  string
	SMSDelegate string
	// IdentityServers are the names (host:port) under which clients may send
	// the instance to identity servers of ours, for those that keep a list.
	IdentityServers []string
	Provisioner     Provisioner // starts images, nil unless the options ask for one
	Dir             string      // an empty folder of its own, removed after the run
	Log             io.Writer   // receives what the instance prints
}

// An Instance is a running homeserver.
type Instance struct {
	URL          string // base URL for clients, without a trailing slash
	PublicURL    string // base URL it was told to put into mails, "" when it was told none
	NetworkURL   string // base URL for other containers of the run, "" when it is URL
	ServerName   string
	Version      string       // as the server reports it, "" when it does not
	Registration Registration // how the suite gets accounts on it
	Credentials  Credentials  // of others than ordinary users
	Stop         func(ctx context.Context) error
}

// Registration says how accounts are made on an instance the suite started.
type Registration struct {
	SharedSecret string // of Synapse's admin registration API
	Token        string // for m.login.registration_token
}

// Credentials are access tokens for more than an account of one's own; "" where
// there is none.
type Credentials struct {
	Admin              string // of an administrator of the server
	ApplicationService string // the as_token of a registered application service
}

var registry struct {
	sync.Mutex
	targets map[string]Target
}

// Register makes a target available by its name. It panics when the name is
// taken, which is a mistake in the program.
func Register(t Target) {
	registry.Lock()
	defer registry.Unlock()
	if registry.targets == nil {
		registry.targets = map[string]Target{}
	}
	if _, taken := registry.targets[t.Name()]; taken {
		panic("target " + t.Name() + " is registered twice")
	}
	registry.targets[t.Name()] = t
}

// Names lists the registered targets in alphabetical order.
func Names() []string {
	registry.Lock()
	defer registry.Unlock()
	return slices.Sorted(maps.Keys(registry.targets))
}

// Lookup returns the target of that name or in that folder, or an error that
// lists the names.
func Lookup(name string) (Target, error) {
	if IsFolder(name) {
		return load(name)
	}
	registry.Lock()
	t, ok := registry.targets[name]
	registry.Unlock()
	if !ok {
		return nil, fmt.Errorf("there is no target %q (a folder is written ./my-target); the targets are %s", name, strings.Join(Names(), ", "))
	}
	return t, nil
}

// FillOptions checks given options against those the target knows and adds the
// defaults of the missing ones.
func FillOptions(t Target, given map[string]string) (map[string]string, error) {
	filled, keys := map[string]string{}, []string{}
	for _, o := range t.Options() {
		filled[o.Key] = o.Default
		keys = append(keys, o.Key)
	}
	for key, value := range given {
		if _, known := filled[key]; !known {
			return nil, fmt.Errorf("the target %s has no option %q; its options are %s", t.Name(), key, strings.Join(keys, ", "))
		}
		filled[key] = value
	}
	return filled, nil
}
