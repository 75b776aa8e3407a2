package mockidserver

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/signing"
)

// Key sources other than a URL.
const (
	pinnedKey = "pinned"
	cachedKey = "cached"
)

const keyPath = "/_matrix/key/v2/server"

// A knownKey is a public key and how it became known.
type knownKey struct {
	public ed25519.PublicKey
	source string // pinnedKey, cachedKey, or the URL it was fetched from
}

// keysOf returns the keys a server name may have signed with under a key ID:
// the pinned one, and those it publishes at each of its URLs, since several
// homeservers of one name can run at a time. With fresh, published keys are
// fetched even if they are known. It is an error if there is no key at all.
func (h *homeservers) keysOf(ctx context.Context, serverName, keyID string, fresh bool) (keys []knownKey, calls []control.Call, err error) {
	h.mu.Lock()
	pinned, ok := h.pinned[serverName][keyID]
	h.mu.Unlock()
	if ok {
		keys = append(keys, knownKey{pinned, pinnedKey})
	}

	bases, err := h.basesOf(serverName)
	if err != nil {
		if len(keys) > 0 {
			return keys, nil, nil
		}
		return nil, nil, err
	}
	for _, base := range bases {
		if known, ok := h.remembered(serverName, base, keyID); ok && !fresh {
			keys = append(keys, knownKey{known, cachedKey})
			continue
		}
		published, call, failed := h.published(ctx, serverName, base)
		calls = append(calls, call)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		if key, ok := published.Keys[keyID]; ok {
			keys = append(keys, knownKey{key, base + keyPath})
		} else {
			err = errors.Join(err, fmt.Errorf("homeserver %s publishes no key %s at %s", serverName, keyID, base+keyPath))
		}
	}
	if len(keys) > 0 {
		return keys, calls, nil
	}
	return nil, calls, err
}

// remembered returns a published key that was fetched before and is still valid.
func (h *homeservers) remembered(serverName, base, keyID string) (ed25519.PublicKey, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	document, ok := h.cached[serverName+" "+base]
	if !ok || !document.ValidUntil.After(time.Now()) {
		return nil, false
	}
	key, ok := document.Keys[keyID]
	return key, ok
}

// published fetches and checks the keys of a homeserver.
func (h *homeservers) published(ctx context.Context, serverName, base string) (signing.ServerKeys, control.Call, error) {
	status, body, call, err := h.fetch(ctx, base, keyPath, nil)
	if err != nil {
		return signing.ServerKeys{}, call, fmt.Errorf("the keys of homeserver %s were not reached at %s: %w", serverName, call.URL, err)
	}
	if status != http.StatusOK {
		return signing.ServerKeys{}, call, fmt.Errorf("homeserver %s answered %d at %s; does its listener serve keys?", serverName, status, call.URL)
	}
	document, err := signing.ParseServerKeys(body, serverName, time.Now())
	if err != nil {
		call.Error = err.Error()
		return signing.ServerKeys{}, call, fmt.Errorf("%s: %w", call.URL, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.cached[serverName+" "+base] = document
	return document, call, nil
}
