package report

import "slices"

// A Group are items with a key in common.
type Group[T any] struct {
	Key   string
	Items []T
}

// GroupBy parts items by their keys, in the order in which these come.
func GroupBy[T any](items []T, key func(T) string) []Group[T] {
	var groups []Group[T]
	for _, item := range items {
		k := key(item)
		i := slices.IndexFunc(groups, func(g Group[T]) bool { return g.Key == k })
		if i < 0 {
			i = len(groups)
			groups = append(groups, Group[T]{Key: k})
		}
		groups[i].Items = append(groups[i].Items, item)
	}
	return groups
}

// rows are those that a condition selects, in the order of the catalogue.
func (r *Report) rows(in func(Requirement) bool) []Requirement {
	return slices.DeleteFunc(slices.Clone(r.Requirements), func(q Requirement) bool { return !in(q) })
}
