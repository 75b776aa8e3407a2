package store

import "container/list"

// maxPerOwner bounds the rows that one scope, or the world outside of scopes,
// keeps in a table. The oldest go first.
const maxPerOwner = 20_000

// A table maps keys to rows that belong to a scope, or to none ("").
type table[K comparable, V any] struct {
	rows   map[K]*row[V]
	owners map[string]*list.List // of K, oldest first
	gone   func(K, V)            // told of every row that leaves, may be nil
}

type row[V any] struct {
	value V
	owner string
	place *list.Element
}

func newTable[K comparable, V any](gone func(K, V)) *table[K, V] {
	return &table[K, V]{rows: map[K]*row[V]{}, owners: map[string]*list.List{}, gone: gone}
}

// put adds a row, or replaces the row and owner of a key.
func (t *table[K, V]) put(owner string, key K, value V) {
	t.remove(key)
	keys := t.owners[owner]
	if keys == nil {
		keys = list.New()
		t.owners[owner] = keys
	}
	if keys.Len() >= maxPerOwner {
		t.remove(keys.Front().Value.(K))
	}
	t.rows[key] = &row[V]{value, owner, keys.PushBack(key)}
}

func (t *table[K, V]) get(key K) (value V, ok bool) {
	if r, ok := t.rows[key]; ok {
		return r.value, true
	}
	return value, false
}

func (t *table[K, V]) remove(key K) {
	r, ok := t.rows[key]
	if !ok {
		return
	}
	delete(t.rows, key)
	keys := t.owners[r.owner]
	keys.Remove(r.place)
	if keys.Len() == 0 {
		delete(t.owners, r.owner)
	}
	if t.gone != nil {
		t.gone(key, r.value)
	}
}

// free removes the rows of an owner.
func (t *table[K, V]) free(owner string) {
	keys := t.owners[owner]
	if keys == nil {
		return
	}
	for keys.Len() > 0 {
		t.remove(keys.Front().Value.(K))
	}
}

// of lists the rows of an owner, oldest first.
func (t *table[K, V]) of(owner string) []V {
	keys := t.owners[owner]
	if keys == nil {
		return nil
	}
	var values []V
	for e := keys.Front(); e != nil; e = e.Next() {
		values = append(values, t.rows[e.Value.(K)].value)
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
