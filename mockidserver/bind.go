package mockidserver

import (
	"crypto/ed25519"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/signing"
	"threepid-conformance/mockidserver/threepid"
)

// associationLifetime is far beyond any test: Dendrite asks again without end
// when an association is not valid now.
const associationLifetime = 100 * 365 * 24 * time.Hour

// mxidForm is what a user ID looks like.
var mxidForm = regexp.MustCompile(`^@[^:\x00-\x20]*:[^\x00-\x20/@]+$`)

// serverPart is the server name in a user ID.
func serverPart(mxid string) string {
	_, server, _ := strings.Cut(mxid, ":")
	return server
}

// ownName is the name by which the caller knows this listener: what it put into
// the Host header, if that is one of ours. Signatures stand under that name,
// because the caller looks for the id_server it was given.
func (x *exchange) ownName() string {
	if names := x.namesAt(x.port); slices.Contains(names, x.r.Host) {
		return x.r.Host
	}
	return x.advertisedAt(x.port)
}

// bind is POST 3pid/bind.
func bind(x *exchange) answer {
	texts, wrong := x.arguments.text("sid", "client_secret", "mxid")
	if wrong != nil {
		return *wrong
	}
	mxid := texts[2]
	if !mxidForm.MatchString(mxid) {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "mxid is not a Matrix user ID")
	}
	// Without a token, in v1, there is nobody to compare with.
	if x.needsToken && x.token.MXID != mxid {
		return failure(http.StatusForbidden, "M_UNAUTHORIZED", "the access token belongs to another user")
	}
	session, wrong := x.validated()
	if wrong != nil {
		return *wrong
	}
	b := store.Binding{
		ThreePID: store.ThreePID{Medium: session.Medium, Address: session.Address}, MXID: mxid, TS: time.Now().UnixMilli(),
	}
	replaced := x.store.Bind(x.scopeID(), b)
	x.effect(control.EffectBound, fmt.Sprintf("%s %s to %s", b.Medium, b.Address, mxid))
	if replaced != "" && replaced != mxid {
		x.effect(control.EffectReplaced, "of "+replaced)
	}
	return x.association(b)
}

// association is a signed association. Dendrite reads exactly these members,
// so there are no others.
func (x *exchange) association(b store.Binding) answer {
	return x.signed(map[string]any{
		"address": b.Address, "medium": b.Medium, "mxid": b.MXID,
		"ts": b.TS, "not_before": b.TS, "not_after": b.TS + associationLifetime.Milliseconds(),
	}, x.key)
}

// signed answers with an object signed under the name by which the caller knows
// this server.
func (x *exchange) signed(object any, key ed25519.PrivateKey) answer {
	signed, err := signing.SignJSON(object, x.ownName(), KeyID, key)
	if err != nil {
		return failure(http.StatusInternalServerError, "M_UNKNOWN", "%v", err)
	}
	return answer{status: http.StatusOK, contentType: jsonType, body: signed}
}

// unbind is POST 3pid/unbind. The sid and client_secret of a validated session
// of the identifier authenticate it, or the signature of the homeserver that
// controls the mxid.
func unbind(x *exchange) answer {
	nested := x.arguments.threepidOf()
	if missing := x.arguments.missing("mxid", "threepid"); missing != nil {
		return *missing
	}
	if nested.values == nil {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "threepid must be an object")
	}
	who, wrong := x.arguments.text("mxid")
	if wrong != nil {
		return *wrong
	}
	what, wrong := nested.text("medium", "address")
	if wrong != nil {
		return *wrong
	}
	address, err := threepid.Canonical(what[0], what[1])
	if err != nil {
		return failure(http.StatusBadRequest, "M_INVALID_PARAM", "%v", err)
	}
	pid := store.ThreePID{Medium: what[0], Address: address}
	if refusal := x.mayUnbind(pid); refusal != nil {
		return *refusal
	}
	// An identifier that is not bound is as unbound as was asked for. A 404
	// would tell the homeserver that unbinding is not supported.
	if x.store.Unbind(pid, who[0]) {
		x.effect(control.EffectUnbound, fmt.Sprintf("%s %s from %s", pid.Medium, pid.Address, who[0]))
	} else {
		x.effect(control.EffectNothingToUnbind, fmt.Sprintf("%s %s", pid.Medium, pid.Address))
	}
	return reply(struct{}{})
}

// mayUnbind checks who asks to unbind an identifier.
func (x *exchange) mayUnbind(pid store.ThreePID) *answer {
	refuse := func(status int, errcode, format string, args ...any) *answer {
		refusal := failure(status, errcode, format, args...)
		return &refusal
	}
	sid, secret := x.arguments.peek("sid"), x.arguments.peek("client_secret")
	if sid != "" && secret != "" {
		session, err := x.store.Validated(x.service, sid, secret)
		if err != nil {
			return refuse(http.StatusForbidden, "M_FORBIDDEN", "%v", err)
		}
		if session.Medium != pid.Medium || session.Address != pid.Address {
			return refuse(http.StatusForbidden, "M_FORBIDDEN", "the session is about another identifier")
		}
		return nil
	}
	switch signature := x.signature; {
	case signature == nil:
		return refuse(http.StatusForbidden, "M_FORBIDDEN", "unbind needs sid and client_secret, or the homeserver's signature")
	case !signature.Verified && signature.KeySource == noKey:
		return refuse(http.StatusInternalServerError, "M_UNKNOWN", "the signature cannot be checked: %s", signature.Reason)
	case !signature.Verified:
		return refuse(http.StatusUnauthorized, "M_UNAUTHORIZED", "the signature is refused: %s", signature.Reason)
	case !signature.ControlsMXID:
		return refuse(http.StatusForbidden, "M_FORBIDDEN", "%s does not control the mxid", signature.Origin)
	}
	return nil
}
