// Package signing has Matrix signatures: signed JSON, the published keys of a
// server, and requests signed with an X-Matrix Authorization header.
// Spec: appendices/#signing-json, server-server-api/#request-authentication.
package signing

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Encode writes bytes as unpadded base64.
func Encode(raw []byte) string { return base64.RawStdEncoding.EncodeToString(raw) }

// Decode reads base64, in the standard or the URL-safe alphabet, padded or not.
func Decode(text string) ([]byte, error) {
	text = strings.TrimRight(text, "=")
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	raw, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	return raw, nil
}

// DecodePublicKey reads an ed25519 public key.
func DecodePublicKey(text string) (ed25519.PublicKey, error) {
	raw, err := Decode(text)
	if err != nil {
		return nil, err
	}
	if len(raw) != ed25519.PublicKeySize {
		return nil, fmt.Errorf("an ed25519 public key has %d bytes, not %d", ed25519.PublicKeySize, len(raw))
	}
	return raw, nil
}

// signable returns what is signed of an object: everything but signatures and
// unsigned, in canonical form.
func signable(object map[string]json.RawMessage) ([]byte, error) {
	bare := make(map[string]json.RawMessage, len(object))
	for key, value := range object {
		if key != "signatures" && key != "unsigned" {
			bare[key] = value
		}
	}
	return Marshal(bare)
}

// SignJSON returns the object with a signature added under entity and keyID.
// Signatures that are there stay.
func SignJSON(object any, entity, keyID string, key ed25519.PrivateKey) (json.RawMessage, error) {
	raw, err := Marshal(object)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, errors.New("only a JSON object can be signed")
	}
	message, err := signable(members)
	if err != nil {
		return nil, err
	}
	signatures := map[string]map[string]string{}
	if old, ok := members["signatures"]; ok {
		if err := json.Unmarshal(old, &signatures); err != nil {
			return nil, errors.New("signatures of the object have the wrong form")
		}
	}
	if signatures[entity] == nil {
		signatures[entity] = map[string]string{}
	}
	signatures[entity][keyID] = Encode(ed25519.Sign(key, message))
	if members["signatures"], err = json.Marshal(signatures); err != nil {
		return nil, err
	}
	return Marshal(members)
}

// VerifyJSON checks the signature of a JSON object under entity and keyID.
func VerifyJSON(raw []byte, entity, keyID string, key ed25519.PublicKey) error {
	// The strict parser goes first: encoding/json would let duplicate keys by.
	canonical, err := Canonicalize(raw)
	if err != nil {
		return err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(canonical, &members); err != nil {
		return errors.New("only a JSON object can be signed")
	}
	var signatures map[string]map[string]string
	if err := json.Unmarshal(members["signatures"], &signatures); err != nil {
		return errors.New("the object has no signatures")
	}
	text, ok := signatures[entity][keyID]
	if !ok {
		return fmt.Errorf("the object has no signature of %s by %s", entity, keyID)
	}
	message, err := signable(members)
	if err != nil {
		return err
	}
	return verify(key, message, text)
}

func verify(key ed25519.PublicKey, message []byte, text string) error {
	signature, err := Decode(text)
	if err != nil {
		return fmt.Errorf("the signature is unreadable: %w", err)
	}
	if len(signature) != ed25519.SignatureSize {
		return fmt.Errorf("the signature has %d bytes; an ed25519 signature has %d", len(signature), ed25519.SignatureSize)
	}
	if len(key) != ed25519.PublicKeySize || !ed25519.Verify(key, message, signature) {
		return errors.New("the signature does not match")
	}
	return nil
}
