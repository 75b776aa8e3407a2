package exchange

import (
	"encoding/base64"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	. "github.com/onsi/gomega"
)

// Secrets with characters that every encoding treats differently.
const (
	accessToken  = "syt_Canary/Tok+en=_-9x&<1>"
	password     = `pa"ss\wörd/+Canary`
	clientSecret = "Canary.client=secret_-77"
	mailToken    = "Canary/mail+token=?42"
)

var secrets = map[string]string{
	"access_token": accessToken, "password": password, "client_secret": clientSecret, "token": mailToken,
}

// written lists the ways in which a server may write a secret.
func written(secret string) map[string]string {
	quoted, _ := json.Marshal(secret)
	escaped := string(quoted[1 : len(quoted)-1])
	return map[string]string{
		"plain":       secret,
		"JSON":        escaped,
		"JSON with /": strings.ReplaceAll(escaped, "/", `\/`),
		"query":       url.QueryEscape(secret),
		"path":        url.PathEscape(secret),
		"base64":      base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 URL":  base64.RawURLEncoding.EncodeToString([]byte("user:" + secret)),
	}
}

// leaks fails the test where text holds a secret in any form. For base64 it
// looks for the middle, which no neighbour influences.
func leaks(t *testing.T, where, text string) {
	t.Helper()
	if strings.Contains(text, "Canary") {
		t.Errorf("%s holds the mark of all secrets:\n%s", where, text)
	}
	for kind, secret := range secrets {
		for form, s := range written(secret) {
			if strings.HasPrefix(form, "base64") {
				s = s[8 : len(s)-8]
			}
			if strings.Contains(text, s) {
				t.Errorf("%s holds the %s, %s:\n%s", where, kind, form, text)
			}
		}
	}
}

// nothingLeaked looks at all that leaves a recorder, the file last.
func (client recordedClient) nothingLeaked(t *testing.T) {
	t.Helper()
	for _, f := range client.recorder.Findings() {
		leaks(t, "a finding", f.Message)
	}
	if last := client.recorder.Last(); last != nil {
		leaks(t, "the text of an answer", last.String())
	}
	text, err := os.ReadFile(client.path)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) == 0 {
		t.Error("nothing was recorded")
	}
	leaks(t, "exchanges.jsonl", string(text))
	for _, record := range client.lines(t) { // as a reader's JSON parser sees it
		plain, _ := json.Marshal(record)
		leaks(t, "a record", strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(plain)))
		for _, m := range []*Message{&record.Request, record.Response} {
			if m != nil {
				leaks(t, "a body", m.Body)
			}
		}
	}
}

// carrying is a request that holds every secret where requests hold secrets.
func carrying(path string) Request {
	return Request{
		Method: http.MethodPost,
		Path:   path + "?" + url.Values{"token": {mailToken}, "client_secret": {clientSecret}, "sid": {"s1"}, "access_token": {accessToken}}.Encode(),
		Token:  accessToken,
		Body: map[string]any{
			"client_secret": clientSecret, "token": mailToken,
			"auth": map[string]any{"type": "m.login.password", "password": password},
		},
	}
}

const bindPath = "/_matrix/client/v3/account/3pid/bind"

func TestRequestsAreRecordedWithoutSecrets(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, granted), modern, enough)
	client.answer(t, carrying(bindPath))
	client.nothingLeaked(t)
	text, _ := os.ReadFile(client.path)
	g.Expect(string(text)).To(ContainSubstring("<access_token 1>"), "a name can be searched for")
	r := client.lines(t)[0].Request
	g.Expect(r.URL).To(And(ContainSubstring("client_secret=<client_secret 1>"), ContainSubstring("sid=s1"), ContainSubstring("token=<token 1>")))
	g.Expect(r.Headers).To(HaveKeyWithValue("Authorization", []string{"Bearer <access_token 1>"}))
	g.Expect(r.Body).To(Equal(`{"auth":{"password":"<password 1>","type":"m.login.password"},"client_secret":"<client_secret 1>","token":"<token 1>"}`))
}

func TestResponsesThatEchoSecretsAreRecordedWithoutThem(t *testing.T) {
	inHeader := func(name string) func(string) canned {
		return func(echo string) canned {
			return canned{status: 200, header: http.Header{name: {"/x=" + echo}}, body: `{}`}
		}
	}
	for place, answer := range map[string]func(echo string) canned{
		"error":      func(e string) canned { return canned{status: 400, body: `{"errcode":"M_X","error":"bad ` + e + `!"}`} },
		"errcode":    func(e string) canned { return canned{status: 400, body: `{"errcode":"` + e + `","error":"x"}`} },
		"key":        func(e string) canned { return canned{status: 200, body: `{"` + e + `":1}`} },
		"HTML":       func(e string) canned { return canned{status: 500, contentType: "text/html", body: "<p>" + e + "</p>"} },
		"header":     inHeader("X-Echo"),
		"Location":   inHeader("Location"),
		"Set-Cookie": inHeader("Set-Cookie"),
	} {
		t.Run(place, func(t *testing.T) {
			for kind, secret := range secrets {
				for _, echo := range written(secret) {
					client := connect(t, serve(t, answer(echo)), modern, enough)
					client.recorder.Secret(kind, secret)
					client.answer(t, call(t, "bind3PID"))
					client.nothingLeaked(t)
				}
			}
		})
	}
}

