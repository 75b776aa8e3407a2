package config

import (
	"go/types"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// A setting that nothing reads promises what the suite does not do.
func TestEverySettingHasAReader(t *testing.T) {
	const ours = "threepid-conformance/harness/config"
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports,
	}, "threepid-conformance/harness/...", "threepid-conformance/fixtures/...", "threepid-conformance/suites/...")
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]bool{}
	for _, pkg := range loaded {
		for expression, selection := range pkg.TypesInfo.Selections {
			if pkg.PkgPath != ours {
				read[name(selection.Recv())+"."+expression.Sel.Name] = true
			}
		}
	}
	read["Config.TimeoutFactor"] = read["Config.Scale"]
	for _, structure := range []any{Config{}, Users{}, Account{}, Capabilities{}, Mail{}, IdentityServer{}, Images{}} {
		kind := reflect.TypeOf(structure)
		for field := range kind.Fields() {
			if setting := kind.Name() + "." + field.Name; field.IsExported() && !read[setting] {
				t.Errorf("nothing outside this package reads %s", setting)
			}
		}
	}
}

// name is that of a type without its package.
func name(t types.Type) string {
	full := strings.TrimPrefix(t.String(), "*")
	return full[strings.LastIndex(full, ".")+1:]
}
