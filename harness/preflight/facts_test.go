package preflight_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/preflight"
	"threepid-conformance/schemas"
)

func TestVersionsAreThoseAdvertised(t *testing.T) {
	g := NewWithT(t)
	client := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method+r.URL.Path != "GET/_matrix/client/versions" {
			t.Errorf("unexpected request %s %s", r.Method, r.URL)
		}
		answer(200, `{"versions":["r0.6.1","v1.1",7,"v1.6"],"unstable_features":{}}`)(w, r)
	}, enough)
	versions, err := preflight.Versions(t.Context(), client)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(versions).To(Equal([]string{"r0.6.1", "v1.1", "v1.6"}), "what is no string is left out")
}

func TestWhatIsNoHomeserverOfThisTime(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		says   []string
	}{
		"a web page":           {200, "<html>", []string{"answers 200 without a list of versions", "no homeserver's base URL", "correct url"}},
		"another path":         {404, `{"errcode":"M_UNRECOGNIZED","error":"no"}`, []string{"answers 404 without a list of versions"}},
		"a list in an error":   {500, `{"versions":["v1.6"]}`, []string{"answers 500"}},
		"a redirect":           {302, ``, []string{"answers 302"}},
		"versions no list":     {200, `{"versions":"v1.6"}`, []string{"answers 200 without a list"}},
		"no versions":          {200, `{}`, []string{"answers 200 without a list"}},
		"an array":             {200, `["v1.6"]`, []string{"answers 200 without a list"}},
		"an empty list":        {200, `{"versions":[]}`, []string{"none of which is v1.1 or later"}},
		"old versions only":    {200, `{"versions":["r0.5.0","r0.6.1"]}`, []string{"advertises [r0.5.0 r0.6.1]", "none of which is v1.1 or later", "does not apply"}},
		"versions as numbers":  {200, `{"versions":[1.6]}`, []string{"none of which is v1.1 or later"}},
		"a version of a later": {200, `{"versions":["v2.0"]}`, []string{"none of which is v1.1 or later"}},
	} {
		g := NewWithT(t)
		client := serve(t, answer(c.status, c.body), enough)
		versions, err := preflight.Versions(t.Context(), client)
		g.Expect(versions).To(BeNil(), name)
		g.Expect(err).To(MatchError(ContainSubstring(client.Base())), "%s: the URL is named", name)
		g.Expect(err.Error()).NotTo(ContainSubstring("\n"), name)
		for _, part := range c.says {
			g.Expect(err.Error()).To(ContainSubstring(part), name)
		}
	}
}

func TestAHomeserverThatDoesNotAnswer(t *testing.T) {
	g := NewWithT(t)
	_, err := preflight.Versions(t.Context(), serve(t, hang, soon))
	g.Expect(err).To(MatchError(And(ContainSubstring("does not answer (no complete answer within"), HaveSuffix("start it, or correct url"))))

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(listener.Close()).To(Succeed())
	base := "http://" + listener.Addr().String()
	client := exchange.NewClient(base, nil, exchange.NewRecorder(nil, masking.New(""), ""), enough)
	_, err = preflight.Versions(t.Context(), client)
	g.Expect(err).To(MatchError(And(HavePrefix("the homeserver at "+base+" does not answer"), ContainSubstring("connection refused"))))
	var failure *exchange.NoResponse
	g.Expect(errors.As(err, &failure)).To(BeTrue(), "the cause stays within reach")
}

func TestWhichAnswersMeanThatAnOperationIsNotRouted(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		routed bool
	}{
		"404 M_UNRECOGNIZED":  {404, `{"errcode":"M_UNRECOGNIZED","error":"no"}`, false},
		"404 of a web server": {404, "<html>", false},
		"404 and nothing":     {404, "", false},
		"404 without errcode": {404, `{"error":"no"}`, false},
		"404 with a code":     {404, `{"errcode":"M_NOT_FOUND","error":"no"}`, true},
		"401":                 {401, `{"errcode":"M_MISSING_TOKEN","error":"no"}`, true},
		"400":                 {400, `{"errcode":"M_BAD_JSON","error":"no"}`, true},
		"403 M_UNRECOGNIZED":  {403, `{"errcode":"M_UNRECOGNIZED","error":"no"}`, true},
		"405 M_UNRECOGNIZED":  {405, `{"errcode":"M_UNRECOGNIZED","error":"no"}`, true}, // the operation's own specs judge it
		"500":                 {500, "<html>", true},
		"200":                 {200, `{}`, true},
	} {
		g := NewWithT(t)
		found := preflight.NotRouted(t.Context(), serve(t, answer(c.status, c.body), enough), enough)
		if c.routed {
			g.Expect(found).To(BeEmpty(), name)
		} else {
			g.Expect(found).To(HaveLen(8), name)
		}
	}
}

func TestEachOperationIsAskedOnceAndHarmlessly(t *testing.T) {
	g := NewWithT(t)
	asked := make(chan string, 100)
	found := preflight.NotRouted(t.Context(), serve(t, func(w http.ResponseWriter, r *http.Request) {
		body := make([]byte, 10)
		n, _ := r.Body.Read(body)
		asked <- strings.TrimSpace(strings.Join([]string{r.Method, r.URL.RequestURI(), string(body[:n]), r.Header.Get("Authorization")}, " "))
		if strings.HasSuffix(r.URL.Path, "/bind") || strings.HasSuffix(r.URL.Path, "/add") {
			answer(404, `{"errcode":"M_UNRECOGNIZED","error":"no"}`)(w, r)
			return
		}
		answer(401, `{"errcode":"M_MISSING_TOKEN","error":"no"}`)(w, r)
	}, enough), enough)
	g.Expect(found).To(And(HaveLen(2), HaveKey("add3PID"), HaveKey("bind3PID")))
	g.Expect(found["add3PID"].Errcode()).To(Equal("M_UNRECOGNIZED"))
	close(asked)
	var got, want []string
	for line := range asked {
		got = append(got, line)
	}
	for _, op := range schemas.Operations() {
		line := op.Method + " " + op.Path
		if op.Method != http.MethodGet {
			line += " {}"
		}
		want = append(want, line)
	}
	g.Expect(got).To(ConsistOf(want))
}

func TestAHangingServerIsRoutedAndCostsItsPatienceOnce(t *testing.T) {
	g := NewWithT(t)
	started := time.Now()
	g.Expect(preflight.NotRouted(t.Context(), serve(t, hang, enough), soon)).To(BeEmpty())
	g.Expect(time.Since(started)).To(BeNumerically("<", enough/2), "the patience limits all eight together")
}
