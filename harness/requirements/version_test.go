package requirements

import (
	"strings"
	"testing"
)

func TestAdvertises(t *testing.T) {
	for _, c := range []struct {
		advertised []string
		version    string
		want       bool
	}{
		{[]string{"v1.6"}, "v1.6", true},
		{[]string{"r0.6.1", "v1.1", "v1.12"}, "v1.6", true},
		{[]string{"v1.5"}, "v1.6", false},
		{[]string{"v1.9"}, "v1.10", false}, // numbers, not strings
		{[]string{"v1.10"}, "v1.9", true},
		{[]string{"r0.6.1"}, "v1.1", false},
		{nil, "v1.1", false},
		{[]string{"1.6", "v1.x", "v1.06", "v1.6.1", "v2.9", "v1.+9"}, "v1.1", false},
		{[]string{"v1.6"}, "1.6", false},
		{[]string{"v1.6"}, "v1.0", false}, // there was none
	} {
		if got := Advertises(c.advertised, c.version); got != c.want {
			t.Errorf("Advertises(%v, %s): expected %v, got %v", c.advertised, c.version, c.want, got)
		}
	}
}

func TestAppliesTo(t *testing.T) {
	for name, c := range map[string]struct {
		since, until string
		advertised   []string
		want         bool
		reason       string
	}{
		"from the start":          {"v1.1", "", []string{"v1.1"}, true, ""},
		"one below since":         {"v1.13", "", []string{"v1.1", "v1.12"}, false, "asserted from v1.13 on; the server advertises v1.12 at most"},
		"at since":                {"v1.13", "", []string{"v1.12", "v1.13"}, true, ""},
		"at until":                {"v1.1", "v1.19", []string{"v1.19"}, true, ""},
		"past until, older kept":  {"v1.1", "v1.19", []string{"v1.19", "v1.20"}, true, ""},
		"past until alone":        {"v1.1", "v1.19", []string{"v1.21", "v1.20", "r0.6.1"}, false, "asserted up to v1.19 only; the server advertises nothing older than v1.20"},
		"no version of that form": {"v1.1", "", []string{"r0.6.1"}, false, "the server advertises no version of the form v1.N"},
		"nothing is advertised":   {"v1.1", "v1.19", nil, false, "the server advertises no version of the form v1.N"},
		"v2 is out of scope":      {"v1.2", "", []string{"v1.1", "v2.0"}, false, "asserted from v1.2 on; the server advertises v1.1 at most"},
	} {
		t.Run(name, func(t *testing.T) {
			ok, reason := Entry{Since: c.since, Until: c.until}.AppliesTo(c.advertised)
			if ok != c.want || reason != c.reason {
				t.Errorf("expected %v, %q; got %v, %q", c.want, c.reason, ok, reason)
			}
		})
	}
}

func TestHalfHasAGateOfItsOwn(t *testing.T) {
	entry, found := Lookup("email-012-invalid-address")
	if !found || entry.Strictly == nil {
		t.Fatal("email-012-invalid-address has no second half")
	}
	advertised := []string{"v1.12"}
	if ok, reason := entry.AppliesTo(advertised); !ok {
		t.Errorf("the first half: expected it to apply, got %q", reason)
	}
	if ok, reason := entry.Strictly.AppliesTo(advertised); ok || !strings.Contains(reason, "v1.13") {
		t.Errorf("the second half: expected it to wait for v1.13, got %v, %q", ok, reason)
	}
	if ok, reason := entry.Strictly.AppliesTo([]string{"v1.13"}); !ok {
		t.Errorf("the second half at v1.13: expected it to apply, got %q", reason)
	}
}

func TestURL(t *testing.T) {
	entry := Entry{Since: "v1.12", Link: "client-server-api/#account-locking"}
	for asked, want := range map[string]string{
		"v1.19":  "https://spec.matrix.org/v1.19/client-server-api/#account-locking",
		"v1.6":   "https://spec.matrix.org/v1.12/client-server-api/#account-locking",
		"latest": "https://spec.matrix.org/latest/client-server-api/#account-locking",
	} {
		if got := entry.URL(asked); got != want {
			t.Errorf("URL(%s): expected %s, got %s", asked, want, got)
		}
	}
	get, _ := Lookup("get-001-200-schema")
	if got, want := get.URL("v1.6"), "https://spec.matrix.org/v1.6/client-server-api/#get_matrixclientv3account3pid"; got != want {
		t.Errorf("expected %s, got %s", want, got)
	}
}
