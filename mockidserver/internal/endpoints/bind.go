package endpoints

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/signing"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// associationLifetime is far beyond any test: Dendrite asks again without end
// when an association is not valid now.
const associationLifetime = 100 * 365 * 24 * time.Hour

// bind is POST 3pid/bind.
func bind(r *request) *response.Response {
	texts, wrong := r.arguments.text("sid", "client_secret", "mxid")
	if wrong != nil {
		return wrong
	}
	mxid := texts[2]
	if !homeservers.IsMXID(mxid) {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "mxid is not a Matrix user ID")
	}
	// Without a token, in v1, there is nobody to compare with.
	if r.needsToken() && r.token.MXID != mxid {
		return response.Error(http.StatusForbidden, "M_UNAUTHORIZED", "the access token belongs to another user")
	}
	session, wrong := r.validated()
	if wrong != nil {
		return wrong
	}
	b := store.Binding{
		ThreePID: store.ThreePID{Medium: session.Medium, Address: session.Address}, MXID: mxid, TS: time.Now().UnixMilli(),
	}
	replaced := r.Store.Bind(r.scopeID(), b)
	r.effect(control.EffectBound, fmt.Sprintf("%s %s to %s", b.Medium, b.Address, mxid))
	if replaced != "" && replaced != mxid {
		r.effect(control.EffectReplaced, "of "+replaced)
	}
	return r.association(b)
}

// association is a signed association. Dendrite reads exactly these members,
// so there are no others.
func (r *request) association(b store.Binding) *response.Response {
	return r.signed(map[string]any{
		"address": b.Address, "medium": b.Medium, "mxid": b.MXID,
		"ts": b.TS, "not_before": b.TS, "not_after": b.TS + associationLifetime.Milliseconds(),
	}, r.Key)
}

// signed responds with an object signed under the name by which the caller knows
// this server.
func (r *request) signed(object any, key ed25519.PrivateKey) *response.Response {
	signed, err := signing.SignJSON(object, r.ownName(), KeyID, key)
	if err != nil {
		return response.Error(http.StatusInternalServerError, "M_UNKNOWN", "%v", err)
	}
	return &response.Response{Status: http.StatusOK, ContentType: response.JSONType, Body: signed}
}

// unbind is POST 3pid/unbind. The sid and client_secret of a validated session
// of the identifier authenticate it, or the signature of the homeserver that
// controls the mxid.
func unbind(r *request) *response.Response {
	nested := r.arguments.threepidOf()
	if missing := r.arguments.missing("mxid", "threepid"); missing != nil {
		return missing
	}
	if nested.values == nil {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "threepid must be an object")
	}
	who, wrong := r.arguments.text("mxid")
	if wrong != nil {
		return wrong
	}
	what, wrong := nested.text("medium", "address")
	if wrong != nil {
		return wrong
	}
	address, err := threepid.Canonical(what[0], what[1])
	if err != nil {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "%v", err)
	}
	pid := store.ThreePID{Medium: what[0], Address: address}
	if refusal := r.mayUnbind(pid); refusal != nil {
		return refusal
	}
	// An identifier that is not bound is as unbound as was asked for. A 404
	// would tell the homeserver that unbinding is not supported.
	if r.Store.Unbind(pid, who[0]) {
		r.effect(control.EffectUnbound, fmt.Sprintf("%s %s from %s", pid.Medium, pid.Address, who[0]))
	} else {
		r.effect(control.EffectNothingToUnbind, fmt.Sprintf("%s %s", pid.Medium, pid.Address))
	}
	return response.OK(struct{}{})
}

// mayUnbind checks who asks to unbind an identifier.
func (r *request) mayUnbind(pid store.ThreePID) *response.Response {
	sid, secret := r.arguments.peek("sid"), r.arguments.peek("client_secret")
	if sid != "" && secret != "" {
		session, err := r.Store.Validated(r.listener.Service, sid, secret)
		if err != nil {
			return response.Error(http.StatusForbidden, "M_FORBIDDEN", "%v", err)
		}
		if session.Medium != pid.Medium || session.Address != pid.Address {
			return response.Error(http.StatusForbidden, "M_FORBIDDEN", "the session is about another identifier")
		}
		return nil
	}
	switch signature := r.signature; {
	case signature == nil:
		return response.Error(http.StatusForbidden, "M_FORBIDDEN", "unbind needs sid and client_secret, or the homeserver's signature")
	case !signature.Verified && signature.KeySource == homeservers.NoKey:
		return response.Error(http.StatusInternalServerError, "M_UNKNOWN", "the signature cannot be checked: %s", signature.Reason)
	case !signature.Verified:
		return response.Error(http.StatusUnauthorized, "M_UNAUTHORIZED", "the signature is refused: %s", signature.Reason)
	case !signature.ControlsMXID:
		return response.Error(http.StatusForbidden, "M_FORBIDDEN", "%s does not control the mxid", signature.Origin)
	}
	return nil
}
