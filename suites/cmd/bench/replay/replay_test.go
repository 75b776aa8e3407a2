package replay

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A deployment is a server that hands out values of its own, and the tape of who
// talks to it.
type deployment struct {
	*httptest.Server
	tape   *Tape
	client http.Client
}

// deploy starts a server and a client of that name for it.
func deploy(t *testing.T, client string, handler http.Handler) *deployment {
	t.Helper()
	d := &deployment{Server: httptest.NewServer(handler), tape: &Tape{Spec: func() string { return "a spec" }}}
	t.Cleanup(d.Close)
	d.client.Transport = d.tape.Wrap(client, &http.Transport{})
	return d
}

// names are the addresses of a deployment as a run knows them.
func (d *deployment) names() map[string]string {
	return map[string]string{"homeserver": strings.TrimPrefix(d.URL, "http://")}
}

// send sends one request and returns status and body.
func (d *deployment) send(t *testing.T, method, path, token, body string) (int, map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := d.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var value map[string]any
	_ = json.Unmarshal(text, &value) // not all is JSON
	return resp.StatusCode, value
}

// replayed plays the tape of one deployment to another.
func replayed(was, is *deployment) Result {
	return NewScript(was.tape, was.names(), is.names()).Play(context.Background())
}

// issuer is a server that knows only what it has handed out itself.
func issuer() http.Handler {
	token, sid, code := "syt_"+rand.Text(), "s/"+rand.Text()+"+1", rand.Text()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /register", func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"access_token": token, "user_id": "@alice:reference.test"})
	})
	mux.HandleFunc("POST /session", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"sids": []string{sid}})
	})
	mux.HandleFunc("GET /mail/{sid}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("sid") != sid {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		link := fmt.Sprintf("http://%s/validate?token=%s&sid=%s", r.Host, code, url.QueryEscape(sid))
		_ = json.NewEncoder(w).Encode(map[string]any{"Text": "Open this link:\r\n" + link + "\r\n"})
	})
	mux.HandleFunc("GET /validate", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("token") != code || r.FormValue("sid") != sid {
			w.WriteHeader(http.StatusForbidden)
		}
	})
	mux.HandleFunc("POST /add", func(w http.ResponseWriter, r *http.Request) {
		var body struct{ SID, At string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.SID != sid || body.At != r.Host {
			w.WriteHeader(http.StatusBadRequest)
		}
	})
	return mux
}

// What the server issued, and where it listens, is replaced wherever the suite has
// put it: in headers, bodies, paths and queries, whole or cut out of a mail.
func TestReplaySendsWhatTheNewServerIssued(t *testing.T) {
	g := NewWithT(t)
	was, is := deploy(t, "homeserver", issuer()), deploy(t, "homeserver", issuer())
	_, account := was.send(t, "POST", "/register", "", `{"username":"alice"}`)
	token := account["access_token"].(string)
	_, session := was.send(t, "POST", "/session", token, `{}`)
	sid := session["sids"].([]any)[0].(string)
	_, mail := was.send(t, "GET", "/mail/"+url.PathEscape(sid), "", "")
	_, link, _ := strings.Cut(strings.TrimSpace(mail["Text"].(string)), was.URL)
	status, _ := was.send(t, "GET", link, "", "")
	g.Expect(status).To(Equal(http.StatusOK))
	body, _ := json.Marshal(map[string]string{"SID": sid, "At": was.names()["homeserver"]})
	status, _ = was.send(t, "POST", "/add", "", string(body))
	g.Expect(status).To(Equal(http.StatusOK))
	was.send(t, "POST", "/session", "a token that nobody issued", `{}`)

	r := replayed(was, is)
	g.Expect(r.Differ).To(BeEmpty())
	g.Expect(r.Same).To(Equal(6))
	g.Expect(r.Requests).To(Equal(6))
}

// A replay that is refused says so, which is how a reader sees that it is honest.
func TestReplayCountsOtherAnswers(t *testing.T) {
	g := NewWithT(t)
	status := func(code int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
	}
	was, is := deploy(t, "homeserver", status(http.StatusOK)), deploy(t, "homeserver", status(http.StatusForbidden))
	was.send(t, "GET", "/users/@alice-123:reference.test", "", "")

	r := replayed(was, is)
	g.Expect(r.Same).To(BeZero())
	g.Expect(r.Differ).To(Equal(map[string]int{"GET /users/… 200, now 403": 1}))
}

