package endpoints

import (
	"crypto/ed25519"
	"net/http"
	"strings"
	"unicode/utf8"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/homeservers"
	"threepid-conformance/mockidserver/internal/response"
	"threepid-conformance/mockidserver/internal/signing"
	"threepid-conformance/mockidserver/internal/store"
	"threepid-conformance/mockidserver/internal/threepid"
)

// pubKey is GET pubkey/{keyId}.
func pubKey(r *request) *response.Response {
	if r.http.PathValue("keyId") != KeyID {
		return response.Error(http.StatusNotFound, "M_NOT_FOUND", "there is no key with this ID")
	}
	return response.OK(map[string]any{"public_key": signing.Encode(r.PublicKey())})
}

// pubKeyIsValid is GET pubkey/isvalid. The key may come in either alphabet.
func pubKeyIsValid(r *request) *response.Response {
	texts, wrong := r.arguments.text("public_key")
	if wrong != nil {
		return wrong
	}
	key, err := signing.DecodePublicKey(texts[0])
	return response.OK(map[string]any{"valid": err == nil && r.PublicKey().Equal(key)})
}

// ephemeralIsValid is GET pubkey/ephemeral/isvalid. The key must be spelled
// exactly as store-invite did.
func ephemeralIsValid(r *request) *response.Response {
	texts, wrong := r.arguments.text("public_key")
	if wrong != nil {
		return wrong
	}
	_, ok := r.Store.InviteOfKey(texts[0])
	return response.OK(map[string]any{"valid": ok})
}

// storeInvite is POST store-invite.
func storeInvite(r *request) *response.Response {
	texts, wrong := r.arguments.text("medium", "address", "room_id", "sender")
	if wrong != nil {
		return wrong
	}
	medium, room, sender := texts[0], texts[2], texts[3]
	if medium != control.Email {
		return response.Error(http.StatusBadRequest, "M_UNRECOGNIZED", "invitations are for the medium email only")
	}
	address, err := threepid.Email(texts[1])
	if err != nil {
		return response.Error(http.StatusBadRequest, "M_INVALID_EMAIL", "%v", err)
	}
	if !strings.HasPrefix(room, "!") || !homeservers.IsMXID(sender) {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "room_id or sender is not an ID of its kind")
	}
	if r.needsToken() && r.token.MXID != sender {
		return response.Error(http.StatusForbidden, "M_UNAUTHORIZED", "the access token belongs to another user than the sender")
	}
	if bound, ok := r.Store.Binding(store.ThreePID{Medium: medium, Address: address}); ok {
		return response.ErrorWith(http.StatusBadRequest, "M_THREEPID_IN_USE", "the address is bound already", map[string]any{"mxid": bound.MXID})
	}

	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		return response.Error(http.StatusInternalServerError, "M_UNKNOWN", "%v", err)
	}
	invite := store.Invite{
		Token: store.Random(), PublicKey: signing.Encode(public), PrivateKey: signing.Encode(private.Seed()),
		Address: address, RoomID: room, Sender: sender,
	}
	r.Store.StoreInvite(r.scopeID(), invite)
	r.effect(control.EffectInviteStored, "for "+address)

	base := "https://" + r.ownName() + base(r.api)
	longTerm := signing.Encode(r.PublicKey())
	// No validity URL has a query: Synapse appends "?public_key=…" to it as it is.
	object := map[string]any{
		"token": invite.Token,
		"public_keys": []map[string]any{
			{"public_key": longTerm, "key_validity_url": base + "/pubkey/isvalid"},
			{"public_key": invite.PublicKey, "key_validity_url": base + "/pubkey/ephemeral/isvalid"},
		},
		"display_name": redact(address),
	}
	if r.api == "v1" {
		object["public_key"] = longTerm // Dendrite copies it into the event
	}
	return response.OK(object)
}

// redact makes an address recognisable to who knows it, and to nobody else.
func redact(address string) string {
	local, domain, _ := strings.Cut(address, "@")
	return firstRune(local) + "...@" + firstRune(domain) + "..."
}

func firstRune(text string) string {
	_, size := utf8.DecodeRuneInString(text)
	return text[:size]
}

// signEd25519 is POST sign-ed25519: it signs an invitation's acceptance with a
// key that the client brings.
func signEd25519(r *request) *response.Response {
	texts, wrong := r.arguments.text("mxid", "token", "private_key")
	if wrong != nil {
		return wrong
	}
	mxid, token := texts[0], texts[1]
	seed, err := signing.Decode(texts[2])
	if err != nil || len(seed) != ed25519.SeedSize {
		return response.Error(http.StatusBadRequest, "M_INVALID_PARAM", "private_key is not an ed25519 key in unpadded base64")
	}
	invite, ok := r.Store.Invite(token)
	if !ok {
		return response.Error(http.StatusNotFound, "M_UNRECOGNIZED", "there is no invitation with this token")
	}
	return r.signed(map[string]any{"mxid": mxid, "sender": invite.Sender, "token": token}, ed25519.NewKeyFromSeed(seed))
}
