package selftest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"index/suffixarray"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"threepid-conformance/harness/verdict"
	"threepid-conformance/mockidserver"
)

// A homeserver that echoes every secret it is told, in every form, wherever an
// answer has room for it, gives none of them away through the suite: neither in
// a file of results/ nor in a line of output.
func TestNoSecretLeavesTheSuite(t *testing.T) {
	t.Parallel()
	// Characters that every encoding treats differently.
	const registration = `Canary/tok+en="x"&<1>ü`
	smtp, folder := freeAddress(t), t.TempDir()
	identity, err := mockidserver.Start(t.Context(), mockidserver.Config{Folder: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = identity.Close() })
	echo := &echo{seen: map[string]string{registration: "registration_token"}}
	front := echo.before(t, serve(t, "--smtp="+smtp, "--registration-token="+registration, "--fault=added-at-in-seconds",
		"--identity-ca="+identity.Info().CAFile, "--sms-delegate="+echo.beforeDelegate(t, identity.Info().SMSURL)))

	r := conformWith(t, []string{"GITHUB_ACTIONS=true"}, // which has more to print
		"--url="+front, "--mail-smtp-listen="+smtp, "--capabilities-mail=yes", "--capabilities-sms=yes",
		"--capabilities-identity-server=yes", "--identity-server-control-url="+identity.ControlURL(),
		"--users-registration=token", "--users-registration-token="+registration)
	if r.verdicts(t)[hardRow] != verdict.Fail {
		t.Fatalf("the run has no failure to print: exit %d\n%s", r.exit, r.output)
	}
	if r.report.Profile.Must[verdict.Pass] < 20 {
		t.Errorf("only %d MUST rows passed, so little was exchanged", r.report.Profile.Must[verdict.Pass])
	}
	kinds := map[string]int{}
	for _, kind := range echo.seen {
		kinds[kind]++
	}
	for _, kind := range []string{"access_token", "password", "client_secret", "token", "registration_token", "id_access_token", smsCode} {
		if kinds[kind] == 0 {
			t.Errorf("no %s was sent, so nothing is shown about it", kind)
		}
	}
	if echo.times == 0 || echo.told == 0 {
		t.Fatalf("%d secrets were echoed to the suite, and %d to the delegate for SMS", echo.times, echo.told)
	}

	for name, text := range r.texts(t) {
		if at := bytes.Index(text, []byte("Canary")); at >= 0 {
			t.Errorf("%s holds the registration token: …%s…", name, text[max(0, at-60):min(len(text), at+60)])
		}
		index := suffixarray.New(text)
		for secret, kind := range echo.seen {
			for form, written := range formsOf(secret) {
				part, found := sought(form, written)
				if kind == smsCode {
					part, found = marked(kind, written), form != "base64 of more"
				}
				if !found {
					continue
				}
				if at := index.Lookup([]byte(part), 1); len(at) > 0 {
					t.Errorf("%s holds a %s, %s: …%s…", name, kind, form, text[max(0, at[0]-60):min(len(text), at[0]+60)])
				}
			}
		}
		if t.Failed() {
			break // one file tells enough
		}
	}
}

// texts are the output of a run and the files of its results folder.
func (r run) texts(t *testing.T) map[string][]byte {
	t.Helper()
	texts := map[string][]byte{"the output": []byte(r.output)}
	err := filepath.WalkDir(r.results, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		texts[filepath.Base(path)], err = os.ReadFile(path)
		return err
	})
	if err != nil || len(texts) < 6 {
		t.Fatalf("the results folder holds %d files (%v)", len(texts)-1, err)
	}
	return texts
}

// formsOf are the ways in which an answer may write a secret.
func formsOf(secret string) map[string]string {
	quoted, _ := json.Marshal(secret) // a string always marshals
	escaped := string(quoted[1 : len(quoted)-1])
	return map[string]string{
		"as it is":       secret,
		"JSON-escaped":   escaped,
		"JSON, slash":    strings.ReplaceAll(escaped, "/", `\/`),
		"URL-encoded":    url.QueryEscape(secret),
		"in a path":      url.PathEscape(secret),
		"base64":         base64.StdEncoding.EncodeToString([]byte(secret)),
		"base64 of more": base64.RawURLEncoding.EncodeToString([]byte("user:" + secret)),
	}
}

// sought is the part of a form that gives the secret away. Of base64 that is the
// middle, which its neighbours do not influence; of a short one nothing is left.
func sought(form, written string) (string, bool) {
	if !strings.HasPrefix(form, "base64") {
		return written, true
	}
	if len(written) < 24 {
		return "", false
	}
	return written[8 : len(written)-8], true
}

// An echo stands before a homeserver, remembers the secrets of requests and
// answers, and puts them into every answer, and into what the homeserver asks the
// delegate for SMS.
type echo struct {
	mu    sync.Mutex
	seen  map[string]string // secret → kind
	times int               // secrets put into answers
	told  int               // into requests to the delegate
}

