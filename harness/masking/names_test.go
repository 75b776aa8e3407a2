package masking

import "testing"

// A failure's message holds exchanges that are masked already; masking it once
// more keeps the names.
func TestNamesAreNoSecrets(t *testing.T) {
	m := New("")
	once := m.Mask(m.Fields(`{"client_secret":"abcdefgh"}`))
	if twice := m.Mask(m.Fields(once)); twice != once {
		t.Errorf("%s becomes %s", once, twice)
	}
}

// An answer may quote the request's body in its error.
func TestSecretsInAQuotedBodyAreHidden(t *testing.T) {
	m := New("")
	m.Register("token", `Canary/tok+en="x"&<1>`)
	for _, text := range []string{
		`{"error":"bad body {\"token\":\"Canary/tok+en=\\\"x\\\"&<1>\"}"}`,
		`{"error":"bad body {\"token\":\"Canary/tok+en=\\\"x\\\"\\u0026\\u003c1\\u003e\"}"}`,
		`{"error":"bad body {\"token\":\"Canary\\/tok+en=\\\"x\\\"&<1>\"}"}`,
	} {
		if got := m.Mask(text); got == text {
			t.Errorf("not hidden: %s", got)
		}
	}
}
