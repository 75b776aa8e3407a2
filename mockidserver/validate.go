package mockidserver

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"unicode/utf8"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/threepid"
)

// opaqueID is the grammar of client_secret and sid.
var opaqueID = regexp.MustCompile(`^[0-9a-zA-Z.=_-]{1,255}$`)

// maxToken is the length of a validation token in code points.
const maxToken = 255

// requestEmailToken is POST validate/email/requestToken.
func requestEmailToken(x *exchange) answer {
	if missing := x.arguments.missing("client_secret", "email", "send_attempt"); missing != nil {
		return *missing
	}
	return x.requestToken(control.Email, func() (string, *answer) {
		texts, wrong := x.arguments.text("email")
		if wrong != nil {
			return "", wrong
		}
		address, err := threepid.Email(texts[0])
		if err != nil {
			invalid := failure(http.StatusBadRequest, "M_INVALID_EMAIL", "%v", err)
			return "", &invalid
		}
		return address, nil
	})
}

// requestPhoneToken is POST validate/msisdn/requestToken.
func requestPhoneToken(x *exchange) answer {
	if missing := x.arguments.missing("client_secret", "country", "phone_number", "send_attempt"); missing != nil {
		return *missing
	}
	return x.requestToken(control.MSISDN, func() (string, *answer) {
		texts, wrong := x.arguments.text("country", "phone_number")
		if wrong != nil {
			return "", wrong
		}
		number, err := threepid.MSISDN(texts[0], texts[1])
		if err != nil {
			errcode := "M_INVALID_ADDRESS"
			switch {
			case errors.Is(err, threepid.ErrCountry):
				errcode = "M_INVALID_PARAM"
			case errors.Is(err, threepid.ErrDestination):
				errcode = "M_DESTINATION_REJECTED"
			}
			invalid := failure(http.StatusBadRequest, errcode, "%v", err)
			return "", &invalid
		}
		return number, nil
	})
}

// requestToken is what both mediums have in common.
func (x *exchange) requestToken(medium string, address func() (string, *answer)) answer {
	texts, wrong := x.arguments.text("client_secret")
	if wrong != nil {
		return *wrong
	}
	secret := texts[0]
	if !opaqueID.MatchString(secret) {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "client_secret is not 1 to 255 of 0-9 a-z A-Z . = _ -")
	}
	attempt, wrong := x.arguments.integer("send_attempt")
	if wrong != nil {
		return *wrong
	}
	where, wrong := address()
	if wrong != nil {
		return *wrong
	}
	var link store.Link
	if medium == control.Email {
		link = submitLink(x.ownName(), x.api)
	}
	pid := store.ThreePID{Medium: medium, Address: where}
	sid, isNew, sent := x.store.RequestToken(x.scopeID(), x.service, pid, secret, x.arguments.peek("next_link"), attempt, link)
	if isNew {
		x.effect(control.EffectSessionCreated, "sid "+sid)
		x.scopes.adopt(x.scope, control.SID(sid), control.ClientSecret(secret), control.Address(where))
	}
	if sent != nil {
		x.effect(control.EffectTokenDelivered, fmt.Sprintf("to %s %s", medium, where))
	}
	return reply(map[string]any{"sid": sid})
}

// submitLink makes the links in emails, to a name of this server and an API.
func submitLink(name, api string) store.Link {
	base := "https://" + name + prefixV2
	if api == "v1" {
		base = "https://" + name + prefixV1
	}
	return func(sid, secret, token string) string {
		query := url.Values{"sid": {sid}, "client_secret": {secret}, "token": {token}}
		return base + "/" + string(control.EmailSubmitToken) + "?" + query.Encode()
	}
}

// submit validates a session with the arguments of the request.
func (x *exchange) submit() (nextLink string, wrong *answer) {
	texts, wrong := x.arguments.text("sid", "client_secret", "token")
	if wrong != nil {
		return "", wrong
	}
	sid, secret, token := texts[0], texts[1], texts[2]
	refuse := func(errcode string, err error) (string, *answer) {
		refusal := failure(http.StatusBadRequest, errcode, "%v", err)
		return "", &refusal
	}
	if utf8.RuneCountInString(token) > maxToken {
		return refuse("M_INVALID_PARAM", fmt.Errorf("a token has at most %d characters", maxToken))
	}
	nextLink, err := x.store.SubmitToken(x.service, sid, secret, token)
	switch {
	case errors.Is(err, store.ErrWrongToken):
		return refuse("M_TOKEN_INCORRECT", err)
	case errors.Is(err, store.ErrExpired):
		return refuse("M_SESSION_EXPIRED", err)
	case err != nil:
		return refuse("M_INVALID_PARAM", err)
	}
	x.effect(control.EffectSessionValidated, "sid "+sid)
	return nextLink, nil
}

// submitToken is POST validate/{medium}/submitToken.
func submitToken(x *exchange) answer {
	if _, wrong := x.submit(); wrong != nil {
		return *wrong
	}
	return reply(map[string]any{"success": true})
}

// openSubmitToken is the GET of the same, opened by a person.
func openSubmitToken(x *exchange) answer {
	nextLink, wrong := x.submit()
	if wrong != nil {
		refusal := page(wrong.status, "This could not be validated. Please ask for a new message.")
		refusal.errcode = wrong.errcode
		return refusal
	}
	if nextLink == "" {
		return page(http.StatusOK, "This has been validated. You may close this page.")
	}
	// Verbatim: whoever asked for the link knows best what it needs.
	return answer{status: http.StatusFound, headers: map[string]string{"Location": nextLink}}
}

// validated returns the validated session the arguments name.
func (x *exchange) validated() (control.Session, *answer) {
	texts, wrong := x.arguments.text("sid", "client_secret")
	if wrong != nil {
		return control.Session{}, wrong
	}
	session, err := x.store.Validated(x.service, texts[0], texts[1])
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
	refusal := failure(status, errcode, "%v", err)
	return control.Session{}, &refusal
}

// getValidated3PID is GET 3pid/getValidated3pid.
func getValidated3PID(x *exchange) answer {
	session, wrong := x.validated()
	if wrong != nil {
		return *wrong
	}
	return reply(map[string]any{"medium": session.Medium, "address": session.Address, "validated_at": session.ValidatedAt})
}
