package mockidserver

import (
	"context"
	"net"
	"slices"
	"strings"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/signing"
)

// noKey is the key source of a signature for which no key could be had.
const noKey = "none"

// verifyUnbind checks the X-Matrix signatures of a request, one for each of the
// homeserver's keys that signed. It returns the one that verifies, or why the
// first does not; nil without any X-Matrix header.
func (x *exchange) verifyUnbind() *control.Signature {
	var failed *control.Signature
	for _, value := range x.r.Header.Values("Authorization") {
		if !signing.IsXMatrix(value) {
			continue
		}
		checked := x.verifyHeader(value)
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
func (x *exchange) verifyHeader(value string) *control.Signature {
	header, err := signing.ParseAuthorization(value)
	if err != nil {
		return &control.Signature{Reason: err.Error()}
	}
	result := &control.Signature{
		Origin: header.Origin, Destination: header.Destination, KeyID: header.KeyID,
		ControlsMXID: serverPart(x.keys.MXID) == header.Origin,
	}
	own := x.ownDestinations()
	if header.HasDestination && !slices.Contains(own, hostOf(header.Destination)) {
		result.Reason = "its destination " + header.Destination + " is not this server; it is known as " + strings.Join(x.namesAt(x.port), ", ")
		return result
	}
	request := signing.Request{Method: x.r.Method, URI: x.r.RequestURI, Origin: header.Origin, Content: x.body}
	if len(x.body) == 0 {
		request.Content = nil
	}
	if object, err := request.Object(signing.Destination, header.Destination); err == nil {
		result.Signed = string(object)
	}

	// A key that is known may be outdated: a homeserver that was set up anew can
	// have another key under the same ID. So published keys get a second chance.
	try := func(keys []knownKey) bool {
		for _, key := range keys {
			verified, err := request.Verify(header, own, key.public)
			if err == nil {
				result.Verified, result.Reason, result.KeySource = true, "", key.source
				result.Dialect, result.Signed = control.Dialect(verified.Dialect), string(verified.Object)
				return true
			}
			result.Reason, result.KeySource = err.Error(), key.source
		}
		return false
	}
	if try(x.homeservers.known(header.Origin, header.KeyID)) {
		return result
	}
	published, calls, err := x.homeservers.publishedKeys(x.r.Context(), header.Origin, header.KeyID)
	x.outbound = append(x.outbound, calls...)
	if err != nil && result.Reason == "" {
		result.Reason, result.KeySource = err.Error(), noKey
	}
	try(published)
	return result
}

// ownDestinations are the names under which this listener may be addressed:
// with its port, and, as the spec does not say what the name of an identity
// server is, without.
func (x *exchange) ownDestinations() []string {
	var names []string
	for _, name := range x.namesAt(x.port) {
		host, _, _ := net.SplitHostPort(name)
		names = append(names, name, bracketed(host))
	}
	return names
}

// hostOf cuts a path off a destination: Synapse allows id_server to have one.
func hostOf(destination string) string {
	host, _, _ := strings.Cut(destination, "/")
	return host
}

// openIDResult is the outcome of an OpenID exchange.
type openIDResult struct {
	mxid   string
	answer *answer // what to answer instead of a token
}

// exchangeOpenID asks the homeserver whose the OpenID token of account/register
// is. It comes before attribution, which needs the user.
func (x *exchange) exchangeOpenID() *openIDResult {
	refuse := func(refusal answer) *openIDResult { return &openIDResult{answer: &refusal} }
	texts, wrong := x.arguments.text("access_token", "matrix_server_name")
	if wrong != nil {
		return refuse(*wrong)
	}
	ctx, cancel := context.WithTimeout(x.r.Context(), homeserverTimeout)
	defer cancel()
	mxid, calls, refusal := x.homeservers.userinfo(ctx, texts[1], texts[0])
	x.outbound = append(x.outbound, calls...)
	return &openIDResult{mxid: mxid, answer: refusal}
}
