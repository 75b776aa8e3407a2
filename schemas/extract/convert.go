package extract

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

const draft07 = "http://json-schema.org/draft-07/schema#"

// treatment says what becomes of a keyword on the way to draft-07.
type treatment int

const (
	drop      treatment = iota + 1 // prose and tooling: constrains nothing
	copied                         // means the same in draft-07
	one                            // holds a schema
	many                           // holds a list of schemas
	named                          // maps names to schemas; the names are not keywords
	either                         // holds a schema or a list of schemas
	reference                      // points to a schema
)

// keywords lists what is understood. Anything else is an error: a keyword that
// draft-07 does not know (prefixItems, nullable, unevaluatedProperties …) would
// be ignored by the validator and the extracted schema would say less than the
// specification does.
var keywords = map[string]treatment{
	"$comment": drop, "$defs": drop, "$schema": drop, "contentEncoding": drop,
	"contentMediaType": drop, "default": drop, "definitions": drop, "deprecated": drop,
	"description": drop, "discriminator": drop, "example": drop, "examples": drop,
	"externalDocs": drop, "readOnly": drop, "title": drop, "writeOnly": drop, "xml": drop,

	"const": copied, "enum": copied, "exclusiveMaximum": copied, "exclusiveMinimum": copied,
	"format": copied, "maximum": copied, "maxItems": copied, "maxLength": copied,
	"maxProperties": copied, "minimum": copied, "minItems": copied, "minLength": copied,
	"minProperties": copied, "multipleOf": copied, "pattern": copied, "required": copied,
	"type": copied, "uniqueItems": copied,

	"additionalItems": one, "additionalProperties": one, "contains": one, "else": one,
	"if": one, "not": one, "propertyNames": one, "then": one,

	"allOf": many, "anyOf": many, "oneOf": many,

	"patternProperties": named, "properties": named,

	"items": either,

	"$ref": reference,
}

// converter turns schemas of either dialect into draft-07.
type converter struct {
	docs *library
	// open holds the schemas whose $ref is being resolved right now.
	open map[*yaml.Node]bool
}

// convert returns the schema at p as a JSON value: an object, or one of the
// boolean schemas.
func convert(docs *library, p place) any {
	return (&converter{docs, map[*yaml.Node]bool{}}).schema(p)
}

func (c *converter) schema(p place) any {
	if p.node.ShortTag() == "!!bool" {
		return p.plain()
	}
	schema := map[string]any{}
	var target any
	for _, e := range p.entries() {
		treat := keywords[e.key]
		if strings.HasPrefix(e.key, "x-") {
			treat = drop
		}
		switch treat {
		case drop:
		case copied:
			schema[e.key] = e.value.plain()
		case one:
			schema[e.key] = c.schema(e.value)
		case many:
			schema[e.key] = c.list(e.value)
		case named:
			byName := map[string]any{}
			for _, member := range e.value.entries() {
				byName[member.key] = c.schema(member.value)
			}
			schema[e.key] = byName
		case either:
			if e.value.node.Kind == yaml.SequenceNode {
				schema[e.key] = c.list(e.value)
			} else {
				schema[e.key] = c.schema(e.value)
			}
		case reference:
			target = c.reference(p, e.value)
		default:
			e.value.fail("the schema keyword %q has no known counterpart in draft-07", e.key)
		}
	}
	switch {
	case target == nil:
		return schema
	case len(schema) == 0:
		return target
	}
	// Draft-07 ignores what stands beside a $ref; the specification means it.
	return map[string]any{"allOf": []any{target, schema}}
}

// reference converts what the $ref in the schema at p points to.
func (c *converter) reference(p, ref place) any {
	target := c.docs.target(ref)
	if target.node == p.node || c.open[target.node] {
		ref.fail("$ref %q leads back to itself; a schema without end cannot be written inline", ref.node.Value)
	}
	c.open[target.node] = true
	defer delete(c.open, target.node)
	return c.schema(target)
}

func (c *converter) list(p place) []any {
	list := []any{}
	for _, item := range p.items() {
		list = append(list, c.schema(item))
	}
	return list
}
