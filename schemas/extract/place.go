package extract

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// place is a YAML node together with the file it was read from, which a
// relative $ref and an error message both need.
type place struct {
	file string
	node *yaml.Node
}

// entry is one key of a mapping with its value.
type entry struct {
	key   string
	value place
}

// errorf makes an error that starts with file and line.
func (p place) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: "+format, append([]any{p.file, p.node.Line}, args...)...)
}

// entries returns the keys of a mapping in the order of the file. Keys are
// compared as text, so the status 200 is the same key with and without quotes.
func (p place) entries() ([]entry, error) {
	if p.node.Kind != yaml.MappingNode {
		return nil, p.errorf("want a mapping, got a %s", kindName(p.node))
	}
	list := make([]entry, 0, len(p.node.Content)/2)
	seen := map[string]bool{}
	for i := 0; i+1 < len(p.node.Content); i += 2 {
		key := place{p.file, p.node.Content[i]}
		if key.node.Kind != yaml.ScalarNode {
			return nil, key.errorf("want a plain key, got a %s", kindName(key.node))
		}
		if seen[key.node.Value] {
			return nil, key.errorf("the key %q appears twice", key.node.Value)
		}
		seen[key.node.Value] = true
		list = append(list, entry{key.node.Value, place{p.file, p.node.Content[i+1]}})
	}
	return list, nil
}

// get returns the value of a mapping's key.
func (p place) get(key string) (value place, found bool, err error) {
	list, err := p.entries()
	if err != nil {
		return place{}, false, err
	}
	for _, e := range list {
		if e.key == key {
			return e.value, true, nil
		}
	}
	return place{}, false, nil
}

// find descends through nested mappings; a key that is not there ends the
// search without an error.
func (p place) find(keys ...string) (value place, found bool, err error) {
	for _, key := range keys {
		if p, found, err = p.get(key); err != nil || !found {
			return place{}, false, err
		}
	}
	return p, true, nil
}

// items returns the elements of a sequence.
func (p place) items() ([]place, error) {
	if p.node.Kind != yaml.SequenceNode {
		return nil, p.errorf("want a list, got a %s", kindName(p.node))
	}
	list := make([]place, 0, len(p.node.Content))
	for _, node := range p.node.Content {
		list = append(list, place{p.file, node})
	}
	return list, nil
}

// text returns the value of a mapping's key as a string, empty if it is absent.
func (p place) text(key string) (string, error) {
	value, found, err := p.get(key)
	if err != nil || !found {
		return "", err
	}
	if value.node.Kind != yaml.ScalarNode {
		return "", value.errorf("%s: want a string, got a %s", key, kindName(value.node))
	}
	return value.node.Value, nil
}

// boolean returns the value of a mapping's key as a bool, false if it is absent.
func (p place) boolean(key string) (bool, error) {
	value, found, err := p.get(key)
	if err != nil || !found {
		return false, err
	}
	var b bool
	if err := value.node.Decode(&b); err != nil {
		return false, value.errorf("%s: want true or false", key)
	}
	return b, nil
}

// plain converts a node to the JSON value it stands for. YAML's own types
// (dates above all) stay the text they were written as.
func (p place) plain() (any, error) {
	switch p.node.Kind {
	case yaml.MappingNode:
		list, err := p.entries()
		if err != nil {
			return nil, err
		}
		object := make(map[string]any, len(list))
		for _, e := range list {
			if object[e.key], err = e.value.plain(); err != nil {
				return nil, err
			}
		}
		return object, nil
	case yaml.SequenceNode:
		list, err := p.items()
		if err != nil {
			return nil, err
		}
		array := make([]any, len(list))
		for i, item := range list {
			if array[i], err = item.plain(); err != nil {
				return nil, err
			}
		}
		return array, nil
	case yaml.ScalarNode:
		switch p.node.ShortTag() {
		case "!!null", "!!bool", "!!int", "!!float":
			var value any
			if err := p.node.Decode(&value); err != nil {
				return nil, p.errorf("%q: %w", p.node.Value, err)
			}
			return value, nil
		}
		return p.node.Value, nil
	}
	return nil, p.errorf("want a value, got a %s", kindName(p.node))
}

// kindName names a node's kind for an error message. Aliases are refused
// everywhere: the specification uses none, and they can form loops.
func kindName(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "mapping"
	case yaml.SequenceNode:
		return "list"
	case yaml.ScalarNode:
		return fmt.Sprintf("plain value %q", node.Value)
	case yaml.AliasNode:
		return "YAML alias"
	}
	return "document"
}
