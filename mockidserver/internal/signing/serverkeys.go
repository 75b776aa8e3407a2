package signing

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// ServerKeys are the keys a homeserver publishes at /_matrix/key/v2/server.
type ServerKeys struct {
	ValidUntil time.Time
	Keys       map[string]ed25519.PublicKey // by key ID; those that sign the document
}

// ParseServerKeys reads and checks a published key document: it is about
// serverName, still valid at now, and signed by the keys it lists. A listed key
// without a valid self-signature makes the document invalid.
func ParseServerKeys(raw []byte, serverName string, now time.Time) (ServerKeys, error) {
	var document struct {
		ServerName   string `json:"server_name"`
		ValidUntilTS int64  `json:"valid_until_ts"`
		VerifyKeys   map[string]struct {
			Key string `json:"key"`
		} `json:"verify_keys"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		return ServerKeys{}, fmt.Errorf("the key document is unreadable: %w", err)
	}
	if document.ServerName != serverName {
		return ServerKeys{}, fmt.Errorf("the key document is about %q, not %q", document.ServerName, serverName)
	}
	keys := ServerKeys{ValidUntil: time.UnixMilli(document.ValidUntilTS), Keys: map[string]ed25519.PublicKey{}}
	if !keys.ValidUntil.After(now) {
		return ServerKeys{}, fmt.Errorf("the key document was valid until %s only", keys.ValidUntil.UTC().Format(time.RFC3339))
	}
	for id, published := range document.VerifyKeys {
		if !strings.HasPrefix(id, "ed25519:") {
			continue // an algorithm this server does not speak
		}
		key, err := DecodePublicKey(published.Key)
		if err != nil {
			return ServerKeys{}, fmt.Errorf("published key %s: %w", id, err)
		}
		if err := VerifyJSON(raw, serverName, id, key); err != nil {
			return ServerKeys{}, fmt.Errorf("the key document is not signed by its key %s: %w", id, err)
		}
		keys.Keys[id] = key
	}
	if len(keys.Keys) == 0 {
		return ServerKeys{}, errors.New("the key document lists no ed25519 key")
	}
	return keys, nil
}
