package endpoints

import (
	"net"
	"slices"
	"strings"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/signing"
)

// verifyUnbind checks the X-Matrix signatures of a request, one for each of the
// homeserver's keys that signed. It returns the one that verifies, or why the
// first does not; nil without any X-Matrix header.
func (r *request) verifyUnbind() *control.Signature {
	var failed *control.Signature
	for _, value := range r.http.Header.Values("Authorization") {
		if !signing.IsXMatrix(value) {
			continue
		}
		checked := r.verifyHeader(value)
		if checked.Verified {
			return checked
		}
		if failed == nil {
			failed = checked
		}
	}
	return failed
}

// verifyHeader checks one X-Matrix header.
func (r *request) verifyHeader(value string) *control.Signature {
	header, err := signing.ParseAuthorization(value)
	if err != nil {
		return &control.Signature{Reason: err.Error()}
	}
	result := &control.Signature{
		Origin: header.Origin, Destination: header.Destination, KeyID: header.KeyID,
		ControlsMXID: homeservers.ServerOf(r.keys.MXID) == header.Origin,
	}
	own := r.ownDestinations()
	if header.HasDestination && !slices.Contains(own, hostOf(header.Destination)) {
		result.Reason = "its destination " + header.Destination + " is not this server; it is known as " + strings.Join(r.NamesAt(r.listener.Port), ", ")
		return result
	}
	request := signing.Request{Method: r.http.Method, URI: r.http.RequestURI, Origin: header.Origin, Content: r.body}
	if len(r.body) == 0 {
		request.Content = nil
	}
	if object, err := request.Object(control.DialectDestination, header.Destination); err == nil {
		result.Signed = string(object)
	}

	// A key that is known may be outdated: a homeserver that was set up anew can
	// have another key under the same ID. So published keys get a second chance.
	try := func(keys []homeservers.Key) bool {
		for _, key := range keys {
			verified, err := request.Verify(header, own, key.Public)
			if err == nil {
				result.Verified, result.Reason, result.KeySource = true, "", key.Source
				result.Dialect, result.Signed = verified.Dialect, string(verified.Object)
				return true
			}
			result.Reason, result.KeySource = err.Error(), key.Source
		}
		return false
	}
	if try(r.Homeservers.KnownKeys(header.Origin, header.KeyID)) {
		return result
	}
	published, calls, err := r.Homeservers.FetchKeys(r.http.Context(), header.Origin, header.KeyID)
	r.outbound = append(r.outbound, calls...)
	if err != nil && result.Reason == "" {
		result.Reason, result.KeySource = err.Error(), homeservers.NoKey
	}
	try(published)
	return result
}

// ownDestinations are the names under which this listener may be addressed:
// with its port, and, as the spec does not say what the name of an identity
// server is, without.
func (r *request) ownDestinations() []string {
	var names []string
	for _, name := range r.NamesAt(r.listener.Port) {
		host, _, _ := net.SplitHostPort(name)
		if strings.Contains(host, ":") {
			host = "[" + host + "]" // an IPv6 address
		}
		names = append(names, name, host)
	}
	return names
}

// hostOf cuts a path off a destination: Synapse allows id_server to have one.
func hostOf(destination string) string {
	host, _, _ := strings.Cut(destination, "/")
	return host
}

// exchangeOpenID asks the homeserver whose the OpenID token of account/register
// is. It comes before attribution, which needs the user.
func (r *request) exchangeOpenID() {
	texts, wrong := r.arguments.text("access_token", "matrix_server_name")
	if wrong != nil {
		r.openIDRefusal = wrong
		return
	}
	mxid, calls, refusal := r.Homeservers.UserInfo(r.http.Context(), texts[1], texts[0])
	r.outbound = append(r.outbound, calls...)
	r.keys.MXID, r.openIDRefusal = mxid, refusal
}