// Requests overlap in the replay if they did in the run, and only then.
func TestReplayOverlapsWhatOverlapped(t *testing.T) {
	g := NewWithT(t)
	meeting := func() http.Handler {
		var inFlight atomic.Int32
		both := make(chan struct{})
		mux := http.NewServeMux()
		mux.HandleFunc("/together", func(http.ResponseWriter, *http.Request) {
			if inFlight.Add(1) == 2 {
				close(both)
			}
			<-both
			inFlight.Add(-1)
		})
		mux.HandleFunc("/alone", func(w http.ResponseWriter, _ *http.Request) {
			if inFlight.Load() > 0 {
				w.WriteHeader(http.StatusConflict)
			}
		})
		return mux
	}
	was, is := deploy(t, "homeserver", meeting()), deploy(t, "homeserver", meeting())
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() { was.send(t, "GET", "/together", "", "") })
	}
	wg.Wait()
	was.send(t, "GET", "/alone", "", "")

	r := replayed(was, is)
	g.Expect(r.Differ).To(BeEmpty())
	g.Expect(r.Same).To(Equal(3))
}

// A look for a mail that comes later than in the run is repeated until it is there.
func TestReplayLooksUntilTheMailHasCome(t *testing.T) {
	g := NewWithT(t)
	mailbox := func(after int32) http.Handler {
		id := rand.Text()
		var looks atomic.Int32
		mux := http.NewServeMux()
		mux.HandleFunc("/search", func(w http.ResponseWriter, _ *http.Request) {
			if looks.Add(1) > after {
				_, _ = fmt.Fprintf(w, `{"messages":[{"ID":%q}]}`, id)
			} else {
				_, _ = io.WriteString(w, `{"messages":[]}`)
			}
		})
		mux.HandleFunc("/message/"+id, func(http.ResponseWriter, *http.Request) {})
		return mux
	}
	was, is := deploy(t, "mailbox", mailbox(0)), deploy(t, "mailbox", mailbox(3))
	_, found := was.send(t, "GET", "/search", "", "")
	id := found["messages"].([]any)[0].(map[string]any)["ID"].(string)
	was.send(t, "GET", "/message/"+id, "", "")

	r := replayed(was, is)
	g.Expect(r.Differ).To(BeEmpty())
	g.Expect(r.Repeated).To(Equal(3))
}

// A rate limit that the run did not meet is waited for, and that is no time of the
// replay's.
func TestReplayWaitsForARateLimit(t *testing.T) {
	g := NewWithT(t)
	var refused atomic.Bool
	was := deploy(t, "homeserver", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	is := deploy(t, "homeserver", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if refused.CompareAndSwap(false, true) {
			w.WriteHeader(http.StatusTooManyRequests)
			_, _ = io.WriteString(w, `{"errcode":"M_LIMIT_EXCEEDED","retry_after_ms":20}`)
		}
	}))
	was.send(t, "POST", "/session", "", `{}`)

	r := replayed(was, is)
	g.Expect(r.Differ).To(BeEmpty())
	g.Expect(r.Limited).To(Equal(1))
	g.Expect(r.Waits).To(Equal(20 * time.Millisecond))
}

// A wait of the run is a wait of the replay.
func TestReplayWaitsAsTheRunDid(t *testing.T) {
	g := NewWithT(t)
	was := deploy(t, "homeserver", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	was.tape.Waited(time.Now(), 30*time.Millisecond)

	r := replayed(was, was)
	g.Expect(r.Requests).To(BeZero())
	g.Expect(r.Waits).To(Equal(30 * time.Millisecond))
	g.Expect(r.Wall).To(BeNumerically(">=", r.Waits))
}

// What took long is listed with the spec that sent it.
func TestTapeListsLongRequests(t *testing.T) {
	g := NewWithT(t)
	was := deploy(t, "homeserver", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			<-time.After(20 * time.Millisecond)
		}
	}))
	was.send(t, "GET", "/slow", "", "")

	held := was.tape.Longer(20 * time.Millisecond)
	g.Expect(held).To(HaveLen(1))
	g.Expect(held[0].Spec).To(Equal("a spec"))
	g.Expect(held[0].Request).To(Equal("GET /slow"))
}
