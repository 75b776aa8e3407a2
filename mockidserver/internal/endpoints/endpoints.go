// Package endpoints has the Identity Service API: v2, what homeservers still call
// of v1, and the part of v1 with which a homeserver talks to its SMS delegate.
package endpoints

import (
	"crypto/ed25519"
	"net"
	"slices"
	"strconv"

	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/journal"
	"threepid-conformance/mockidserver/internal/scopes"
	"threepid-conformance/mockidserver/internal/store"
)

// KeyID is the ID of the long-term signing key.
const KeyID = "ed25519:0"

// API is what the endpoints of all listeners share.
type API struct {
	Key           ed25519.PrivateKey // signs associations
	Hosts         []string           // under which homeservers reach the server
	Advertise     string             // the one of them that clients put into id_server
	Port          int                // of the identity service
	TermsRequired bool               // of tokens from account/register

	Journal     *journal.Journal
	Store       *store.Store
	Scopes      *scopes.Registry
	Homeservers *homeservers.Directory
}

// Listener is where requests come in.
type Listener struct {
	Service string // control.ServiceIdentity or ServiceSMS
	Name    string // in the journal
	Port    int
	Scope   *scopes.Scope // that owns the listener, nil for a shared one
}

// PublicKey is the long-term key that signs associations.
func (a *API) PublicKey() ed25519.PublicKey { return a.Key.Public().(ed25519.PublicKey) }

// AdvertisedAt is the advertised name with the port of a listener.
func (a *API) AdvertisedAt(port int) string {
	return net.JoinHostPort(a.Advertise, strconv.Itoa(port))
}

// NamesAt lists the host:port under which a listener is reached.
func (a *API) NamesAt(port int) []string {
	names := make([]string, 0, len(a.Hosts))
	for _, host := range a.Hosts {
		names = append(names, net.JoinHostPort(host, strconv.Itoa(port)))
	}
	return names
}

// ownName is the name by which the caller knows this listener: what it put into
// the Host header, if that is one of ours. Signatures stand under that name,
// because the caller looks for the id_server it was given.
func (r *request) ownName() string {
	if slices.Contains(r.NamesAt(r.listener.Port), r.http.Host) {
		return r.http.Host
	}
	return r.AdvertisedAt(r.listener.Port)
}
