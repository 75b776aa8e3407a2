package schemas

import (
	"maps"
	"slices"
)

// A RequiredKey is one that no valid body of a request lacks.
type RequiredKey struct {
	// Path leads to the key from the top of the body: ["three_pid_creds", "sid"].
	Path []string
	// Type is the JSON Schema type: "string", "integer", "object" …
	Type string
}

// RequiredKeys returns the keys that no valid body of the operation's requests
// lacks, from the top down and by name: a required object comes before its own
// required keys. An operation without a body has none.
func (s *Set) RequiredKeys(operationID string) []RequiredKey {
	schema, ok := s.files[operationID+"/request.json"]
	if !ok {
		return nil
	}
	return shapeOf(schema.compiled().source).requiredKeys(nil)
}

// shape gathers what the branches of an allOf say about one value.
type shape struct {
	kind       string
	required   map[string]bool
	properties map[string]*shape
}

func shapeOf(schema map[string]any) *shape {
	s := &shape{required: map[string]bool{}, properties: map[string]*shape{}}
	s.add(schema)
	return s
}

func (s *shape) add(schema map[string]any) {
	if kind, ok := schema["type"].(string); ok {
		s.kind = kind
	}
	required, _ := schema["required"].([]any)
	for _, name := range required {
		s.required[name.(string)] = true
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if property, ok := property.(map[string]any); ok {
			if s.properties[name] == nil {
				s.properties[name] = shapeOf(nil)
			}
			s.properties[name].add(property)
		}
	}
	branches, _ := schema["allOf"].([]any)
	for _, branch := range branches {
		if branch, ok := branch.(map[string]any); ok {
			s.add(branch)
		}
	}
}

func (s *shape) requiredKeys(above []string) []RequiredKey {
	var keys []RequiredKey
	for _, name := range slices.Sorted(maps.Keys(s.properties)) {
		if s.required[name] {
			path, property := append(slices.Clip(above), name), s.properties[name]
			keys = append(keys, RequiredKey{Path: path, Type: property.kind})
			keys = append(keys, property.requiredKeys(path)...)
		}
	}
	return keys
}
