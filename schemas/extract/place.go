package extract

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// place is a YAML node together with the file it was read from, which a
// relative $ref and an error message both need. Without a node it is a place that
// was looked for and is not there.
type place struct {
	file string
	node *yaml.Node
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	value place
}

// badInput is what the functions of this package panic with where the input is
// not understood; Extract returns it as its error.
type badInput struct{ error }

// fail ends the extraction with an error that starts with file and line.
func (p place) fail(format string, args ...any) {
	panic(badInput{fmt.Errorf("%s:%d: "+format, append([]any{p.file, p.node.Line}, args...)...)})
}

func (p place) found() bool { return p.node != nil }

// entries returns the keys of a mapping in the order of the file. Keys are
// compared as text, so the status 200 is the same key with and without quotes.
func (p place) entries() []entry {
	p.expect(yaml.MappingNode, "a mapping")
	var list []entry
	seen := map[string]bool{}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key := place{p.file, p.node.Content[i]}
		key.expect(yaml.ScalarNode, "a plain key")
		if seen[key.node.Value] {
			key.fail("the key %q appears twice", key.node.Value)
		}
		seen[key.node.Value] = true
		list = append(list, entry{key.node.Value, place{p.file, p.node.Content[i+1]}})
	}
	return list
}

// find descends through nested mappings.
func (p place) find(keys ...string) place {
	for _, key := range keys {
		var next place
		for _, e := range p.entries() {
			if e.key == key {
				next = e.value
			}
		}
		if !next.found() {
			return place{}
		}
		p = next
	}
	return p
}

// items returns the elements of a sequence.
func (p place) items() []place {
	p.expect(yaml.SequenceNode, "a list")
	var list []place
	for _, node := range p.node.Content {
		list = append(list, place{p.file, node})
	}
	return list
}

// text returns the value of a mapping's key as a string, empty if it is absent.
func (p place) text(key string) string {
	value := p.find(key)
	if !value.found() {
		return ""
	}
	value.expect(yaml.ScalarNode, "a string")
	return value.node.Value
}

// boolean returns the value of a mapping's key as a bool, false if it is absent.
func (p place) boolean(key string) (b bool) {
	if value := p.find(key); value.found() && value.node.Decode(&b) != nil {
		value.fail("%s: want true or false", key)
	}
	return b
}

// plain converts a node to the JSON value it stands for. YAML's own types
// (dates above all) stay the text they were written as.
func (p place) plain() any {
	switch p.node.Kind {
	case yaml.MappingNode:
		object := map[string]any{}
		for _, e := range p.entries() {
			object[e.key] = e.value.plain()
		}
		return object
	case yaml.SequenceNode:
		array := []any{}
		for _, item := range p.items() {
			array = append(array, item.plain())
		}
		return array
	}
	p.expect(yaml.ScalarNode, "a value")
	switch p.node.ShortTag() {
	case "!!null", "!!bool", "!!int", "!!float":
		var value any
		if err := p.node.Decode(&value); err != nil {
			p.fail("%q: %w", p.node.Value, err)
		}
		return value
	}
	return p.node.Value
}

// expect refuses nodes of another kind. Aliases are refused everywhere: the
// specification uses none, and they can form loops.
func (p place) expect(kind yaml.Kind, what string) {
	if p.node.Kind != kind {
		kinds := map[yaml.Kind]string{yaml.MappingNode: "mapping", yaml.SequenceNode: "list", yaml.ScalarNode: "plain value", yaml.AliasNode: "YAML alias"}
		p.fail("want %s, got a %s", what, kinds[p.node.Kind])
	}
}
