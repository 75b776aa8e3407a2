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

// known returns the keys of that ID that a server name is known to sign with: the
// pinned one, and those that were fetched before and are still valid.
func (h *homeservers) known(serverName, keyID string) []knownKey {
	h.mu.Lock()
	defer h.mu.Unlock()
	var keys []knownKey
	if pinned, ok := h.pinned[serverName][keyID]; ok {
		keys = append(keys, knownKey{pinned, pinnedKey})
	}
	for _, document := range h.cached[serverName] {
		if !document.ValidUntil.After(time.Now()) {
			continue
		}
		if key, ok := document.Keys[keyID]; ok {
			keys = append(keys, knownKey{key, cachedKey})
		}
	}
	return keys
}

// publishedKeys fetches the keys of that ID that a server name publishes at each of
// its URLs, since several homeservers of one name can run at a time. It is an error
// if there is none at all.
func (h *homeservers) publishedKeys(ctx context.Context, serverName, keyID string) (keys []knownKey, calls []control.Call, err error) {
	bases, err := h.basesOf(serverName)
	if err != nil {
		return nil, nil, err
	}
	for _, base := range bases {
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
	if h.cached[serverName] == nil {
		h.cached[serverName] = map[string]signing.ServerKeys{}
	}
	h.cached[serverName][base] = document
	return document, call, nil
}
