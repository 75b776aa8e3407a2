package advice

import (
	"testing"

	. "github.com/onsi/gomega"
	"go.yaml.in/yaml/v3"
)

var example = Values{
	URL: "http://127.0.0.1:8008", SMTPHost: "127.0.0.1", SMTPPort: "2525", CAFile: "/ca/ca.pem",
	IDServers: []string{"127.0.0.1:8443", "localhost:8443"}, SMSDelegate: "http://127.0.0.1:8090",
}

func TestEveryProblemHasAMend(t *testing.T) {
	for _, p := range []Problem{Registration, Mail, PublicURL, CA, PrivateAddresses, IdentityList, SMS, RateLimits} {
		g := NewWithT(t)
		g.Expect(mends).To(HaveKey(p))
		for server := range mends[p] {
			g.Expect(Servers()).To(ContainElement(server))
		}
		g.Expect(Mend(p, "", example)).NotTo(BeEmpty())
	}
}

func TestMends(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Mend(CA, "synapse", example)).To(Equal("for Synapse: SSL_CERT_FILE=/ca/ca.pem in its environment"))
	g.Expect(Mend(IdentityList, "", example)).To(Equal("for Dendrite: global.trusted_third_party_id_servers: [127.0.0.1:8443, localhost:8443]"))
	g.Expect(Mend(Mail, "", example)).To(And(ContainSubstring("for Synapse: email.smtp_host: 127.0.0.1"), ContainSubstring(`for tuwunel: global.smtp.connection_uri = "smtp://127.0.0.1:2525"`)))
	g.Expect(Mend(SMS, "tuwunel", example)).To(Equal("tuwunel has no setting for it"))
}

func TestRecognise(t *testing.T) {
	g := NewWithT(t)
	g.Expect(Recognise("Synapse 1.160.0")).To(Equal("synapse"))
	g.Expect(Recognise("continuwuity 0.5")).To(Equal("continuwuity"))
	g.Expect(Recognise("")).To(BeEmpty())
}

func TestConfigsToPaste(t *testing.T) {
	g := NewWithT(t)
	for _, server := range Servers() {
		text, err := Config(server, example)
		g.Expect(err).NotTo(HaveOccurred())
		g.Expect(text).NotTo(ContainSubstring("{{"))
		if server == "synapse" || server == "dendrite" {
			var tree map[string]any
			g.Expect(yaml.Unmarshal([]byte(text), &tree)).To(Succeed())
			g.Expect(text).To(ContainSubstring("/ca/ca.pem"))
		}
	}
	_, err := Config("conduit", example)
	g.Expect(err).To(MatchError(ContainSubstring("synapse, dendrite, tuwunel, continuwuity")))
}