func TestFindingsThatQuoteAHeaderAreWithoutSecrets(t *testing.T) {
	limited := `{"errcode":"M_LIMIT_EXCEEDED","error":"x"}`
	for _, form := range []string{"plain", "JSON", "query", "path", "base64", "base64 URL"} {
		for kind, secret := range secrets {
			echo := written(secret)[form]
			for _, c := range []canned{
				{status: 200, contentType: "text/" + echo, body: `{}`},
				{status: 429, header: http.Header{"Retry-After": {echo}}, body: limited},
			} {
				client := connect(t, serve(t, c), modern, enough)
				client.recorder.Secret(kind, secret)
				client.answer(t, call(t, "bind3PID"))
				NewWithT(t).Expect(client.recorder.Findings()).To(ConsistOf(HaveField("Message", ContainSubstring("<"+kind+" 1>"))))
				client.nothingLeaked(t)
			}
		}
	}
}

func TestSecretsThatAServerMakesAreKnownFromThenOn(t *testing.T) {
	g := NewWithT(t)
	answers := []canned{
		{status: 200, body: `{"user_id":"@a:hs","access_token":"` + `syt_Canary\/Tok+en=_-9x&<1>` + `"}`},
		{status: 500, contentType: "text/plain", body: "no such token: " + accessToken},
	}
	client := connect(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[0].ServeHTTP(w, r)
		answers = answers[1:]
	})), modern, enough)
	a := client.answer(t, Request{Method: http.MethodPost, Path: "/_matrix/client/v3/login", Raw: []byte(`{}`)})
	g.Expect(a.Text("access_token")).To(Equal(accessToken), "the spec gets the real one")
	r := call(t, "bind3PID")
	r.Token = accessToken
	client.answer(t, r)
	client.nothingLeaked(t)
	records := client.lines(t)
	g.Expect(records[0].Response.Body).To(ContainSubstring("<access_token 1>"))
	g.Expect(records[1].Request.Headers["Authorization"]).To(Equal([]string{"Bearer <access_token 1>"}), "the same secret has the same name")
	g.Expect(records[1].Response.Body).To(Equal("no such token: <access_token 1>"))
}

// A secret that is first seen in an exchange may be echoed in that exchange.
func TestSecretsFirstSeenInAnExchangeAreMaskedInAllOfIt(t *testing.T) {
	echoing := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		var sent map[string]any
		_ = json.NewDecoder(r.Body).Decode(&sent)
		secret, _ := sent["client_secret"].(string)
		text, _ := json.Marshal(map[string]string{"errcode": "M_X", "error": "bad " + token + " and " + secret + " and " + r.URL.Query().Get("token")})
		canned{status: 400, body: string(text)}.ServeHTTP(w, r)
	})
	t.Run("request echoed in the response", func(t *testing.T) {
		client := connect(t, serve(t, echoing), modern, enough)
		client.answer(t, carrying(bindPath))
		client.nothingLeaked(t)
	})
	t.Run("new token in a header of the response that makes it", func(t *testing.T) {
		body, _ := json.Marshal(map[string]string{"access_token": accessToken})
		client := connect(t, serve(t, canned{status: 200, header: http.Header{"X-Session": {accessToken}}, body: string(body)}), modern, enough)
		client.answer(t, call(t, "bind3PID"))
		client.nothingLeaked(t)
	})
}

// Form bodies, as browsers send them to a submit page.
func TestFormBodiesAreMaskedByTheirKeys(t *testing.T) {
	client := connect(t, serve(t, granted), modern, enough)
	form := url.Values{"token": {mailToken}, "client_secret": {clientSecret}, "sid": {"s1"}}.Encode()
	client.answer(t, Request{Method: http.MethodPost, Path: "/submit", Raw: []byte(form), Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}})
	client.nothingLeaked(t)
}

func TestErrorsThatQuoteTheServerAreWithoutSecrets(t *testing.T) {
	for name, reply := range map[string]string{
		"another tongue": clientSecret + " is not HTTP\r\n\r\n",
		"bad header":     "HTTP/1.1 200 OK\r\n" + clientSecret + "\r\n\r\n",
		"bad status":     "HTTP/1.1 " + clientSecret + "\r\n\r\n",
	} {
		client := connect(t, script(t, func(c net.Conn) { _, _ = c.Write([]byte(reply)) }), modern, enough)
		client.recorder.Secret("client_secret", clientSecret)
		failure := client.refused(t, t.Context(), call(t, "bind3PID"))
		leaks(t, name, failure.Error())
		client.nothingLeaked(t)
	}
}

func TestTheCutOfALongBodyShowsNoPartOfASecret(t *testing.T) {
	for shift := range len(accessToken) + 2 {
		body := strings.Repeat("a", maxEvidence-shift) + accessToken + strings.Repeat("b", 100)
		client := connect(t, serve(t, canned{status: 200, body: body}), modern, enough)
		client.recorder.Secret("access_token", accessToken)
		client.answer(t, call(t, "bind3PID"))
		client.nothingLeaked(t)
	}
}

func TestMaskHidesKnownAndNamedSecrets(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, "http://127.0.0.1", modern, enough)
	client.recorder.Secret("token", mailToken)
	g.Expect(client.recorder.Mask("got " + mailToken + ` and {"password":"x"}`)).To(Equal(`got <token 1> and {"password":"<password 1>"}`))
}
