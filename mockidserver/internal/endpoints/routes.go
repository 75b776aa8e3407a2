package endpoints

import (
	"fmt"
	"net/http"
	"path"
	"strings"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/response"
)

// An endpoint is an operation of the identity service.
type endpoint struct {
	method, path string // below the base of an API
	name         control.Endpoint
	handle       func(*request) *response.Response
	traits       int
}

// Traits of an endpoint: which APIs have it, and what it needs.
const (
	v1           = 1 << iota // of the identity service
	v2                       // of the identity service
	sms                      // v1 at the homeserver's SMS delegate
	token                    // v2 needs an access token; v1 has none
	withoutTerms             // usable before the terms are accepted
)

const (
	get  = http.MethodGet
	post = http.MethodPost
)

// endpoints are those of the present API and what homeservers still call of v1.
// Spec: identity-service-api, identity_service/r0.3.0.
var endpoints = []endpoint{
	{get, "", control.Ping, ping, v1 | v2 | sms},
	{post, "/account/register", control.Register, register, v2},
	{get, "/account", control.Account, account, v2 | token},
	{post, "/account/logout", control.Logout, logout, v2 | token | withoutTerms},
	{get, "/terms", control.GetTerms, getTerms, v2},
	{post, "/terms", control.AcceptTerms, acceptTerms, v2 | token | withoutTerms},
	{get, "/pubkey/{keyId}", control.PubKey, pubKey, v1 | v2},
	{get, "/pubkey/isvalid", control.PubKeyIsValid, pubKeyIsValid, v1 | v2},
	{get, "/pubkey/ephemeral/isvalid", control.EphemeralIsValid, ephemeralIsValid, v1 | v2},
	{get, "/hash_details", control.HashDetails, hashDetails, v2 | token},
	{post, "/lookup", control.Lookup, lookup, v2 | token},
	{get, "/lookup", control.Lookup, lookupV1, v1},
	{post, "/bulk_lookup", control.BulkLookup, bulkLookup, v1},
	{post, "/validate/email/requestToken", control.EmailRequestToken, requestEmailToken, v1 | v2 | token},
	{post, "/validate/msisdn/requestToken", control.MSISDNRequestToken, requestPhoneToken, v1 | v2 | sms | token},
	{post, "/validate/email/submitToken", control.EmailSubmitToken, submitToken, v1 | v2 | token},
	{post, "/validate/msisdn/submitToken", control.MSISDNSubmitToken, submitToken, v1 | v2 | sms | token},
	// A browser opens these from a message, so it cannot have a token.
	{get, "/validate/email/submitToken", control.EmailSubmitToken, openSubmitToken, v1 | v2},
	{get, "/validate/msisdn/submitToken", control.MSISDNSubmitToken, openSubmitToken, v1 | v2 | sms},
	{get, "/3pid/getValidated3pid", control.GetValidated3PID, getValidated3PID, v1 | v2 | sms | token},
	{post, "/3pid/bind", control.Bind, bind, v1 | v2 | token},
	// A session or the homeserver's signature authenticates it.
	{post, "/3pid/unbind", control.Unbind, unbind, v1 | v2},
	{post, "/store-invite", control.StoreInvite, storeInvite, v1 | v2 | token},
	{post, "/sign-ed25519", control.SignEd25519, signEd25519, v1 | v2 | token},
}

const (
	prefixV1    = "/_matrix/identity/api/v1"
	prefixV2    = "/_matrix/identity/v2"
	versionPath = "/_matrix/identity/versions"
)

// base is the prefix of the paths of an API.
func base(api string) string {
	if api == "v1" {
		return prefixV1
	}
	return prefixV2
}

// A route is the endpoint of a request, or the reason why there is none.
type route struct {
	endpoint
	api     string // "v1", "v2", or "" outside both
	refusal *response.Response
}

func (r route) needsToken() bool { return r.traits&token != 0 && r.api == "v2" }

// Handler responds to the requests of one listener.
func (a *API) Handler(at Listener) http.Handler {
	mux := http.NewServeMux()
	handle := func(e endpoint, api, path string) {
		mux.HandleFunc(e.method+" "+path, func(w http.ResponseWriter, r *http.Request) {
			a.serve(at, w, r, route{endpoint: e, api: api})
		})
	}
	for _, e := range endpoints {
		switch {
		case at.Service == control.ServiceSMS && e.traits&sms != 0:
			handle(e, "v1", prefixV1+e.path)
		case at.Service == control.ServiceIdentity:
			if e.traits&v1 != 0 {
				handle(e, "v1", prefixV1+e.path)
			}
			if e.traits&v2 != 0 {
				handle(e, "v2", prefixV2+e.path)
			}
		}
	}
	if at.Service == control.ServiceIdentity {
		handle(endpoint{method: get, name: control.Versions, handle: versions}, "", versionPath)
	}
	refuse := func(w http.ResponseWriter, r *http.Request) {
		a.serve(at, w, r, route{api: apiOf(r.URL.Path), refusal: noEndpoint(mux, r)})
	}
	mux.HandleFunc("/", refuse)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// ServeMux would redirect to the clean path, and take HEAD for GET.
		if !isClean(r.URL.Path) || r.Method == http.MethodHead {
			refuse(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func isClean(text string) bool { return path.Clean(text) == text }

// apiOf is the API to which a path would belong.
func apiOf(path string) string {
	for _, api := range []string{"v1", "v2"} {
		if strings.HasPrefix(path+"/", base(api)+"/") {
			return api
		}
	}
	return ""
}

// noEndpoint is the response to a request for which no handler is registered.
func noEndpoint(mux *http.ServeMux, r *http.Request) *response.Response {
	for _, method := range []string{get, post} {
		_, pattern := mux.Handler(&http.Request{Method: method, URL: r.URL, Host: r.Host})
		switch {
		case pattern == "/" || !isClean(r.URL.Path):
		case r.Method == http.MethodOptions:
			// Browsers ask before they send; nothing is carried out.
			return &response.Response{Status: http.StatusNoContent}
		default:
			return response.Error(http.StatusMethodNotAllowed, "M_UNRECOGNIZED", "this endpoint does not take %s", r.Method)
		}
	}
	return response.Error(http.StatusNotFound, "M_UNRECOGNIZED", "there is no endpoint at this path")
}

// newestMinor is the newest version of the spec, v1.x, that is spoken here.
const newestMinor = 19

func versions(*request) *response.Response {
	list := []string{"r0.3.0"}
	for minor := 1; minor <= newestMinor; minor++ {
		list = append(list, fmt.Sprintf("v1.%d", minor))
	}
	return response.OK(map[string]any{"versions": list})
}

func ping(*request) *response.Response { return response.OK(struct{}{}) }
