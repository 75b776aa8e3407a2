package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A leaf is one setting: a field of Config or of a struct in it.
type leaf struct {
	path   string // users.registration
	env    string // CONFORMANCE_USERS_REGISTRATION
	flag   string // users-registration
	doc    string
	secret bool
	value  reflect.Value
}

// leaves lists the settings of c in the order of the struct. Fields without a
// doc tag exist in the file only.
func leaves(c *Config) []leaf {
	return collect(reflect.ValueOf(c).Elem(), "")
}

func collect(v reflect.Value, prefix string) []leaf {
	var found []leaf
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := field.Tag.Get("yaml")
		if key == "" {
			continue
		}
		path := prefix + key
		if field.Type.Kind() == reflect.Struct {
			found = append(found, collect(v.Field(i), path+".")...)
			continue
		}
		doc := field.Tag.Get("doc")
		if doc == "" {
			continue
		}
		name := strings.NewReplacer(".", "-", "_", "-").Replace(path)
		if special := field.Tag.Get("flag"); special != "" {
			name = special
		}
		found = append(found, leaf{
			path:   path,
			env:    "CONFORMANCE_" + strings.ToUpper(strings.ReplaceAll(path, ".", "_")),
			flag:   name,
			doc:    doc,
			secret: field.Tag.Get("secret") != "",
			value:  v.Field(i),
		})
	}
	return found
}

func (l leaf) isBool() bool { return l.value.Kind() == reflect.Bool }

// clear empties a list or map, so that flags replace what the file said.
func (l leaf) clear() {
	if k := l.value.Kind(); k == reflect.Slice || k == reflect.Map {
		l.value.SetZero()
	}
}

// Set parses text into the setting; lists and maps gain elements.
func (l leaf) Set(text string) error {
	switch l.value.Kind() {
	case reflect.String:
		l.value.SetString(text)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("%s is %q; it takes true or false", l.path, text)
		}
		l.value.SetBool(b)
	case reflect.Float64:
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("%s is %q; it takes a number", l.path, text)
		}
		l.value.SetFloat(n)
	case reflect.Slice:
		for _, item := range splitList(text) {
			l.value.Set(reflect.Append(l.value, reflect.ValueOf(item)))
		}
	case reflect.Map:
		if l.value.IsNil() {
			l.value.Set(reflect.MakeMap(l.value.Type()))
		}
		last := reflect.Value{}
		for _, item := range splitList(text) {
			key, value, ok := strings.Cut(item, "=")
			switch {
			case ok && key != "":
				last = reflect.ValueOf(key)
			case !ok && last.IsValid(): // the comma belongs to the value before
				value = l.value.MapIndex(last).String() + ", " + item
			default:
				return fmt.Errorf("%s has %q; write key=value", l.path, item)
			}
			l.value.SetMapIndex(last, reflect.ValueOf(value))
		}
	default:
		panic("config: no way to set a " + l.value.Kind().String())
	}
	return nil
}

// String shows the setting as a flag would be written; "" is the zero value.
func (l leaf) String() string {
	switch v := l.value.Interface().(type) {
	case []string:
		return strings.Join(v, ",")
	case map[string]string:
		var items []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			items = append(items, key+"="+v[key])
		}
		return strings.Join(items, ",")
	default:
		return fmt.Sprint(v)
	}
}

func splitList(text string) []string {
	var items []string
	for _, item := range strings.Split(text, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// Arguments returns the settings that differ from the defaults as flags, for a
// command line that repeats this run. Secrets are left out.
func (c Config) Arguments() []string {
	defaults := Default()
	before := leaves(&defaults)
	var args []string
	for i, l := range leaves(&c) {
		if text := l.String(); text != before[i].String() && !l.secret {
			args = append(args, "--"+l.flag+"="+text)
		}
	}
	return args
}

// Secrets returns the values that must never be shown.
func (c Config) Secrets() []string {
	var found []string
	for _, l := range leaves(&c) {
		if l.secret {
			found = append(found, l.String())
		}
	}
	for _, a := range c.Users.Accounts {
		found = append(found, a.Password, a.AccessToken)
	}
	return nonEmpty(found)
}
