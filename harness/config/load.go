package config

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"
)

// FileName is the configuration file that is looked for from the current
// folder upwards, unless CONFORMANCE_CONFIG names another one.
const FileName = "conformance.yaml"

// Flags registers a flag for every leaf of the configuration and remembers
// which were given. Call [Flags.Load] after the set has been parsed.
type Flags struct {
	given []assignment
}

type assignment struct{ flag, path, value string }

// AddFlags registers the configuration's flags.
func AddFlags(set *flag.FlagSet) *Flags {
	f := &Flags{}
	defaults := Default()
	for _, l := range leaves(&defaults) {
		record := func(value string) error {
			f.given = append(f.given, assignment{l.flag, l.path, value})
			return nil
		}
		usage := l.doc
		if text := l.String(); text != "" && text != "false" {
			usage += " (default " + text + ")"
		}
		if l.isBool() {
			set.BoolFunc(l.flag, usage, record)
		} else {
			set.Func(l.flag, usage, record)
		}
	}
	return f
}

// Load reads file, environment and flags, in this order, over the defaults, and
// checks the result. Its errors are one sentence for the user.
func (f *Flags) Load() (Config, error) {
	c := Default()
	file, base := locate()
	c.base = base
	if file != "" {
		if err := c.readFile(file); err != nil {
			return Config{}, err
		}
	}
	for _, l := range leaves(&c) {
		if value, set := os.LookupEnv(l.env); set {
			if err := l.Set(value); err != nil {
				return Config{}, fmt.Errorf("the environment variable %s is wrong: %w", l.env, err)
			}
		}
	}
	if err := f.apply(&c); err != nil {
		return Config{}, err
	}
	if err := c.Check(); err != nil {
		return Config{}, err
	}
	return c, nil
}

// apply sets the leaves given as flags. A repeated flag adds to lists and maps.
func (f *Flags) apply(c *Config) error {
	byPath := map[string]leaf{}
	for _, l := range leaves(c) {
		byPath[l.path] = l
	}
	touched := map[string]bool{}
	for _, a := range f.given {
		l := byPath[a.path]
		if !touched[a.path] {
			l.clear()
			touched[a.path] = true
		}
		if err := l.Set(a.value); err != nil {
			return fmt.Errorf("the flag --%s is wrong: %w", a.flag, err)
		}
	}
	return nil
}

// locate finds the configuration file and the folder that relative paths count
// from: the nearest one upwards with a conformance.yaml or a go.mod, else where
// the user stands.
func locate() (file, base string) {
	here, err := os.Getwd()
	if err != nil {
		here = "."
	}
	base = here
	for dir := here; ; dir = filepath.Dir(dir) {
		if candidate := filepath.Join(dir, FileName); exists(candidate) {
			file, base = candidate, dir
			break
		}
		if exists(filepath.Join(dir, "go.mod")) {
			base = dir
			break
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if named := os.Getenv("CONFORMANCE_CONFIG"); named != "" {
		file = resolve(base, named)
	}
	return file, base
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (c *Config) readFile(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("the configuration cannot be read: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	if err := dec.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("%s is not a valid configuration: %s", path, strings.Join(strings.Fields(err.Error()), " "))
	}
	return nil
}

// Path resolves a path that a user wrote.
func (c Config) Path(p string) string { return resolve(c.base, p) }

func resolve(base, p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}
