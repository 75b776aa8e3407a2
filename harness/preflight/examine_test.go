package preflight

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"regexp"
	"testing"
	"time"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/masking"
)

// A homeserver that lets so many accounts be made in a row, and then asks to wait.
func TestAccountsLimited(t *testing.T) {
	for name, c := range map[string]struct {
		burst   int
		blocked bool
		limited bool
	}{
		"never limited":         {burst: 100},
		"limited after three":   {burst: 3, limited: true},
		"limited at once":       {burst: 0, limited: true},
		"cannot be made at all": {burst: 100, blocked: true},
	} {
		t.Run(name, func(t *testing.T) {
			made := 0
			hs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if made++; made > c.burst {
					w.WriteHeader(http.StatusTooManyRequests)
				}
			}))
			defer hs.Close()
			client := exchange.NewClient(hs.URL, []string{"v1.6"}, exchange.NewRecorder(nil, masking.New(""), ""), time.Second)
			makeAccount := func(ctx context.Context) (Account, error) {
				if c.blocked {
					return Account{}, errors.New("registration is closed")
				}
				a, err := client.DoPatiently(ctx, exchange.Request{Method: http.MethodPost, Path: "/_matrix/client/v3/register"})
				if err == nil && !a.OK() {
					err = errors.New("refused")
				}
				return Account{}, err
			}
			want := ""
			if c.limited {
				want = "POST " + hs.URL + "/_matrix/client/v3/register"
			}
			if got := accountsLimited(t.Context(), makeAccount); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestTheNumberIsOfFiction(t *testing.T) {
	national, international := fictionNumber()
	if !regexp.MustCompile(`^20255501\d\d$`).MatchString(national) || international != "1"+national {
		t.Errorf("got %s and %s", national, international)
	}
}
