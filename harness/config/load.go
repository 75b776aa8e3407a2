package config

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	yamlparser "github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/rawbytes"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// FileName is the configuration file that is looked for from the current
// folder upwards, unless CONFORMANCE_CONFIG names another one.
const FileName = "conformance.yaml"

// reserved are environment variables that are no settings: the name of the
// file, and the folder in which the scripts in .ci keep what they make.
var reserved = []string{"CONFORMANCE_CONFIG", "CONFORMANCE_CACHE"}

// Default is the configuration without file, environment and flags.
func Default() Config {
	var c Config
	parser := kong.Must(&c, options...)
	if _, err := parser.Parse(nil); err != nil {
		panic(err) // the defaults stand in the struct
	}
	return c
}

// Parser makes the parser of a command line in whose grammar Config is embedded.
// The environment counts where a flag is not given.
func Parser(grammar any, more ...kong.Option) *kong.Kong {
	settings := byFlag()
	addEnvironment := kong.PostBuild(func(k *kong.Kong) error {
		return kong.Visit(k.Model.Node, func(node kong.Visitable, next kong.Next) error {
			if f, ok := node.(*kong.Flag); ok {
				if l, known := settings[f.Name]; known {
					f.Envs = []string{l.env}
					f.Tag.Envs = f.Envs
				}
			}
			return next(nil)
		})
	})
	return kong.Must(grammar, slices.Concat(options, []kong.Option{addEnvironment}, more)...)
}

// From is the configuration that file, environment and a parsed command line
// put, in this order, over the defaults. Its errors are one sentence for the
// user.
func From(line *kong.Context) (Config, error) {
	k := koanf.New(".")
	if err := k.Load(structs.Provider(Default(), "yaml"), nil); err != nil {
		return Config{}, err
	}
	file, base := locate()
	if file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return Config{}, fmt.Errorf("the configuration cannot be read: %w", err)
		}
		if err := k.Load(rawbytes.Provider(text), strictYAML{yamlparser.Parser()}); err != nil {
			return Config{}, fmt.Errorf("%s is not a valid configuration: %s", file, strings.Join(strings.Fields(err.Error()), " "))
		}
	}
	given, err := givenBy(line)
	if err != nil {
		return Config{}, err
	}
	if err := k.Load(confmap.Provider(given, "."), nil); err != nil {
		return Config{}, err
	}
	c := Config{base: base}
	if err := k.UnmarshalWithConf("", &c, koanf.UnmarshalConf{Tag: "yaml"}); err != nil {
		return Config{}, err
	}
	return c, c.check()
}

// givenBy returns the settings, by key, that environment and command line hold.
func givenBy(line *kong.Context) (map[string]any, error) {
	settings := byFlag()
	known := slices.Clone(reserved)
	given := map[string]bool{}
	for name, l := range settings {
		known = append(known, l.env)
		_, given[name] = os.LookupEnv(l.env)
	}
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if strings.HasPrefix(name, "CONFORMANCE_") && !slices.Contains(known, name) {
			return nil, fmt.Errorf("the environment variable %s is no setting; harness/config/SETTINGS.md lists them", name)
		}
	}
	for _, part := range line.Path {
		if part.Flag != nil {
			given[part.Flag.Name] = true
		}
	}
	values := map[string]any{}
	for _, f := range line.Flags() {
		if l, known := settings[f.Name]; known && given[f.Name] {
			values[l.key] = f.Target.Interface()
		}
	}
	return values, nil
}

// strictYAML reads conformance.yaml: a key that is no setting, a key given twice
// and a value of another type are errors that name the line. A key without a
// value is not given.
type strictYAML struct{ *yamlparser.YAML }

func (s strictYAML) Unmarshal(text []byte) (map[string]any, error) {
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&Config{}); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	values, err := s.YAML.Unmarshal(text)
	dropEmpty(values)
	return values, err
}

func dropEmpty(values map[string]any) {
	maps.DeleteFunc(values, func(_ string, value any) bool {
		if below, ok := value.(map[string]any); ok {
			dropEmpty(below)
		}
		return value == nil
	})
}

// Flags are the settings as flags of a program with a flag set of the standard
// library, such as a test binary.
type Flags struct{ given []string }

// AddFlags registers the configuration's flags.
func AddFlags(set *flag.FlagSet) *Flags {
	f := &Flags{}
	for _, l := range Parser(&Config{}, kong.NoDefaultHelp()).Model.Flags {
		record := func(value string) error {
			f.given = append(f.given, "--"+l.Name+"="+value)
			return nil
		}
		usage := kong.DefaultHelpValueFormatter(l.Value)
		if l.IsBool() {
			set.BoolFunc(l.Name, usage, record)
		} else {
			set.Func(l.Name, usage, record)
		}
	}
	return f
}

// Load is [From] for what the set has parsed.
func (f *Flags) Load() (Config, error) {
	line, err := Parser(&Config{}).Parse(f.given)
	if err != nil {
		return Config{}, err
	}
	return From(line)
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

// Path resolves a path that a user wrote.
func (c Config) Path(p string) string { return resolve(c.base, p) }

func resolve(base, p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(base, p)
}
