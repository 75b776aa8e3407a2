package preflight_test

import (
	"net"
	"net/http"
	"testing"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/deploy"
	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/preflight"
)

const (
	probeAddress = "probe.run1@example.org"
	probeSecret  = "proberun1"
)

func TestWhichCapabilitiesAreUsable(t *testing.T) {
	for _, c := range []struct {
		declared string
		works    bool
		usable   bool
	}{
		{deploy.Yes, false, true}, // what is promised is tested, whatever a probe says
		{deploy.Yes, true, true},
		{deploy.No, true, false},
		{deploy.Auto, true, true},
		{deploy.Auto, false, false},
		{"", true, false},
	} {
		NewWithT(t).Expect(deploy.Capability{Declared: c.declared, Works: c.works}.Usable()).To(Equal(c.usable), "%+v", c)
	}
}

func TestADeclarationIsTakenWithoutAProbe(t *testing.T) {
	g := NewWithT(t)
	asked := func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }
	_, mails := startCatcher(t)
	yes := preflight.Mail(t.Context(), deploy.Yes, serve(t, asked, enough), mails, probeAddress, probeSecret, enough)
	g.Expect(yes).To(Equal(deploy.Capability{Declared: deploy.Yes}))
	g.Expect(preflight.Mail(t.Context(), deploy.Yes, serve(t, asked, enough), nil, probeAddress, probeSecret, enough).Usable()).
		To(BeTrue(), "a missing catcher does not lower it")

	no := preflight.Mail(t.Context(), deploy.No, serve(t, asked, enough), mails, probeAddress, probeSecret, enough)
	g.Expect(no.Usable()).To(BeFalse())
	g.Expect(no.Why).To(Equal("the deployment is declared to send no mail"))
}

func TestMailWorksWhenTheProbeArrives(t *testing.T) {
	g := NewWithT(t)
	caught, mails := startCatcher(t)
	received := make(chan probe, 10)
	same := func(address string) string { return address }
	got := preflight.Mail(t.Context(), deploy.Auto, serve(t, mailing(t, caught, same, received), enough), mails, probeAddress, probeSecret, enough)
	g.Expect(got).To(Equal(deploy.Capability{Declared: deploy.Auto, Works: true}))
	g.Expect(received).To(Receive(Equal(probe{ClientSecret: probeSecret, Email: probeAddress, SendAttempt: 1})))
	g.Expect(received).To(BeEmpty(), "one probe is sent")
	g.Expect(caught.Count()).To(Equal(1))
}

func TestMailToAnotherAddressIsNotTheProbe(t *testing.T) {
	g := NewWithT(t)
	caught, mails := startCatcher(t)
	received := make(chan probe, 10)
	other := func(address string) string { return "not." + address }
	got := preflight.Mail(t.Context(), deploy.Auto, serve(t, mailing(t, caught, other, received), enough), mails, probeAddress, probeSecret, soon)
	g.Expect(got.Usable()).To(BeFalse())
	g.Expect(caught.Count()).To(Equal(1))
}

func TestWhyMailIsNotThere(t *testing.T) {
	refused, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := refused.Close(); err != nil {
		t.Fatal(err)
	}
	_, mails := startCatcher(t)
	nobody := exchange.NewClient("http://"+refused.Addr().String(), nil, exchange.NewRecorder(nil, masking.New(""), ""), enough)
	for name, c := range map[string]struct {
		client *exchange.Client
		says   []string
	}{
		"granted, nothing arrives": {serve(t, answer(200, `{"sid":"1"}`), enough), []string{"took the probe for mail", "nothing reached the catcher", "point its SMTP settings there"}},
		"refused":                  {serve(t, answer(400, `{"errcode":"M_THREEPID_DENIED","error":"no"}`), enough), []string{"answered 400 M_THREEPID_DENIED", "set up the homeserver's SMTP server", "capabilities.mail"}},
		"breaks":                   {serve(t, answer(500, `<html>`), enough), []string{"answered 500"}},
		"hangs":                    {serve(t, hang, soon), []string{"the probe for mail got no answer: no complete answer within"}},
		"not there":                {nobody, []string{"the probe for mail got no answer", "connection refused"}},
	} {
		for _, declared := range []string{deploy.Auto, ""} {
			g := NewWithT(t)
			got := preflight.Mail(t.Context(), declared, c.client, mails, probeAddress, probeSecret, soon)
			g.Expect(got.Usable()).To(BeFalse(), name)
			g.Expect(got.Declared).To(Equal(deploy.Auto), name)
			for _, part := range c.says {
				g.Expect(got.Why).To(ContainSubstring(part), name)
			}
			g.Expect(got.Why).NotTo(ContainSubstring("\n"), name)
			g.Expect(got.Why).NotTo(ContainSubstring(probeSecret), name)
		}
	}
}

func TestWithoutACatcherTheServerIsNotAsked(t *testing.T) {
	g := NewWithT(t)
	client := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }, enough)
	got := preflight.Mail(t.Context(), deploy.Auto, client, nil, probeAddress, probeSecret, enough)
	g.Expect(got).To(Equal(deploy.Capability{Declared: deploy.Auto, Why: "there is no mail catcher"}))
}
