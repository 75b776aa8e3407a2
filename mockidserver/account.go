package mockidserver

import (
	"net/http"

	"threepid-conformance/mockidserver/control"
)

// register is POST account/register: the homeserver has been asked already
// whose the OpenID token is.
func register(x *exchange) answer {
	if x.openID.answer != nil {
		return *x.openID.answer
	}
	token := x.store.IssueToken(x.scopeID(), x.openID.mxid, x.settings.termsRequired)
	x.scopes.adopt(x.scope, control.Token(token))
	x.effect(control.EffectRegistered, "for "+x.openID.mxid)
	return reply(map[string]any{"token": token})
}

// account is GET account.
func account(x *exchange) answer { return reply(map[string]any{"user_id": x.token.MXID}) }

// logout is POST account/logout, the only POST that needs no body.
func logout(x *exchange) answer {
	x.store.RevokeToken(x.credentials.Token)
	x.effect(control.EffectLoggedOut, "of "+x.token.MXID)
	return reply(struct{}{})
}

// A policy is one document of the terms, by language.
type policy map[string]string

// policies are the terms: per policy one URL in each language.
func (x *exchange) policies() map[string]policy {
	base := "https://" + x.advertisedAt(x.identity.Port()) + "/terms/"
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
func getTerms(x *exchange) answer {
	document := map[string]any{}
	for id, urls := range x.policies() {
		entry := map[string]any{"version": "1.0"}
		for language, url := range urls {
			entry[language] = map[string]any{"name": policyNames[id][language], "url": url}
		}
		document[id] = entry
	}
	return reply(map[string]any{"policies": document})
}

// acceptTerms is POST terms: what is accepted adds to what was.
func acceptTerms(x *exchange) answer {
	if missing := x.arguments.missing("user_accepts"); missing != nil {
		return *missing
	}
	list, ok := x.arguments.values["user_accepts"].([]any)
	var urls []string
	for _, item := range list {
		url, isText := item.(string)
		ok = ok && isText
		urls = append(urls, url)
	}
	if !ok {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "user_accepts must be a list of URLs")
	}
	x.store.AcceptTerms(x.scopeID(), x.token.MXID, urls)
	x.effect(control.EffectTermsAccepted, "by "+x.token.MXID)
	return reply(struct{}{})
}

// mustAcceptTerms reports whether the token's owner has yet to accept a policy.
// One language of it is as good as another.
func (x *exchange) mustAcceptTerms() bool {
	if !x.token.MustSign {
		return false
	}
	for _, urls := range x.policies() {
		var inAnyLanguage []string
		for _, url := range urls {
			inAnyLanguage = append(inAnyLanguage, url)
		}
		if !x.store.Accepted(x.token.MXID, inAnyLanguage) {
			return true
		}
	}
	return false
}
