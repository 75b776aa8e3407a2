package homeservers

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

// Key sources other than a URL.
const (
	pinnedKey = "pinned"
	cachedKey = "cached"
	NoKey     = "none" // none could be had
)

const keyPath = "/_matrix/key/v2/server"

// Key is a public key and how it became known.
type Key struct {
	Public ed25519.PublicKey
	Source string // "pinned", "cached", or the URL it was fetched from
}

// KnownKeys returns the keys of that ID that a server name is known to sign with: the
// pinned one, and those that were fetched before and are still valid.
func (d *Directory) KnownKeys(serverName, keyID string) []Key {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []Key
	if pinned, ok := d.pinned[serverName][keyID]; ok {
		keys = append(keys, Key{pinned, pinnedKey})
	}
	for _, document := range d.cached[serverName] {
		if !document.ValidUntil.After(time.Now()) {
			continue
		}
		if key, ok := document.Keys[keyID]; ok {
			keys = append(keys, Key{key, cachedKey})
		}
	}
	return keys
}

// FetchKeys fetches the keys of that ID that a server name publishes at each of
// its URLs, since several homeservers of one name can run at a time. It is an error
// if there is none at all.
func (d *Directory) FetchKeys(ctx context.Context, serverName, keyID string) (keys []Key, calls []control.Call, err error) {
	bases, err := d.basesOf(serverName)
	if err != nil {
		return nil, nil, err
	}
	for _, base := range bases {
		published, call, failed := d.published(ctx, serverName, base)
		calls = append(calls, call)
		if failed != nil {
			err = errors.Join(err, failed)
			continue
		}
		if key, ok := published.Keys[keyID]; ok {
			keys = append(keys, Key{key, base + keyPath})
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
func (d *Directory) published(ctx context.Context, serverName, base string) (signing.ServerKeys, control.Call, error) {
	status, body, call, err := d.fetch(ctx, base, keyPath, nil)
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
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.cached[serverName] == nil {
		d.cached[serverName] = map[string]signing.ServerKeys{}
	}
	d.cached[serverName][base] = document
	return document, call, nil
}
