package deploy

import (
	"path/filepath"
	"slices"
	"time"

	"threepid-conformance/harness/target"
)

// HowEmbedded is how a homeserver runs that is part of this process.
const HowEmbedded = "embedded"

// A Deployment is what all processes of a run share: addresses and facts only.
// Process 1 makes it; the others receive it as JSON.
type Deployment struct {
	RunID       string
	Started     time.Time
	How         string // HowEmbedded, url, image or command
	TargetName  string
	Homeservers map[string]Homeserver // by variant
	MailAPI     string                // "" without a catcher
	SMTP        string                // where the homeserver delivers, "" when that is not ours to know
	Identity    []string              // control URLs of the identity servers
	IdentityCA  string                // file with the CA that homeservers have to trust
	SMSDelegate string                // base URL of the delegate for SMS
	// IdentityServers are the names of all of them: host:port.
	IdentityServers []string
	Dir             string // scratch folder of the run

	// What preflight finds out.
	Capabilities map[string]Capability
}

// A Homeserver is one running configuration of the server under test.
type Homeserver struct {
	URL          string
	PublicURL    string // where links in its mails lead, "" when the suite did not start it
	NetworkURL   string // where other containers reach it, "" for URL
	ServerName   string // "" when the suite did not start it
	Software     string // name and version, "" when unknown
	Registration target.Registration
	Credentials  target.Credentials

	// What preflight finds out.
	Versions  []string // of the spec, as advertised by GET /_matrix/client/versions
	NotRouted []string // operationIds that it answers as unknown
}

// What a user or a target can say about a capability.
const (
	Yes  = "yes"  // it is there; what does not work fails
	No   = "no"   // it is not there; what needs it is not tested
	Auto = "auto" // try it; what needs it is not tested if it does not work
)

// A Capability is something specs need of the deployment: mail, sms,
// identity-server.
type Capability struct {
	Declared string // Yes, No or Auto
	Works    bool   // found by the probe; only asked for Auto
	Why      string // one sentence when specs cannot use it
}

// Usable reports whether specs that need the capability run.
func (c Capability) Usable() bool {
	return c.Declared == Yes || c.Declared == Auto && c.Works
}

// Main is the homeserver in its ordinary configuration.
func (d Deployment) Main() Homeserver { return d.Homeservers[target.Main] }

// Variants are the names of the other configurations that run, sorted.
func (d Deployment) Variants() []string {
	var names []string
	for name := range d.Homeservers {
		if name != target.Main {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Subject is how sentences call the homeserver under test.
func (d Deployment) Subject() string {
	if d.TargetName != "" {
		return "the target " + d.TargetName
	}
	return "the homeserver at " + d.Main().URL
}

// Scratch is a file in the run's own folder.
func (d Deployment) Scratch(name string) string { return filepath.Join(d.Dir, name) }
