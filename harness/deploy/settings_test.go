package deploy

import (
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/config"
)

func TestSettingsNameTheAddressesOfTheRun(t *testing.T) {
	g := NewWithT(t)
	c := config.Default()
	c.IdentityServer.CADir = t.TempDir()
	c.Mail.SMTPListen = "192.0.2.7:2600"
	c.IdentityServer.Host = "suite.example"
	c.URL = "http://hs.example:8008/"
	text, err := Settings(c, "synapse")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(text).To(And(
		ContainSubstring(`public_baseurl: "http://hs.example:8008/"`),
		ContainSubstring(`smtp_host: "192.0.2.7"`), ContainSubstring("smtp_port: 2600"),
		ContainSubstring(`msisdn: "http://suite.example:8090"`),
		ContainSubstring("SSL_CERT_FILE="+c.IdentityServer.CADir+"/ca.pem"),
		ContainSubstring("--mail-smtp-listen=192.0.2.7:2600 --identity-server-listen=127.0.0.1:8443"),
	))
	_, err = Settings(c, "conduit")
	g.Expect(err).To(MatchError(ContainSubstring("print-config knows")))
	c.Mail.SMTPListen = "nonsense"
	_, err = Settings(c, "synapse")
	g.Expect(err).To(MatchError(ContainSubstring("such as 127.0.0.1:2525")))
}

func TestAPrivateCA(t *testing.T) {
	g := NewWithT(t)
	roots, err := Roots(config.Default())
	g.Expect(roots, err).To(BeNil(), "the system's")
	c := config.Default()
	c.URLCA = "settings.go"
	_, err = Roots(c)
	g.Expect(err).To(MatchError(ContainSubstring("no PEM certificate")))
	c.URLCA = "/nowhere.pem"
	_, err = Roots(c)
	g.Expect(err).To(MatchError(ContainSubstring("correct url_ca")))
}
