package schemas

import (
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

func TestRequiredKeys(t *testing.T) {
	for operation, want := range map[string]string{
		"post3PIDs": "three_pid_creds object, three_pid_creds/client_secret string, three_pid_creds/id_access_token string, " +
			"three_pid_creds/id_server string, three_pid_creds/sid string",
		"add3PID":                  "client_secret string, sid string", // auth has required keys, and is not required
		"bind3PID":                 "client_secret string, id_access_token string, id_server string, sid string",
		"delete3pidFromAccount":    "address string, medium string",
		"requestTokenTo3PIDMSISDN": "client_secret string, country string, phone_number string, send_attempt integer",
		"getAccount3PIDs":          "",
		"common":                   "",
		"nosuch":                   "",
	} {
		for _, set := range embedded().sets {
			var have []string
			for _, key := range set.RequiredKeys(operation) {
				have = append(have, strings.Join(key.Path, "/")+" "+key.Type)
			}
			NewWithT(t).Expect(strings.Join(have, ", ")).To(Equal(want), "%s in %s", operation, set.Version)
		}
	}
}
