package schemas

import (
	"maps"
	"slices"
)

// RequestShape is what a request body looks like, as far as its schema says.
type RequestShape struct {
	// Fields are the keys of the body, sorted by name.
	Fields []RequestField
}

// RequestField is one key of a request body.
type RequestField struct {
	Name string
	// Path leads to the field from the top of the body, its own name last:
	// ["three_pid_creds", "sid"].
	Path []string
	// Type is the JSON Schema type: "string", "integer" or "object".
	Type string
	// Required says that the key must be there whenever the object that holds
	// it is.
	Required bool
	// Enum lists the allowed values; empty for no such restriction.
	Enum []string
	// Format is "email", "uri" or empty.
	Format string
	// Fields are the keys of an object, sorted by name.
	Fields []RequestField
}

// Request returns the shape of an operation's request body. It reports false
// for an operation without a body, and for an unknown one.
func (s *Set) Request(operationID string) (RequestShape, bool) {
	schema, ok := s.files[operationID+"/request.json"]
	if !ok {
		return RequestShape{}, false
	}
	var body facts
	body.add(schema.compiled().source)
	return RequestShape{Fields: body.fields(nil)}, true
}

// Required returns the fields that no valid body lacks, from the top down: a
// required object comes before its own required fields.
func (s RequestShape) Required() []RequestField { return requiredOf(s.Fields) }

func requiredOf(fields []RequestField) []RequestField {
	var list []RequestField
	for _, field := range fields {
		if field.Required {
			list = append(list, field)
			list = append(list, requiredOf(field.Fields)...)
		}
	}
	return list
}

// facts gathers what the branches of an allOf say about one value.
type facts struct {
	kind, format string
	enum         []string
	required     []string
	properties   map[string]*facts
}

func (f *facts) add(schema map[string]any) {
	if kind, ok := schema["type"].(string); ok {
		f.kind = kind
	}
	if format, ok := schema["format"].(string); ok {
		f.format = format
	}
	f.enum = append(f.enum, stringsIn(schema["enum"])...)
	f.required = append(f.required, stringsIn(schema["required"])...)
	properties, _ := schema["properties"].(map[string]any)
	for name, property := range properties {
		if property, ok := property.(map[string]any); ok {
			if f.properties == nil {
				f.properties = map[string]*facts{}
			}
			if f.properties[name] == nil {
				f.properties[name] = &facts{}
			}
			f.properties[name].add(property)
		}
	}
	branches, _ := schema["allOf"].([]any)
	for _, branch := range branches {
		if branch, ok := branch.(map[string]any); ok {
			f.add(branch)
		}
	}
}

func (f *facts) fields(path []string) []RequestField {
	var list []RequestField
	for _, name := range slices.Sorted(maps.Keys(f.properties)) {
		property := f.properties[name]
		own := append(slices.Clone(path), name)
		list = append(list, RequestField{
			Name:     name,
			Path:     own,
			Type:     property.kind,
			Required: slices.Contains(f.required, name),
			Enum:     property.enum,
			Format:   property.format,
			Fields:   property.fields(own),
		})
	}
	return list
}

// stringsIn returns the strings of a decoded JSON array.
func stringsIn(value any) []string {
	array, _ := value.([]any)
	var list []string
	for _, element := range array {
		if text, ok := element.(string); ok {
			list = append(list, text)
		}
	}
	return list
}
