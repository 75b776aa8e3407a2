package masking

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
)

const canary = "syt_Canary/Secret+=_-9xYz&<q>"

func TestEveryFormIsMasked(t *testing.T) {
	m := New("")
	name := m.Register("access_token", canary)
	quoted, _ := json.Marshal(canary)
	texts := map[string]string{
		"plain":         "before " + canary + " after",
		"json":          string(quoted),
		"slash escaped": strings.ReplaceAll(string(quoted), "/", `\/`),
		"query":         "x=" + url.QueryEscape(canary),
		"path":          "/" + url.PathEscape(canary),
		"lower percent": strings.ToLower(url.QueryEscape("/+=")) + lowerEscapes(url.QueryEscape(canary)),
	}
	for n := range 4 {
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.URLEncoding, base64.RawStdEncoding} {
			texts[fmt.Sprintf("base64 %d %p", n, enc)] = enc.EncodeToString([]byte(strings.Repeat("x", n) + canary + "tail"))
		}
	}
	for kind, text := range texts {
		masked := m.Mask(text)
		if !strings.Contains(masked, name) {
			t.Errorf("%s: %q was not masked: %q", kind, text, masked)
		}
	}
}

func TestNamesKeepEquality(t *testing.T) {
	m := New("2.")
	first, second := m.Register("password", "correct horse"), m.Register("password", "battery staple")
	if first == second || first != m.Register("other", "correct horse") {
		t.Fatalf("names do not follow the values: %q, %q", first, second)
	}
	if first != "<password 2.1>" {
		t.Errorf("the process prefix is not part of the name: %q", first)
	}
	if got := m.Mask("correct horse, battery staple"); got != first+", "+second {
		t.Errorf("masked as %q", got)
	}
}

func TestLongestSecretWins(t *testing.T) {
	m := New("")
	m.Register("token", "abcdefgh")
	long := m.Register("token", "abcdefghijkl")
	if got := m.Mask("abcdefghijkl"); got != long {
		t.Errorf("a secret that begins with another one was masked as %q", got)
	}
}

func TestFieldsMaskShortAndUnseenValues(t *testing.T) {
	m := New("")
	got := m.Fields(`{"sid":"s1","client_secret":"0","auth":{"password" : "p\"w"},"client_secret_not":"x","token":7}`)
	want := `{"sid":"s1","client_secret":"<client_secret 1>","auth":{"password" : "<password 1>"},"client_secret_not":"x","token":7}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if got := m.Fields(`{"access_token":"cut off wi`); !strings.Contains(got, "cut off") {
		t.Errorf("an unfinished value is not ours to replace: %s", got)
	}
}

func TestURLAndHeader(t *testing.T) {
	m := New("")
	got := m.URL("http://hs/v?token=abc%3Ddef&sid=s&client_secret=.#top")
	if got != "http://hs/v?token=<token 1>&sid=s&client_secret=<client_secret 1>#top" {
		t.Errorf("URL masked as %s", got)
	}
	if got := m.Mask("seen later: abc=def"); got != "seen later: <token 1>" {
		t.Errorf("a token seen in a URL is not known afterwards: %s", got)
	}
	if got := m.Header("Authorization", "Bearer tok-123456"); got != "Bearer <access_token 1>" {
		t.Errorf("Authorization masked as %s", got)
	}
	if got := m.Header("X-Echo", "tok-123456"); got != "<access_token 1>" {
		t.Errorf("echoed token masked as %s", got)
	}
}

// What JSON encoders other than Go's write, and a body that is quoted in an error.
func TestJSONOfOtherEncodersIsMasked(t *testing.T) {
	m := New("")
	m.Register("password", `Canaryö&pass`)
	m.Register("token", `Canary/tok+en="x"&<1>`)
	for _, text := range []string{
		`Canary/tok+en=\"x\"&<1>`, // without escapes of HTML, as most do
		`Canary\/tok+en=\"x\"&<1>`,
		`Canary\u00f6&pass`, // Python's default
		`Canary\u00F6&pass`,
		`{"error":"bad body {\"token\":\"Canary/tok+en=\\\"x\\\"&<1>\"}"}`,
		`{"error":"bad body {\"token\":\"Canary/tok+en=\\\"x\\\"\\u0026\\u003c1\\u003e\"}"}`,
		`{"error":"bad body {\"token\":\"Canary\\/tok+en=\\\"x\\\"&<1>\"}"}`,
	} {
		if got := m.Mask(text); strings.Contains(got, "Canary") {
			t.Errorf("not hidden: %s", got)
		}
	}
}

// A failure's message holds exchanges that are masked already; masking it once
// more keeps the names.
func TestNamesAreNoSecrets(t *testing.T) {
	m := New("")
	once := m.Mask(m.Fields(`{"client_secret":"abcdefgh"}`))
	if twice := m.Mask(m.Fields(once)); twice != once {
		t.Errorf("%s becomes %s", once, twice)
	}
}

func FuzzMask(f *testing.F) {
	f.Add("secret-value", "a secret-value b")
	f.Add("\xff\xfe\xfd\xfc\xfb\xfa", "\xff\xfe")
	f.Fuzz(func(t *testing.T, secret, text string) {
		m := New("")
		m.Register("token", secret)
		masked := m.Mask(text)
		if len(secret) >= MinLength && !strings.Contains("<token 1>", secret) && strings.Contains(masked, secret) {
			t.Errorf("%q survives in %q", secret, masked)
		}
		m.Fields(text)
		m.URL(text)
		m.Header("Authorization", text)
	})
}
