package exchange

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

// X1: a secret that is first seen in an exchange and echoed in that exchange.
func TestSecretsFirstSeenInAnExchangeAreMaskedInAllOfIt(t *testing.T) {
	echoing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		var sent map[string]any
		_ = json.NewDecoder(r.Body).Decode(&sent)
		secret, _ := sent["client_secret"].(string)
		text, _ := json.Marshal(map[string]string{"errcode": "M_X", "error": "bad " + token + " and " + secret + " and " + r.URL.Query().Get("token")})
		canned{status: 400, body: string(text)}.ServeHTTP(w, r)
	})
	t.Run("request echoed in the answer", func(t *testing.T) {
		w := connect(t, serve(t, echoing), modern, enough)
		w.answer(t, carrying(bindPath))
		w.nothingLeaked(t)
	})
	t.Run("new token in a header of the answer that makes it", func(t *testing.T) {
		body, _ := json.Marshal(map[string]string{"access_token": accessToken})
		w := connect(t, serve(t, canned{status: 200, header: http.Header{"X-Session": {accessToken}}, body: string(body)}), modern, enough)
		w.answer(t, call(t, "bind3PID"))
		w.nothingLeaked(t)
	})
}

// X1b: form bodies, as browsers send them to a submit page.
func TestFormBodiesAreMaskedByTheirKeys(t *testing.T) {
	w := connect(t, serve(t, granted), modern, enough)
	form := url.Values{"token": {mailToken}, "client_secret": {clientSecret}, "sid": {"s1"}}.Encode()
	w.answer(t, Request{Method: http.MethodPost, Path: "/submit", Raw: []byte(form), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	w.nothingLeaked(t)
}

// X2: the catalogue has the errcode of a 429 in rl-001's strict half.
func TestTheErrcodeOfA429IsTheStrictHalf(t *testing.T) {
	g := NewWithT(t)
	found := judged(t, modern, "bind3PID", canned{status: 429, body: `{"errcode":"M_FORBIDDEN","error":"slow"}`})
	g.Expect(brief(found)).To(Equal([]string{"rl-001-429-shape strict"}))
	entry, _ := requirements.Lookup("rl-001-429-shape")
	g.Expect(verdict.Gates(entry, found[0].Half, false)).To(BeFalse())
}

func TestTheFormOfAnErrcodeIsStrictInA429Too(t *testing.T) {
	NewWithT(t).Expect(brief(judged(t, modern, "bind3PID", canned{status: 429, body: `{"errcode":"limited","error":"slow"}`}))).
		To(ConsistOf("gen-005-errcode-form", "rl-001-429-shape strict"))
}

// X3
func TestABroken401AboutTheTokenIsNoBrokenChallenge(t *testing.T) {
	for _, body := range []string{`{"errcode":7,"error":"no"}`, `{"errcode":"M_MISSING_TOKEN","error":5}`} {
		NewWithT(t).Expect(brief(judged(t, modern, "add3PID", canned{status: 401, body: body}))).To(Equal([]string{"gen-004-standard-error-shape"}), body)
	}
}

// X4
func TestInfoURIIsOwedFromV118On(t *testing.T) {
	body := `{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full"}`
	for version, want := range map[string][]string{"v1.17": {}, "v1.18": {"acc-007-resource-limit-shape"}} {
		NewWithT(t).Expect(brief(judged(t, []string{"v1.1", version}, "add3PID", canned{status: 403, body: body}))).To(Equal(want), version)
	}
}

func TestCanUpgradeIsABoolean(t *testing.T) {
	body := `{"errcode":"M_USER_LIMIT_EXCEEDED","error":"full","info_uri":"https://x","can_upgrade":"yes"}`
	NewWithT(t).Expect(brief(judged(t, modern, "add3PID", canned{status: 403, body: body}))).To(Equal([]string{"acc-007-resource-limit-shape"}))
}

// X5
func TestAnInterruptOfOursIsNotHeldAgainstTheServer(t *testing.T) {
	arrived := make(chan struct{})
	w := connect(t, script(t, func(c net.Conn) { close(arrived); hold(c) }), modern, enough)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-arrived; cancel() }()
	w.refused(t, ctx, call(t, "bind3PID"))
	NewWithT(t).Expect(w.recorder.Findings()).To(BeEmpty())
}

// X6: without the header, RFC 9110 12.5.3 lets a server compress.
func TestCompressionIsDeclined(t *testing.T) {
	header, _ := sent(t, Request{Method: http.MethodGet, Path: "/"})
	NewWithT(t).Expect(header.Get("Accept-Encoding")).To(Equal("identity"))
}

// X7
func TestTheSchemeOfABaseURLMayBeWrittenInCapitals(t *testing.T) {
	w := connect(t, strings.Replace(serve(t, canned{status: 200, body: "[]"}), "http:", "HTTP:", 1), modern, enough)
	w.answer(t, call(t, "bind3PID"))
	NewWithT(t).Expect(w.recorder.Findings()).To(HaveLen(1))
}

// X8
func TestPatienceUnderstandsHugeWaitsAndDates(t *testing.T) {
	for name, c := range map[string]struct {
		first canned
		asked int
		took  time.Duration
	}{
		"huge": {limited(`{"retry_after_ms":10000000000000}`), 1, 0},
		"date": {limited(`{}`, "Sat, 01 Jan 2000 00:00:05 GMT"), 2, 5 * time.Second}, // the bubble's clock starts at midnight
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				_, asked, took, err := patiently(t.Context(), c.first, granted)
				g := NewWithT(t)
				g.Expect(err).NotTo(HaveOccurred())
				g.Expect(asked).To(Equal(c.asked))
				g.Expect(took).To(Equal(c.took))
			})
		})
	}
}

