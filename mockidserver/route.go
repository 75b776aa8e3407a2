package mockidserver

import (
	"fmt"
	"net/http"
	"strings"

	"threepid-conformance/mockidserver/control"
)

// An endpoint is an operation of the identity service.
type endpoint struct {
	name       control.Endpoint
	handle     func(*exchange) answer
	needsToken bool // v2 needs an access token
	lenient    bool // usable before the terms are accepted
}

// paths has the operations below an API's base, by path and method.
type paths map[string]map[string]endpoint

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// identityV2 is the present API. Spec: identity-service-api.
var identityV2 = paths{
	"":                             {get: {name: control.Ping, handle: ping}},
	"account/register":             {post: {name: control.Register, handle: register}},
	"account":                      {get: {name: control.Account, handle: account, needsToken: true}},
	"account/logout":               {post: {name: control.Logout, handle: logout, needsToken: true, lenient: true}},
	"terms":                        {get: {name: control.GetTerms, handle: getTerms}, post: {name: control.AcceptTerms, handle: acceptTerms, needsToken: true, lenient: true}},
	"pubkey/{keyId}":               {get: {name: control.PubKey, handle: pubKey}},
	"pubkey/isvalid":               {get: {name: control.PubKeyIsValid, handle: pubKeyIsValid}},
	"pubkey/ephemeral/isvalid":     {get: {name: control.EphemeralIsValid, handle: ephemeralIsValid}},
	"hash_details":                 {get: {name: control.HashDetails, handle: hashDetails, needsToken: true}},
	"lookup":                       {post: {name: control.Lookup, handle: lookup, needsToken: true}},
	"validate/email/requestToken":  {post: {name: control.EmailRequestToken, handle: requestEmailToken, needsToken: true}},
	"validate/msisdn/requestToken": {post: {name: control.MSISDNRequestToken, handle: requestPhoneToken, needsToken: true}},
	// A browser opens the GET from a mail, so it cannot have a token.
	"validate/email/submitToken":  {post: {name: control.EmailSubmitToken, handle: submitToken, needsToken: true}, get: {name: control.EmailSubmitToken, handle: openSubmitToken}},
	"validate/msisdn/submitToken": {post: {name: control.MSISDNSubmitToken, handle: submitToken, needsToken: true}, get: {name: control.MSISDNSubmitToken, handle: openSubmitToken}},
	"3pid/getValidated3pid":       {get: {name: control.GetValidated3PID, handle: getValidated3PID, needsToken: true}},
	"3pid/bind":                   {post: {name: control.Bind, handle: bind, needsToken: true}},
	// A session or the homeserver's signature authenticates it.
	"3pid/unbind":  {post: {name: control.Unbind, handle: unbind}},
	"store-invite": {post: {name: control.StoreInvite, handle: storeInvite, needsToken: true}},
	"sign-ed25519": {post: {name: control.SignEd25519, handle: signEd25519, needsToken: true}},
}

// identityV1 is what homeservers still call of the API that v2 replaced. No
// endpoint of it takes a token. Spec: identity_service/r0.3.0.
var identityV1 = paths{
	"":                             {get: {name: control.Ping, handle: ping}},
	"pubkey/{keyId}":               identityV2["pubkey/{keyId}"],
	"pubkey/isvalid":               identityV2["pubkey/isvalid"],
	"pubkey/ephemeral/isvalid":     identityV2["pubkey/ephemeral/isvalid"],
	"lookup":                       {get: {name: control.Lookup, handle: lookupV1}},
	"bulk_lookup":                  {post: {name: control.BulkLookup, handle: bulkLookup}},
	"validate/email/requestToken":  identityV2["validate/email/requestToken"],
	"validate/msisdn/requestToken": identityV2["validate/msisdn/requestToken"],
	"validate/email/submitToken":   identityV2["validate/email/submitToken"],
	"validate/msisdn/submitToken":  identityV2["validate/msisdn/submitToken"],
	"3pid/getValidated3pid":        identityV2["3pid/getValidated3pid"],
	"3pid/bind":                    identityV2["3pid/bind"],
	"3pid/unbind":                  identityV2["3pid/unbind"],
	"store-invite":                 identityV2["store-invite"],
	"sign-ed25519":                 identityV2["sign-ed25519"],
}

// smsV1 is what a homeserver calls at its SMS delegate.
var smsV1 = paths{
	"":                             identityV1[""],
	"validate/msisdn/requestToken": identityV1["validate/msisdn/requestToken"],
	"validate/msisdn/submitToken":  identityV1["validate/msisdn/submitToken"],
	"3pid/getValidated3pid":        identityV1["3pid/getValidated3pid"],
}

const (
	prefixV1    = "/_matrix/identity/api/v1"
	prefixV2    = "/_matrix/identity/v2"
	versionPath = "/_matrix/identity/versions"
)

// A found endpoint, or the reason why there is none.
type route struct {
	endpoint
	api     string // "v1", "v2", or "" outside both
	keyID   string // of pubkey/{keyId}
	refusal *answer
}

// find routes a request.
func find(service, method, path string) route {
	var r route
	var offered map[string]endpoint
	below := ""
	switch {
	case service == control.ServiceIdentity && path == versionPath:
		offered = map[string]endpoint{get: {name: control.Versions, handle: versions}}
	case isBelow(path, prefixV2, &below):
		r.api = "v2"
		if service == control.ServiceIdentity {
			offered, r.keyID = identityV2.match(below)
		}
	case isBelow(path, prefixV1, &below):
		r.api = "v1"
		if service == control.ServiceIdentity {
			offered, r.keyID = identityV1.match(below)
		} else {
			offered, r.keyID = smsV1.match(below)
		}
	}
	if offered == nil {
		refusal := failure(http.StatusNotFound, "M_UNRECOGNIZED", "there is no endpoint at this path")
		r.refusal = &refusal
		return r
	}
	if method == http.MethodOptions {
		// Browsers ask before they send; nothing is carried out.
		r.refusal = &answer{status: http.StatusNoContent}
		return r
	}
	found, ok := offered[method]
	if !ok {
		refusal := failure(http.StatusMethodNotAllowed, "M_UNRECOGNIZED", "this endpoint does not take %s", method)
		r.refusal = &refusal
		return r
	}
	r.endpoint = found
	if r.api == "v1" {
		r.needsToken = false
	}
	return r
}

// isBelow sets rest to what follows an API's base, and reports whether path is
// the base or below it.
func isBelow(path, prefix string, rest *string) bool {
	if path == prefix {
		return true
	}
	after, ok := strings.CutPrefix(path, prefix+"/")
	if !ok || after == "" {
		return false
	}
	*rest = after
	return true
}

// match finds the methods of a path.
func (p paths) match(path string) (offered map[string]endpoint, keyID string) {
	if offered, ok := p[path]; ok && path != "pubkey/{keyId}" {
		return offered, ""
	}
	if id, ok := strings.CutPrefix(path, "pubkey/"); ok && id != "" && !strings.Contains(id, "/") {
		return p["pubkey/{keyId}"], id
	}
	return nil, ""
}

// newestMinor is the newest version of the spec, v1.x, that is spoken here.
const newestMinor = 19

func versions(*exchange) answer {
	list := []string{"r0.3.0"}
	for minor := 1; minor <= newestMinor; minor++ {
		list = append(list, fmt.Sprintf("v1.%d", minor))
	}
	return reply(map[string]any{"versions": list})
}

func ping(*exchange) answer { return reply(struct{}{}) }
