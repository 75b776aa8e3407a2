package config

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// A leaf is one setting: a field of Config or of a struct in it.
type leaf struct {
	key    string // users.registration
	env    string // CONFORMANCE_USERS_REGISTRATION
	flag   string // users-registration
	help   string
	takes  []string // the values that are allowed; nil for any
	secret bool
	value  reflect.Value
}

// leaves lists the settings of c in the order of the struct. Fields without help
// exist in the file only.
func leaves(c *Config) []leaf { return collect(reflect.ValueOf(c).Elem(), "") }

func collect(v reflect.Value, prefix string) []leaf {
	var found []leaf
	for i := range v.NumField() {
		field := v.Type().Field(i)
		key := prefix + field.Tag.Get("yaml")
		if field.Type.Kind() == reflect.Struct {
			found = append(found, collect(v.Field(i), key+".")...)
			continue
		}
		l := leaf{key: key, help: field.Tag.Get("help"), flag: field.Tag.Get("name"), value: v.Field(i)}
		if l.help == "" {
			continue
		}
		l.env = "CONFORMANCE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		if l.flag == "" || prefix != "" {
			l.flag = strings.NewReplacer(".", "-", "_", "-").Replace(key)
		}
		if takes, ok := field.Tag.Lookup("takes"); ok {
			l.takes = strings.Split(takes, ",")
		}
		_, l.secret = field.Tag.Lookup("secret")
		found = append(found, l)
	}
	return found
}

func byFlag() map[string]leaf {
	found := map[string]leaf{}
	for _, l := range leaves(&Config{}) {
		found[l.flag] = l
	}
	return found
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

// options have kong read lists and maps as the settings write them. A repeated
// flag adds to both.
var options = []kong.Option{
	kong.Vars{"version": Version},
	kong.NamedMapper("list", kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		items, err := popList(ctx)
		target.Set(reflect.AppendSlice(target, reflect.ValueOf(items)))
		return err
	})),
	kong.TypeMapper(reflect.TypeFor[map[string]string](), kong.MapperFunc(func(ctx *kong.DecodeContext, target reflect.Value) error {
		items, err := popList(ctx)
		if err != nil {
			return err
		}
		if target.IsNil() {
			target.Set(reflect.ValueOf(map[string]string{}))
		}
		pairs, last := target.Interface().(map[string]string), ""
		for _, item := range items {
			key, value, ok := strings.Cut(item, "=")
			switch {
			case ok && key != "":
				pairs[key], last = value, key
			case !ok && last != "": // the comma belongs to the value before
				pairs[last] += ", " + item
			default:
				return fmt.Errorf("%q is no pair; write key=value", item)
			}
		}
		return nil
	})),
}

// popList takes a value from the command line and splits it at its commas.
func popList(ctx *kong.DecodeContext) ([]string, error) {
	var text string
	if err := ctx.Scan.PopValueInto("list", &text); err != nil {
		return nil, errors.New("a value is missing after it")
	}
	var items []string
	for item := range strings.SplitSeq(text, ",") {
		items = append(items, strings.TrimSpace(item))
	}
	return nonEmpty(items), nil
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
