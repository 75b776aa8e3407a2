package control

import "slices"

// KeyKind says what a [Key] is. The five kinds are the values by which a
// homeserver's request can be recognised as belonging to one spec.
type KeyKind string

// The kinds of keys, in the order in which a request is attributed to a scope:
// the first kind that hits an open scope decides.
const (
	KindSID          KeyKind = "sid"
	KindClientSecret KeyKind = "client_secret"
	KindToken        KeyKind = "token" // an access token of the identity server
	KindAddress      KeyKind = "address"
	KindMXID         KeyKind = "mxid"
)

// Key is one value that a scope owns. An open scope owns its keys alone: a
// second scope that asks for the same key is refused.
type Key struct {
	Kind  KeyKind `json:"kind"`
	Value string  `json:"value"`
}

// SID is the key of a validation session.
func SID(sid string) Key { return Key{KindSID, sid} }

// ClientSecret is the key of everything validated with one client_secret.
func ClientSecret(secret string) Key { return Key{KindClientSecret, secret} }

// Token is the key of an identity server access token.
func Token(token string) Key { return Key{KindToken, token} }

// Address is the key of an email address, or of a phone number as E.164 digits
// without plus. Any spelling of the same address is the same key.
func Address(address string) Key { return Key{KindAddress, address} }

// MXID is the key of a Matrix user.
func MXID(mxid string) Key { return Key{KindMXID, mxid} }

// Keys are the identifying values of one request: those it carries, and those
// that follow from them (a sid has an address, a token has an owner).
type Keys struct {
	SID          string `json:"sid,omitempty"`
	ClientSecret string `json:"client_secret,omitempty"`
	Token        string `json:"token,omitempty"`
	Medium       string `json:"medium,omitempty"`
	Address      string `json:"address,omitempty"` // canonical
	MXID         string `json:"mxid,omitempty"`
	PublicKey    string `json:"public_key,omitempty"`
}

// kinds are all kinds of keys, in the order of attribution.
var kinds = [...]KeyKind{KindSID, KindClientSecret, KindToken, KindAddress, KindMXID}

// Kinds lists the kinds of keys, in the order of attribution.
func Kinds() []KeyKind { return slices.Clone(kinds[:]) }

// Of returns the value of a kind, "" if there is none.
func (k Keys) Of(kind KeyKind) string {
	switch kind {
	case KindSID:
		return k.SID
	case KindClientSecret:
		return k.ClientSecret
	case KindToken:
		return k.Token
	case KindAddress:
		return k.Address
	case KindMXID:
		return k.MXID
	}
	return ""
}

// Has reports whether key is among the keys.
func (k Keys) Has(key Key) bool { return key.Value != "" && k.Of(key.Kind) == key.Value }
