package endpoints

import (
	"net/http"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/response"
)

// register is POST account/register: the homeserver has been asked already
// whose the OpenID token is.
func register(r *request) *response.Response {
	if r.openIDRefusal != nil {
		return r.openIDRefusal
	}
	token := r.Store.IssueToken(r.scopeID(), r.keys.MXID, r.TermsRequired)
	r.Scopes.Adopt(r.scope, control.Token(token))
	r.effect(control.EffectRegistered, "for "+r.keys.MXID)
	return response.OK(map[string]any{"token": token})
}

// account is GET account.
func account(r *request) *response.Response {
	return response.OK(map[string]any{"user_id": r.token.MXID})
}

// logout is POST account/logout, the only POST that needs no body.
func logout(r *request) *response.Response {
	r.Store.RevokeToken(r.credentials.Token)
	r.effect(control.EffectLoggedOut, "of "+r.token.MXID)
	return response.OK(struct{}{})
}

// A policy is one document of the terms, by language.
type policy map[string]string

// policies are the terms: per policy one URL in each language.
func (r *request) policies() map[string]policy {
	base := "https://" + r.AdvertisedAt(r.Port) + "/terms/"
	return map[string]policy{
		"terms_of_service": {"en": base + "terms-1.0-en.html", "de": base + "terms-1.0-de.html"},
		"privacy_policy":   {"en": base + "privacy-1.0-en.html", "de": base + "privacy-1.0-de.html"},
	}
}

// policyNames are the titles people see.
var policyNames = map[string]map[string]string{
	"terms_of_service": {"en": "Terms of Service", "de": "Nutzungsbedingungen"},
	"privacy_policy":   {"en": "Privacy Policy", "de": "Datenschutzerklärung"},
}

// getTerms is GET terms.
func getTerms(r *request) *response.Response {
	document := map[string]any{}
	for id, urls := range r.policies() {
		entry := map[string]any{"version": "1.0"}
		for language, url := range urls {
			entry[language] = map[string]any{"name": policyNames[id][language], "url": url}
		}
		document[id] = entry
	}
	return response.OK(map[string]any{"policies": document})
}

// acceptTerms is POST terms: what is accepted adds to what was.
func acceptTerms(r *request) *response.Response {
	if missing := r.arguments.missing("user_accepts"); missing != nil {
		return missing
	}
	list, ok := r.arguments.values["user_accepts"].([]any)
	var urls []string
	for _, item := range list {
		url, isText := item.(string)
		ok = ok && isText
		urls = append(urls, url)
	}
	if !ok {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "user_accepts must be a list of URLs")
	}
	r.Store.AcceptTerms(r.scopeID(), r.token.MXID, urls)
	r.effect(control.EffectTermsAccepted, "by "+r.token.MXID)
	return response.OK(struct{}{})
}

// mustAcceptTerms reports whether the token's owner has yet to accept a policy.
// One language of it is as good as another.
func (r *request) mustAcceptTerms() bool {
	if !r.token.MustSign {
		return false
	}
	for _, urls := range r.policies() {
		var inAnyLanguage []string
		for _, url := range urls {
			inAnyLanguage = append(inAnyLanguage, url)
		}
		if !r.Store.Accepted(r.token.MXID, inAnyLanguage) {
			return true
		}
	}
	return false
}
