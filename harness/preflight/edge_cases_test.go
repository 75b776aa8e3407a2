package preflight_test

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/preflight"
)

// P1
func TestV10IsNoVersionThatTheSuiteAppliesTo(t *testing.T) {
	for _, body := range []string{`{"versions":["v1.0"]}`, `{"versions":["v1.x"]}`, `{"versions":["v1."]}`} {
		_, err := preflight.Versions(t.Context(), serve(t, answer(200, body), enough))
		NewWithT(t).Expect(err).To(HaveOccurred(), body)
	}
}

// P2
func TestABrokenCatcherIsNotBlamedOnTheServer(t *testing.T) {
	caught, mails := startCatcher(t)
	client := serve(t, answer(200, `{"sid":"1"}`), enough)
	NewWithT(t).Expect(caught.Close()).To(Succeed())
	got := preflight.Mail(t.Context(), deploy.Auto, client, mails, probeAddress, probeSecret, enough)
	NewWithT(t).Expect(got.Why).NotTo(ContainSubstring("nothing reached the catcher"))
}
