// Package advice knows which settings of which homeserver the suite needs: one
// by one where preflight finds something amiss, and all of them to paste.
//
// Those of Synapse and Dendrite are what the suite's own targets run with; those
// of tuwunel and continuwuity are from their documentation.
package advice

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/template"
)

// A Problem is something that a homeserver's settings mend.
type Problem string

// Problems that preflight tells apart.
const (
	Registration     Problem = "registration"      // no account can be made
	Mail             Problem = "mail"              // mails do not reach the catcher
	PublicURL        Problem = "public-url"        // links in mails lead elsewhere
	CA               Problem = "ca"                // it does not trust the identity server's CA
	PrivateAddresses Problem = "private-addresses" // it does not connect to the identity server
	IdentityList     Problem = "identity-list"     // it keeps a list of identity servers
	SMS              Problem = "sms"               // no delegate for SMS
	RateLimits       Problem = "rate-limits"
)

// Values are the addresses of a run that settings have to name.
type Values struct {
	URL         string   // of the homeserver, as clients reach it
	SMTPHost    string   // of the mail catcher
	SMTPPort    string   //
	CAFile      string   // of the identity servers
	IDServers   []string // host:port
	SMSDelegate string   // base URL
}

// mends are the settings by problem and homeserver. A homeserver without an entry
// cannot be mended that way.
var mends = map[Problem]map[string]string{
	Registration: {
		"synapse":      "enable_registration and enable_registration_without_verification: true, or give the suite registration_shared_secret",
		"dendrite":     "client_api.registration_disabled: false, and start it with -really-enable-open-registration",
		"tuwunel":      "allow_registration = true, and registration_token, which the suite is given",
		"continuwuity": "allow_registration = true, and registration_token, which the suite is given",
	},
	Mail: {
		"synapse":      "email.smtp_host: {{.SMTPHost}}, email.smtp_port: {{.SMTPPort}}, email.enable_tls: false",
		"dendrite":     "none: it has the identity server that a client names send them, so declare capabilities.mail=no",
		"tuwunel":      `global.smtp.connection_uri = "smtp://{{.SMTPHost}}:{{.SMTPPort}}" and global.smtp.sender`,
		"continuwuity": `global.smtp.connection_uri = "smtp://{{.SMTPHost}}:{{.SMTPPort}}" and global.smtp.sender`,
	},
	PublicURL: {
		"synapse":      "public_baseurl: {{.URL}}/",
		"tuwunel":      `global.well_known.client = "{{.URL}}"`,
		"continuwuity": `global.well_known.client = "{{.URL}}"`,
	},
	CA: {
		"synapse":  "SSL_CERT_FILE={{.CAFile}} in its environment",
		"dendrite": "SSL_CERT_FILE={{.CAFile}} in its environment",
	},
	PrivateAddresses: {
		"synapse":  "ip_range_blacklist: [], and no http_proxy or https_proxy",
		"dendrite": "global.disable_federation: false, which such requests need as well",
	},
	IdentityList: {
		"dendrite": "global.trusted_third_party_id_servers: [{{range $i, $s := .IDServers}}{{if $i}}, {{end}}{{$s}}{{end}}]",
	},
	SMS: {
		"synapse": "account_threepid_delegates.msisdn: {{.SMSDelegate}}",
	},
	RateLimits: {
		"synapse":      "rc_3pid_validation, rc_registration and rc_login.{address,account,failed_attempts}: {per_second: 10000, burst_count: 10000}",
		"dendrite":     "client_api.rate_limiting.enabled: false",
		"tuwunel":      "rate_limiting.login.account.burst_count and rate_limiting.login.failed.burst_count = 1000",
		"continuwuity": "none that its documentation names",
	},
}

// names are how the homeservers are written.
var names = map[string]string{
	"synapse": "Synapse", "dendrite": "Dendrite", "tuwunel": "tuwunel", "continuwuity": "continuwuity",
}

// Servers are the homeservers that this package knows, in the order in which
// they are mentioned.
func Servers() []string { return []string{"synapse", "dendrite", "tuwunel", "continuwuity"} }

// Recognise returns the homeserver that a version text is of, "" for another.
func Recognise(version string) string {
	version = strings.ToLower(version)
	for _, server := range Servers() {
		if strings.Contains(version, server) {
			return server
		}
	}
	return ""
}

// Mend says what to set. Where the homeserver is not one of the known ones, all
// of them are named.
func Mend(p Problem, server string, v Values) string {
	known := Servers()
	if server != "" {
		known = []string{server}
	}
	var says []string
	for _, s := range known {
		if text, ok := mends[p][s]; ok {
			says = append(says, fmt.Sprintf("for %s: %s", names[s], fill(string(p)+" "+s, text, v)))
		}
	}
	if len(says) == 0 {
		return fmt.Sprintf("%s has no setting for it", names[server])
	}
	return strings.Join(says, "; ")
}

//go:embed *.tmpl
var files embed.FS

// Config is what a homeserver's configuration needs for the suite, to paste.
func Config(server string, v Values) (string, error) {
	if !slices.Contains(Servers(), server) {
		return "", fmt.Errorf("there are no settings for %q; print-config knows %s", server, strings.Join(Servers(), ", "))
	}
	text, err := files.ReadFile(server + ".tmpl")
	if err != nil {
		return "", err
	}
	return fill(server, string(text), v), nil
}

func fill(name, text string, v Values) string {
	var out bytes.Buffer
	t := template.Must(template.New(name).Funcs(template.FuncMap{"quote": quote}).Parse(text))
	if err := t.Execute(&out, v); err != nil {
		panic(err) // our own templates, and texts only
	}
	return out.String()
}

// quote writes a string of YAML or TOML.
func quote(s string) (string, error) {
	quoted, err := json.Marshal(s)
	return string(quoted), err
}
