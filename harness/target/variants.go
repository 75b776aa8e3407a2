package target

import (
	"maps"
	"slices"
)

// VariantsOf lists, sorted, the configurations by name that a target has beside
// the ordinary one.
func VariantsOf[C any](configurations map[string]C) []string {
	names := slices.Sorted(maps.Keys(configurations))
	return slices.DeleteFunc(names, func(name string) bool { return name == Main })
}
