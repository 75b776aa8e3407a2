package homeservers

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"threepid-conformance/mockidserver/control"
	"threepid-conformance/mockidserver/internal/signing"
)

const keyPath = "/_matrix/key/v2/server"

// NoKey is the source of a key that could not be had.
const NoKey = "none"

// Key is a public key and how it became known.
type Key struct {
	Public ed25519.PublicKey
	Source string // "pinned", "cached", or the URL it was fetched from
}

// A knownKey was pinned, or fetched before.
type knownKey struct {
	Key
	id    string
	base  string    // URL of the homeserver that published it, "" for a pinned one
	until time.Time // of a published one
}

// KnownKeys returns the keys of that ID that a server name is known to sign with: the
// pinned ones, and those that were fetched before and are still valid.
func (d *Directory) KnownKeys(serverName, keyID string) []Key {
	d.mu.Lock()
	defer d.mu.Unlock()
	var keys []Key
	for _, key := range d.keys[serverName] {
		if key.id == keyID && (key.base == "" || key.until.After(time.Now())) {
			keys = append(keys, key.Key)
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
		} else if key, ok := published[keyID]; ok {
			keys = append(keys, Key{key, base + keyPath})
		} else {
			err = errors.Join(err, fmt.Errorf("homeserver %s publishes no key %s at %s", serverName, keyID, base+keyPath))
		}
	}
	if len(keys) > 0 {
		err = nil
	}
	return keys, calls, err
}

// published fetches and checks the keys of a homeserver, by ID.
func (d *Directory) published(ctx context.Context, serverName, base string) (map[string]ed25519.PublicKey, control.Call, error) {
	status, body, call, err := d.fetch(ctx, base, keyPath, nil)
	if err != nil {
		return nil, call, fmt.Errorf("the keys of homeserver %s were not reached at %s: %w", serverName, call.URL, err)
	}
	if status != http.StatusOK {
		return nil, call, fmt.Errorf("homeserver %s answered %d at %s; does its listener serve keys?", serverName, status, call.URL)
	}
	document, err := signing.ParseServerKeys(body, serverName, time.Now())
	if err != nil {
		call.Error = err.Error()
		return nil, call, fmt.Errorf("%s: %w", call.URL, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	known := slices.DeleteFunc(d.keys[serverName], func(k knownKey) bool { return k.base == base })
	for id, key := range document.Keys {
		known = append(known, knownKey{Key{key, "cached"}, id, base, document.ValidUntil})
	}
	d.keys[serverName] = known
	return document.Keys, call, nil
}
