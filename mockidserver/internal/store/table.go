package store

import "slices"

// maxPerOwner bounds the rows that one scope, or what is outside of scopes, keeps
// in a table. The oldest go first.
const maxPerOwner = 5000

// A table maps keys to rows that belong to a scope, or to none ("").
type table[K comparable, V any] struct {
	rows   map[K]row[V]
	owners map[string][]K // oldest first
	gone   func(V)        // told of every row that leaves, may be nil
}

type row[V any] struct {
	value V
	owner string
}

func newTable[K comparable, V any](gone func(V)) *table[K, V] {
	return &table[K, V]{rows: map[K]row[V]{}, owners: map[string][]K{}, gone: gone}
}

// put adds a row, or replaces the row and owner of a key.
func (t *table[K, V]) put(owner string, key K, value V) {
	t.remove(key)
	if keys := t.owners[owner]; len(keys) >= maxPerOwner {
		t.remove(keys[0])
	}
	t.rows[key] = row[V]{value, owner}
	t.owners[owner] = append(t.owners[owner], key)
}

func (t *table[K, V]) get(key K) (V, bool) {
	r, ok := t.rows[key]
	return r.value, ok
}

func (t *table[K, V]) remove(key K) {
	r, ok := t.rows[key]
	if !ok {
		return
	}
	delete(t.rows, key)
	t.owners[r.owner] = slices.DeleteFunc(t.owners[r.owner], func(k K) bool { return k == key })
	if t.gone != nil {
		t.gone(r.value)
	}
}

// free removes the rows of an owner.
func (t *table[K, V]) free(owner string) {
	for _, key := range slices.Clone(t.owners[owner]) {
		t.remove(key)
	}
	delete(t.owners, owner)
}

// of lists the rows of an owner, oldest first.
func (t *table[K, V]) of(owner string) []V {
	var values []V
	for _, key := range t.owners[owner] {
		values = append(values, t.rows[key].value)
	}
	return values
}

// find lists the rows that match, in no order.
func (t *table[K, V]) find(match func(V) bool) []V {
	var values []V
	for _, r := range t.rows {
		if match(r.value) {
			values = append(values, r.value)
		}
	}
	return values
}