// X9
func TestARedirectToNowhereIsAnAnswer(t *testing.T) {
	w := connect(t, serve(t, canned{status: 302, header: http.Header{"Location": {"http://%zz"}}, body: "{}"}), modern, enough)
	a, err := w.Do(t.Context(), call(t, "bind3PID"))
	NewWithT(t).Expect(err).NotTo(HaveOccurred())
	NewWithT(t).Expect(a.Status).To(Equal(302))
}

// X10
func TestFindingsThatQuoteAnEscapedSecretAreWithoutIt(t *testing.T) {
	w := connect(t, serve(t, canned{status: 200, contentType: "text/" + written(password)["JSON"], body: `{}`}), modern, enough)
	w.recorder.Secret("password", password)
	w.answer(t, call(t, "bind3PID"))
	w.nothingLeaked(t)
}

// X10b (package masking): what JSON encoders other than Go's write.
func TestJSONOfOtherEncodersIsMasked(t *testing.T) {
	for name, echo := range map[string]string{
		"without escapes of HTML":  `Canary\"&<pass>`,   // most encoders
		"escapes beyond ASCII":     `Canary\u00f6&pass`, // Python's default
		"escapes beyond ASCII (2)": `Canary\u00F6&pass`,
	} {
		m := masking.New("")
		m.Register("password", `Canary"&<pass>`)
		m.Register("password", `Canaryö&pass`)
		if got := m.Mask(echo); strings.Contains(got, "Canary") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// X11
func TestItemsThatAreNoObjects(t *testing.T) {
	NewWithT(t).Expect(brief(judged(t, modern, "getAccount3PIDs", canned{status: 200, body: `{"threepids":["a@b.example"]}`}))).
		To(Equal([]string{"get-001-200-schema"}))
}

// X12
func TestA429OfAProxyIsFiledUnderItsRow(t *testing.T) {
	NewWithT(t).Expect(brief(judged(t, modern, "bind3PID", canned{status: 429, contentType: "text/html", body: "<html>"}))).
		To(ContainElement("rl-001-429-shape"))
}

func TestLimitExceededWithAnotherStatus(t *testing.T) {
	NewWithT(t).Expect(brief(judged(t, modern, "bind3PID", canned{status: 403, body: `{"errcode":"M_LIMIT_EXCEEDED","error":"slow"}`}))).
		To(Equal([]string{"rl-001-429-shape strict"}))
}

// X13
func TestAnOversizedBodyIsNoObject(t *testing.T) {
	w := connect(t, serve(t, canned{status: 200, body: strings.Repeat(" ", maxBody-2) + "{} x"}), modern, enough)
	a := w.answer(t, call(t, "bind3PID"))
	NewWithT(t).Expect(a.JSON).To(BeNil())
	NewWithT(t).Expect(a.Malformed).To(HaveOccurred())
}

// X14
func TestAnEscapedSlashIsAnotherPath(t *testing.T) {
	w := connect(t, serve(t, granted), modern, enough)
	a := w.answer(t, Request{Method: http.MethodGet, Path: "/_matrix/client/v3/account%2F3pid"})
	NewWithT(t).Expect(a.Operation).To(BeEmpty())
}

// X15
func TestNamesOfSecretsCanBeSearchedFor(t *testing.T) {
	w := connect(t, serve(t, granted), modern, enough)
	w.answer(t, carrying(bindPath))
	text, _ := os.ReadFile(w.path)
	NewWithT(t).Expect(string(text)).To(ContainSubstring("<access_token 1>"))
}
