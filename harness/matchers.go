package harness

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/onsi/gomega"
	"github.com/onsi/gomega/types"

	"threepid-conformance/harness/exchange"
)

// An answerMatcher judges an answer and prints the exchange when it fails.
type answerMatcher struct {
	holds func(*exchange.Response) bool
	wants string
}

func (m answerMatcher) Match(actual any) (bool, error) {
	a, ok := actual.(*exchange.Response)
	if !ok || a == nil {
		return false, fmt.Errorf("expected an answer of the homeserver, got %T", actual)
	}
	return m.holds(a), nil
}

func (m answerMatcher) FailureMessage(actual any) string {
	return fmt.Sprintf("expected %s\n%s", m.wants, actual)
}

func (m answerMatcher) NegatedFailureMessage(actual any) string {
	return fmt.Sprintf("expected anything but %s\n%s", m.wants, actual)
}

// HaveStatus holds for an answer with one of these HTTP statuses.
func HaveStatus(codes ...int) types.GomegaMatcher {
	var words []string
	for _, c := range codes {
		words = append(words, fmt.Sprint(c))
	}
	return answerMatcher{
		holds: func(a *exchange.Response) bool { return slices.Contains(codes, a.Status) },
		wants: "status " + strings.Join(words, " or "),
	}
}

// HaveErrcode holds for an answer with one of these Matrix error codes.
func HaveErrcode(codes ...string) types.GomegaMatcher {
	return answerMatcher{
		holds: func(a *exchange.Response) bool { return slices.Contains(codes, a.Errcode()) },
		wants: "errcode " + strings.Join(codes, " or "),
	}
}

// BeRefused holds for a 4xx answer in the standard error form. A challenge of
// User-Interactive Authentication is no refusal.
func BeRefused() types.GomegaMatcher {
	return answerMatcher{
		holds: func(a *exchange.Response) bool {
			return a.Status >= 400 && a.Status < 500 && a.IsStandardError() && !a.IsChallenge()
		},
		wants: "a refusal: a 4xx status with errcode and error",
	}
}

// BeTokenError holds for a refusal of the access token, which offers no flows,
// whatever else the operation does with status 401.
func BeTokenError(errcode string) types.GomegaMatcher {
	return gomega.And(HaveStatus(http.StatusUnauthorized), HaveErrcode(errcode), gomega.Not(BeChallenge()))
}

// BeGranted holds for an answer with a 2xx status, whatever its body.
func BeGranted() types.GomegaMatcher {
	return answerMatcher{holds: (*exchange.Response).OK, wants: "a 2xx status"}
}

// BeChallenge holds for a challenge of User-Interactive Authentication: a 401
// that offers flows.
func BeChallenge() types.GomegaMatcher {
	return answerMatcher{
		holds: (*exchange.Response).IsChallenge,
		wants: "a challenge of User-Interactive Authentication: a 401 with flows",
	}
}

// BeServerError holds for an answer with a 5xx status.
func BeServerError() types.GomegaMatcher {
	return answerMatcher{
		holds: func(a *exchange.Response) bool { return a.Status >= 500 },
		wants: "a server error: a 5xx status",
	}
}
