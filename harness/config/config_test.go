package config

import (
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// load runs Load in a folder of its own with the given file and arguments.
func load(t *testing.T, file string, args ...string) (Config, string, error) {
	t.Helper()
	dir := t.TempDir()
	if file != "" {
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	below := filepath.Join(dir, "a", "b")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Chdir(below)
	set := flag.NewFlagSet("test", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	f := AddFlags(set)
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	c, err := f.Load()
	return c, dir, err
}

func TestLaterSourcesWin(t *testing.T) {
	t.Setenv("CONFORMANCE_TIMEOUT_FACTOR", "3")
	t.Setenv("CONFORMANCE_MAIL_DOMAIN", "env.example")
	c, dir, err := load(t, "timeout_factor: 2\nstrict: true\nmail: {domain: file.example}\nexclude: {a: one}\n",
		"--mail-domain=flag.example", "--exclude", "b=two, and more", "--exclude", "c=three")
	if err != nil {
		t.Fatal(err)
	}
	if c.TimeoutFactor != 3 || !c.Strict || c.Mail.Domain != "flag.example" {
		t.Errorf("got %+v", c)
	}
	if len(c.Exclude) != 2 || c.Exclude["b"] != "two, and more" || c.Exclude["c"] != "three" {
		t.Errorf("flags did not replace the file's map: %v", c.Exclude)
	}
	if got := c.Path("results"); got != filepath.Join(dir, "results") {
		t.Errorf("a relative path counts from %s, want the folder of %s", got, FileName)
	}
}

func TestWithoutFileOrModulePathsCountFromHere(t *testing.T) {
	c, dir, err := load(t, "")
	if got := c.Path("results"); err != nil || got != filepath.Join(dir, "a", "b", "results") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestBadValuesAreOneSentence(t *testing.T) {
	cases := []struct{ name, file, arg, says string }{
		{"unknown key", "urll: x", "", "urll"},
		{"key given twice", "strict: true\nstrict: false", "", "strict"},
		{"malformed YAML", "url: [", "", "not a valid configuration"},
		{"wrong type", "timeout_factor: soon", "", "soon"},
		{"no URL", "", "--url=localhost:8008", "such as http://"},
		{"URL with a query", "", "--url=http://h/?a=b", "base URL alone"},
		{"choice", "", "--users-registration=maybe", "shared-secret"},
		{"capability", "", "--capabilities-mail=perhaps", "yes, no, auto"},
		{"number", "", "--timeout-factor=fast", "fast"},
		{"factor zero", "", "--timeout-factor=0", "above 0"},
		{"map", "", "--target-option=rootfs", "key=value"},
		{"require", "", "--require=telepathy", "identity-server"},
		{"sidecars", "", "--sidecars=docker", "embedded, containers, external"},
		{"external without Mailpit", "", "--sidecars=external", "mail.mailpit_url is needed"},
		{"identity listener", "", "--identity-server-listen=8443", "such as 127.0.0.1:8443"},
		{"listeners apart", "", "--identity-server-listen=0.0.0.0:8443", "the same IP address"},
		{"no image", "", "--images-mailpit=", "neither may be empty"},
		{"variants without url", "", "--variant-url=no-mail=http://h", "needs url"},
		{"token missing", "", "--users-registration=token", "registration_token is needed"},
		{"account", "users: {registration: given, accounts: [{user_id: alice}]}", "", "full user ID"},
		{"account without secret", "users: {registration: given, accounts: [{user_id: '@a:b'}]}", "", "neither password nor access_token"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			var args []string
			if c.arg != "" {
				args = append(args, c.arg)
			}
			_, _, err := load(t, c.file, args...)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("got %v, want a sentence with %q", err, c.says)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestArgumentsRepeatTheRunWithoutSecrets(t *testing.T) {
	c, _, err := load(t, "", "--url=http://h:1", "--users-registration=token", "--users-registration-token=s3cret-token", "--strict")
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(c.Arguments(), " ")
	if got != "--url=http://h:1 --users-registration=token --strict=true" {
		t.Errorf("got %s", got)
	}
	if len(c.Secrets()) != 1 || c.Secrets()[0] != "s3cret-token" {
		t.Errorf("secrets: %v", c.Secrets())
	}
}

func TestUnknownEnvironmentVariables(t *testing.T) {
	t.Setenv("CONFORMANCE_STRIKT", "true")
	if _, _, err := load(t, ""); err == nil || !strings.Contains(err.Error(), "CONFORMANCE_STRIKT") {
		t.Errorf("got %v", err)
	}
}

func TestAKeyWithoutAValueIsNotGiven(t *testing.T) {
	c, _, err := load(t, "results:\nmail:\n  # domain: example.net\n")
	if err != nil || c.Results != "results" || c.Mail.Domain != "example.org" {
		t.Errorf("got %+v, %v", c, err)
	}
}