// smsCode is the kind of the codes in SMS. They have six digits, which may stand
// by chance in any number of a report, so they are echoed, and sought, after a
// mark.
const smsCode = "SMS code"

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

func marked(kind, written string) string {
	if kind == smsCode {
		return "sms~" + written
	}
	return written
}

// shortest is the length from which a secret can be told from other text.
const shortest = 8

// secretMember matches a member of a JSON body that is a secret.
var secretMember = regexp.MustCompile(`"(access_token|id_access_token|password|client_secret|token|refresh_token)"\s*:\s*("(?:[^"\\]|\\.)*")`)

func (e *echo) learn(body []byte, query url.Values, authorization string) {
	note := func(kind, value string) {
		if kind == "token" && sixDigits.MatchString(value) {
			e.seen[value] = smsCode
		}
		if _, known := e.seen[value]; !known && len(value) >= shortest {
			e.seen[value] = kind
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range secretMember.FindAllSubmatch(body, -1) {
		var value string
		if json.Unmarshal(m[2], &value) == nil {
			note(string(m[1]), value)
		}
	}
	for _, kind := range []string{"access_token", "client_secret", "token"} {
		note(kind, query.Get(kind))
	}
	if token, ok := strings.CutPrefix(authorization, "Bearer "); ok {
		note("access_token", token)
	}
}

// all are the secrets of one exchange by form. Those of other exchanges are left
// out, as answers would grow without end.
func (e *echo) all(texts ...string) map[string][]string {
	e.mu.Lock()
	defer e.mu.Unlock()
	forms := map[string][]string{}
	for secret, kind := range e.seen {
		for _, text := range texts {
			if strings.Contains(text, secret) {
				for form, written := range formsOf(secret) {
					forms[form] = append(forms[form], marked(kind, written))
					e.times++
				}
				break
			}
		}
	}
	return forms
}

// toldKey is where a request's context keeps what the client said.
type toldKey struct{}

// before starts the proxy and returns its URL.
func (e *echo) before(t *testing.T, behind string) string {
	t.Helper()
	proxy := proxyTo(t, behind)
	proxy.ModifyResponse = func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return err
		}
		resp.Body.Close()
		e.learn(body, nil, "")
		request, _ := resp.Request.Context().Value(toldKey{}).(string)
		forms := e.all(request, string(body))
		for form, written := range forms {
			resp.Header.Add("X-Echo", strings.Map(printable, form+" "+strings.Join(written, " ")))
		}
		body = withEcho(body, forms)
		resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		resp.Header.Set("Content-Length", fmt.Sprint(len(body)))
		return nil
	}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // what is cut off is not echoed
		r.Body = io.NopCloser(bytes.NewReader(body))
		e.learn(body, r.URL.Query(), r.Header.Get("Authorization"))
		plain, _ := url.QueryUnescape(r.URL.RawQuery)
		// Bodies write secrets as JSON does; the registration token has characters
		// that are escaped there.
		decoded := strings.NewReplacer(`\"`, `"`, `\u0026`, "&", `\u003c`, "<", `\u003e`, ">").Replace(string(body))
		told := strings.Join([]string{plain, decoded, r.Header.Get("Authorization")}, "\n")
		proxy.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), toldKey{}, told)))
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// beforeDelegate starts a proxy that adds a header with the secrets of the request
// to what the homeserver sends to the delegate, which keeps it in its journal.
func (e *echo) beforeDelegate(t *testing.T, delegate string) string {
	t.Helper()
	proxy := proxyTo(t, delegate)
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		plain, _ := url.QueryUnescape(r.URL.RawQuery)
		forms := e.all(plain, string(body))
		for form, written := range forms {
			r.Header.Add("X-Echo", strings.Map(printable, form+" "+strings.Join(written, " ")))
		}
		e.mu.Lock()
		e.told += len(forms)
		e.mu.Unlock()
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(front.Close)
	return front.URL
}

// withEcho puts texts into a JSON object: into its error, and beside it. Writing
// the object escapes what is as it is. After other bodies they stand as they are.
func withEcho(body []byte, forms map[string][]string) []byte {
	var object map[string]any
	if json.Unmarshal(body, &object) != nil {
		return append(body, []byte(fmt.Sprintf("\n<!-- %v -->", forms))...)
	}
	delete(forms, "JSON-escaped")
	delete(forms, "JSON, slash")
	if message, isError := object["error"].(string); isError {
		object["error"] = fmt.Sprintf("%s: %v", message, forms)
	}
	object["org.example.echo"] = forms
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false) // or URL-encoded text would be encoded once more
	if err := enc.Encode(object); err != nil {
		return body
	}
	return text.Bytes()
}

// printable keeps what a header may hold.
func printable(r rune) rune {
	if r < ' ' || r == 0x7f {
		return -1
	}
	return r
}
