package selftest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"threepid-conformance/harness/verdict"
)

// The suite gets its accounts in the way the user says.
func TestAccountsComeFromWhereTheUserSays(t *testing.T) {
	const filter = "--label-filter=requirement:get-003-item-required-fields"
	const row = "getAccount3PIDs get-003-item-required-fields"
	smtp := freeAddress(t)
	mail := []string{"--mail-smtp-listen=" + smtp, "--capabilities-mail=yes", filter}

	t.Run("a registration token", func(t *testing.T) {
		url := serve(t, "--smtp="+smtp, "--registration-token=let-me-in")
		t.Setenv("CONFORMANCE_USERS_REGISTRATION_TOKEN", "let-me-in")
		r := conform(t, append(mail, "--url="+url, "--users-registration=token")...)
		if r.exit != 0 || r.verdicts(t)[row] != verdict.Pass {
			t.Errorf("exit %d\n%s", r.exit, r.output)
		}
		holdsNo(t, r, "let-me-in")
	})

	t.Run("given accounts, by password and by token", func(t *testing.T) {
		url := serve(t, "--smtp="+smtp)
		one, two := account(t, url, "one"), account(t, url, "two")
		for name, entry := range map[string]string{
			"by password": fmt.Sprintf("{user_id: %q, password: %q}", one["user_id"], one["password"]),
			"by both":     fmt.Sprintf("{user_id: %q, password: %q, access_token: %q}", two["user_id"], two["password"], two["access_token"]),
		} {
			cmd := exec.Command(conformance, append([]string{"run", "--url=" + url}, mail...)...)
			cmd.Dir = t.TempDir()
			file := "users: {registration: given, accounts: [" + entry + "]}\n"
			if err := os.WriteFile(filepath.Join(cmd.Dir, "conformance.yaml"), []byte(file), 0o600); err != nil {
				t.Fatal(err)
			}
			r := execute(t, cmd)
			if r.exit != 0 || r.verdicts(t)[row] != verdict.Pass {
				t.Errorf("%s: exit %d\n%s", name, r.exit, r.output)
			}
			holdsNo(t, r, one["password"], two["password"], two["access_token"])
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
			t.Setenv(c.setting, "more-than-a-user")
			r := conform(t, args...)
			if r.exit != 0 || r.verdicts(t)[c.row] != verdict.Pass {
				t.Errorf("%s: exit %d\n%s", c.row, r.exit, r.output)
			}
			holdsNo(t, r, "more-than-a-user")
		}
	})

	t.Run("too few given accounts", func(t *testing.T) {
		url := serve(t, "--smtp="+smtp)
		only := account(t, url, "only")
		cmd := exec.Command(conformance, "run", "--url="+url, "--mail-smtp-listen="+smtp, "--capabilities-mail=yes",
			"--label-filter=requirement:get-003-item-required-fields || requirement:get-004-medium-enum")
		cmd.Dir = t.TempDir()
		file := fmt.Sprintf("users: {registration: given, accounts: [{user_id: %q, access_token: %q, password: %q}]}\n", only["user_id"], only["access_token"], only["password"])
		if err := os.WriteFile(filepath.Join(cmd.Dir, "conformance.yaml"), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if r := execute(t, cmd); r.exit != 1 || !strings.Contains(r.output, "add more to users.accounts") {
			t.Errorf("exit %d\n%s", r.exit, r.output)
		}
	})
}

// On a homeserver that the suite did not start, it cleans up and says what stays.
func TestWhatStaysIsSaid(t *testing.T) {
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

// holdsNo checks that no secret reached the output or a file of the results.
func holdsNo(t *testing.T, r run, secrets ...string) {
	t.Helper()
	texts := map[string]string{"output": r.output}
	files, err := os.ReadDir(r.results)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := os.ReadFile(filepath.Join(r.results, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		texts[f.Name()] = string(text)
	}
	for name, text := range texts {
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s holds the secret %q", name, secret)
			}
		}
	}
}
