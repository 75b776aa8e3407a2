package store

import (
	"cmp"
	"maps"
	"slices"
)

// maxRows bounds a table. The oldest rows go first.
const maxRows = 20_000

// A table maps keys to rows that belong to a scope, or to none ("").
type table[K comparable, V any] struct {
	rows map[K]row[V]
	made int // rows so far
}

type row[V any] struct {
	value V
	scope string
	age   int // greater is newer
}

// put adds a row, or replaces the row and scope of a key.
func (t *table[K, V]) put(scope string, key K, value V) {
	if t.rows == nil {
		t.rows = map[K]row[V]{}
	}
	t.made++
	t.rows[key] = row[V]{value, scope, t.made}
	if len(t.rows) > maxRows {
		t.drop(func(r row[V]) bool { return r.age <= t.made-maxRows })
	}
}

func (t *table[K, V]) get(key K) (V, bool) {
	r, ok := t.rows[key]
	return r.value, ok
}

func (t *table[K, V]) remove(key K) { delete(t.rows, key) }

func (t *table[K, V]) drop(match func(row[V]) bool) {
	maps.DeleteFunc(t.rows, func(_ K, r row[V]) bool { return match(r) })
}

// free removes the rows of a scope.
func (t *table[K, V]) free(scope string) {
	t.drop(func(r row[V]) bool { return r.scope == scope })
}

// find lists the rows that match, oldest first.
func (t *table[K, V]) find(match func(V) bool) []V {
	return t.list(func(r row[V]) bool { return match(r.value) })
}

// of lists the rows of a scope, oldest first.
func (t *table[K, V]) of(scope string) []V {
	return t.list(func(r row[V]) bool { return r.scope == scope })
}

func (t *table[K, V]) list(match func(row[V]) bool) []V {
	var found []row[V]
	for _, r := range t.rows {
		if match(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b row[V]) int { return cmp.Compare(a.age, b.age) })
	values := make([]V, len(found))
	for i, r := range found {
		values[i] = r.value
	}
	return values
}
