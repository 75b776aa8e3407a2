package signing

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"

	"threepid-conformance/mockidserver/control"
)

// Request is what an X-Matrix signature covers, besides the destination.
type Request struct {
	Method  string
	URI     string // the request target as sent: path and query
	Origin  string
	Content []byte // the JSON body as sent, nil for none
}

// Object returns the canonical JSON that is signed in a dialect.
func (r Request) Object(dialect control.Dialect, destination string) ([]byte, error) {
	object := map[string]any{"method": r.Method, "uri": r.URI, "origin": r.Origin}
	if dialect != control.DialectOmitted {
		object[string(dialect)] = destination
	}
	if r.Content != nil {
		// Strictly: a duplicate key in the body must not be repaired on the way.
		content, err := Canonicalize(r.Content)
		if err != nil {
			return nil, err
		}
		object["content"] = json.RawMessage(content)
	}
	return Marshal(object)
}

// Sign returns the signature of the request in a dialect.
func (r Request) Sign(dialect control.Dialect, destination string, key ed25519.PrivateKey) (string, error) {
	object, err := r.Object(dialect, destination)
	if err != nil {
		return "", err
	}
	return Encode(ed25519.Sign(key, object)), nil
}

// Verified is how a signature verified.
type Verified struct {
	Dialect     control.Dialect
	Destination string
	Object      []byte // canonical JSON that was signed
}

// Verify checks a header's signature. With a destination in the header only
// that one counts; without, the recipient's own names are tried, and the object
// without any. Of the dialects the spec's comes first. The error of a signature
// that verifies in none is about the spec's form.
func (r Request) Verify(h Header, ownNames []string, key ed25519.PublicKey) (Verified, error) {
	names := []string{h.Destination}
	dialects := []control.Dialect{control.DialectDestination, control.DialectDestinationIs}
	if !h.HasDestination {
		names = ownNames
	}
	var attempts []Verified
	for _, dialect := range dialects {
		for _, name := range names {
			attempts = append(attempts, Verified{Dialect: dialect, Destination: name})
		}
	}
	if !h.HasDestination {
		attempts = append(attempts, Verified{Dialect: control.DialectOmitted})
	}

	var first error
	for _, attempt := range attempts {
		object, err := r.Object(attempt.Dialect, attempt.Destination)
		if err == nil {
			err = verify(key, object, h.Signature)
		}
		if err == nil {
			attempt.Object = object
			return attempt, nil
		}
		if first == nil {
			first = err
		}
	}
	if first == nil {
		first = errors.New("there is no name under which to verify")
	}
	return Verified{}, first
}
