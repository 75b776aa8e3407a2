package endpoints

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"unicode/utf8"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// maxToken is the length of a validation token in code points.
const maxToken = 255

// requestEmailToken is POST validate/email/requestToken.
func requestEmailToken(r *request) *response.Response { return r.requestToken(control.Email, "email") }

// requestPhoneToken is POST validate/msisdn/requestToken.
func requestPhoneToken(r *request) *response.Response {
	return r.requestToken(control.MSISDN, "country", "phone_number")
}

// requestToken is what both mediums have in common. Each has its own arguments for
// the address.
func (r *request) requestToken(medium string, address ...string) *response.Response {
	texts := append([]string{"client_secret"}, address...)
	if missing := r.arguments.missing(append(texts, "send_attempt")...); missing != nil {
		return missing
	}
	values, wrong := r.arguments.text(texts...)
	if wrong != nil {
		return wrong
	}
	secret := values[0]
	if !store.IsOpaque(secret) {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "client_secret is not 1 to 255 of 0-9 a-z A-Z . = _ -")
	}
	attempt, wrong := r.arguments.integer("send_attempt")
	if wrong != nil {
		return wrong
	}
	where, errcode, err := canonical(values[1:])
	if err != nil {
		return response.Error(http.StatusBadRequest, errcode, "%v", err)
	}
	var link store.Link
	if medium == control.Email {
		link = SubmitLink(r.ownName(), r.api)
	}
	pid := store.ThreePID{Medium: medium, Address: where}
	sid, isNew, sent := r.Store.RequestToken(r.scopeID(), r.listener.Service, pid, secret, r.arguments.peek("next_link"), attempt, link)
	if isNew {
		r.effect(control.EffectSessionCreated, "sid "+sid)
		r.Scopes.Adopt(r.scope, control.SID(sid), control.ClientSecret(secret), control.Address(where))
	}
	if sent != nil {
		r.effect(control.EffectTokenDelivered, fmt.Sprintf("to %s %s", medium, where))
	}
	return response.OK(map[string]any{"sid": sid})
}

// canonical is the form in which an address is kept, of an email address or of
// country and phone number; or why there is none.
func canonical(values []string) (address, errcode string, err error) {
	if len(values) == 1 {
		address, err = threepid.Email(values[0])
		return address, "M_INVALID_EMAIL", err
	}
	address, err = threepid.MSISDN(values[0], values[1])
	switch {
	case errors.Is(err, threepid.ErrCountry):
		return "", "M_INVALID_PARAM", err
	case errors.Is(err, threepid.ErrDestination):
		return "", "M_DESTINATION_REJECTED", err
	}
	return address, "M_INVALID_ADDRESS", err
}

// SubmitLink makes the links in emails, to a name of this server and an API.
func SubmitLink(name, api string) store.Link {
	return func(sid, secret, token string) string {
		query := url.Values{"sid": {sid}, "client_secret": {secret}, "token": {token}}
		return "https://" + name + base(api) + "/" + string(control.EmailSubmitToken) + "?" + query.Encode()
	}
}

// submit validates a session with the arguments of the request.
func (r *request) submit() (nextLink string, wrong *response.Response) {
	texts, wrong := r.arguments.text("sid", "client_secret", "token")
	if wrong != nil {
		return "", wrong
	}
	sid, secret, token := texts[0], texts[1], texts[2]
	refuse := func(errcode string, err error) (string, *response.Response) {
		return "", response.Error(http.StatusBadRequest, errcode, "%v", err)
	}
	if utf8.RuneCountInString(token) > maxToken {
		return refuse("M_INVALID_PARAM", fmt.Errorf("a token has at most %d characters", maxToken))
	}
	nextLink, err := r.Store.SubmitToken(r.listener.Service, sid, secret, token)
	switch {
	case errors.Is(err, store.ErrWrongToken):
		return refuse("M_TOKEN_INCORRECT", err)
	case errors.Is(err, store.ErrExpired):
		return refuse("M_SESSION_EXPIRED", err)
	case err != nil:
		return refuse("M_INVALID_PARAM", err)
	}
	r.effect(control.EffectSessionValidated, "sid "+sid)
	return nextLink, nil
}

// submitToken is POST validate/{medium}/submitToken.
func submitToken(r *request) *response.Response {
	if _, wrong := r.submit(); wrong != nil {
		return wrong
	}
	return response.OK(map[string]any{"success": true})
}

// openSubmitToken is the GET of the same, opened by a person.
func openSubmitToken(r *request) *response.Response {
	nextLink, wrong := r.submit()
	if wrong != nil {
		refusal := response.Page(wrong.Status, "This could not be validated. Please ask for a new message.")
		refusal.ErrCode = wrong.ErrCode
		return refusal
	}
	if nextLink == "" {
		return response.Page(http.StatusOK, "This has been validated. You may close this page.")
	}
	// Verbatim: whoever asked for the link knows best what it needs.
	return &response.Response{Status: http.StatusFound, Headers: map[string]string{"Location": nextLink}}
}

// validated returns the validated session the arguments name.
func (r *request) validated() (control.Session, *response.Response) {
	texts, wrong := r.arguments.text("sid", "client_secret")
	if wrong != nil {
		return control.Session{}, wrong
	}
	session, err := r.Store.Validated(r.listener.Service, texts[0], texts[1])
	if err == nil {
		return session, nil
	}
	status, errcode := http.StatusNotFound, "M_NO_VALID_SESSION"
	switch {
	case errors.Is(err, store.ErrNotValidated):
		status, errcode = http.StatusBadRequest, "M_SESSION_NOT_VALIDATED"
	case errors.Is(err, store.ErrExpired):
		status, errcode = http.StatusBadRequest, "M_SESSION_EXPIRED"
	}
	return control.Session{}, response.Error(status, errcode, "%v", err)
}

// getValidated3PID is GET 3pid/getValidated3pid.
func getValidated3PID(r *request) *response.Response {
	session, wrong := r.validated()
	if wrong != nil {
		return wrong
	}
	return response.OK(map[string]any{"medium": session.Medium, "address": session.Address, "validated_at": session.ValidatedAt})
}
