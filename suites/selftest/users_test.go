package selftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"threepid-conformance/harness/verdict"
)

// The suite gets its accounts in the way the user says, and gives no secret of
// theirs away.
func TestAccountsComeFromWhereTheUserSays(t *testing.T) {
	t.Parallel()
	const row = "getAccount3PIDs get-003-item-required-fields"
	smtp := freeAddress(t)
	mail := []string{"--mail-smtp-listen=" + smtp, "--capabilities-mail=yes", "--label-filter=requirement:get-003-item-required-fields"}
	passes := func(t *testing.T, r run, row string, secrets ...string) {
		t.Helper()
		if r.exit != 0 || r.verdicts(t)[row] != verdict.Pass {
			t.Errorf("%s: exit %d\n%s", row, r.exit, r.output)
		}
		for name, text := range r.texts(t) {
			for _, secret := range secrets {
				if strings.Contains(string(text), secret) {
					t.Errorf("%s holds the secret %q", name, secret)
				}
			}
		}
	}

	t.Run("a registration token", func(t *testing.T) {
		url := serve(t, "--smtp="+smtp, "--registration-token=let-me-in")
		r := conformWith(t, []string{"CONFORMANCE_USERS_REGISTRATION_TOKEN=let-me-in"}, append(mail, "--url="+url, "--users-registration=token")...)
		passes(t, r, row, "let-me-in")
	})

	t.Run("given accounts", func(t *testing.T) {
		url := serve(t, "--smtp="+smtp)
		one, two := account(t, url, "one"), account(t, url, "two")
		for _, entry := range []string{
			fmt.Sprintf("{user_id: %q, password: %q}", one["user_id"], one["password"]),
			fmt.Sprintf("{user_id: %q, password: %q, access_token: %q}", two["user_id"], two["password"], two["access_token"]),
		} {
			file := "users: {registration: given, accounts: [" + entry + "]}\n"
			passes(t, conformFrom(t, file, append(mail, "--url="+url)...), row, one["password"], two["password"], two["access_token"])
		}

		file := fmt.Sprintf("users: {registration: given, accounts: [{user_id: %q, password: %q}]}\n", one["user_id"], one["password"])
		r := conformFrom(t, file, append(mail[:2:2], "--url="+url,
			"--label-filter=requirement:get-003-item-required-fields || requirement:get-004-medium-enum")...)
		if r.exit != 1 || !strings.Contains(r.output, "add more to users.accounts") {
			t.Errorf("with too few: exit %d\n%s", r.exit, r.output)
		}
	})

	t.Run("an administrator and an application service", func(t *testing.T) {
		for _, c := range []struct{ variant, flag, setting, row string }{
			{"admin", "--admin-token", "CONFORMANCE_USERS_ADMIN_TOKEN", "getAccount3PIDs acc-002-locked"},
			{"application-service", "--service-token", "CONFORMANCE_USERS_APPLICATION_SERVICE_TOKEN", "delete3pidFromAccount acc-008-appservice-assertion"},
		} {
			operation, requirement, _ := strings.Cut(c.row, " ")
			args := []string{
				"--mail-smtp-listen=" + smtp, "--capabilities-mail=yes", "--label-filter=" + operation + " && requirement:" + requirement,
				"--url=" + serve(t, "--smtp="+smtp, "--variant="+c.variant, c.flag+"=more-than-a-user", "--personality=other"),
			}
			if r := conform(t, args...); r.verdicts(t)[c.row] != verdict.NotTested {
				t.Errorf("%s without a token\n%s", c.row, r.output)
			}
			passes(t, conformWith(t, []string{c.setting + "=more-than-a-user"}, args...), c.row, "more-than-a-user")
		}
	})
}

// On a homeserver that the suite did not start, it cleans up and says what stays.
func TestWhatStaysIsSaid(t *testing.T) {
	t.Parallel()
	smtp := freeAddress(t)
	url := serve(t, "--smtp="+smtp)
	r := conform(t, "--url="+url, "--mail-smtp-listen="+smtp, "--capabilities-mail=yes", "--label-filter=getAccount3PIDs && requirement:get-003-item-required-fields")
	if r.exit != 0 || !strings.Contains(r.output, "left behind 1 accounts with ") || !strings.Contains(r.output, "1 of them deactivated") {
		t.Errorf("exit %d\n%s", r.exit, r.output)
	}
	if r := conform(t, "--label-filter=requirement:get-003-item-required-fields"); strings.Contains(r.output, "left behind") {
		t.Errorf("an embedded homeserver is thrown away, so nothing stays\n%s", r.output)
	}
}

// account registers an account without the suite.
func account(t *testing.T, url, name string) map[string]string {
	t.Helper()
	body, _ := json.Marshal(map[string]any{"username": name, "password": "secret-of-" + name, "auth": map[string]string{"type": "m.login.dummy"}})
	resp, err := http.Post(url+"/_matrix/client/v3/register", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		UserID      string `json:"user_id"`
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no account: %d %v", resp.StatusCode, err)
	}
	return map[string]string{"user_id": answer.UserID, "access_token": answer.AccessToken, "password": "secret-of-" + name}
}
