package selftest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"threepid-conformance/fixtures/refserver"
)

// Answers that are made to hurt. The run ends in bounded time and memory, with a
// readable report that says what was wrong.
func TestHostileAnswersDoNotHurt(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"one byte a second":      drip,
		"a body of 1 GB":         flood,
		"100,000 levels of JSON": body(strings.Repeat("[", 100_000)),
		"a gzip bomb":            bomb(),
		"endless redirects": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, r.URL.Path+"?again="+r.URL.Query().Get("again")+"x", http.StatusTemporaryRedirect)
		},
		"invalid UTF-8":     body("{\"errcode\":\"\xff\xfe\"}"),
		"closes mid-body":   raw("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"sid\":"),
		"changes protocol":  raw("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: carrier-pigeon\r\n\r\ncoo"),
		"a megabyte header": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 1<<20)) },
		"huge numbers":      body(`{"errcode":"M_UNKNOWN","error":"x","retry_after_ms":1e10000000}`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			smtp := freeAddress(t)
			b := begin(t, "--url="+hostile(t, smtp, answer), "--mail-smtp-listen="+smtp, "--capabilities-mail=yes", "--timeout-factor=0.1")
			peak := 0
			b.until(t, "its end", func() bool {
				peak = max(peak, peakKB(b.cmd.Process.Pid))
				return b.ended()
			})
			r := b.wait(t)
			if r.exit != 1 || r.report == nil {
				t.Fatalf("exit %d, want 1 and a report\n%s", r.exit, r.output)
			}
			if peak > 200<<10 {
				t.Errorf("the run took %d MB at its peak", peak>>10)
			}
			if r.report.Profile.Must["pass"] > 0 {
				t.Errorf("%d MUST rows pass", r.report.Profile.Must["pass"])
			}
		})
	}
}

// peakKB is the most memory that a process has held so far. What the kernel tells of
// one that has ended counts what this test held when it started it.
func peakKB(pid int) (kb int) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // not there when it has ended
	_, rest, _ := strings.Cut(string(text), "VmHWM:")
	_, _ = fmt.Sscan(rest, &kb)
	return kb
}

// hostile is the reference homeserver with another answer to everything under
// /account/3pid.
func hostile(t *testing.T, smtp string, answer http.HandlerFunc) string {
	t.Helper()
	right, err := refserver.Start(t.Context(), refserver.Options{SMTP: smtp})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { right.Close() })
	proxy := proxyTo(t, right.URL())
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/account/3pid") {
			// Only a request that was read to its end tells when its client is gone.
			_, _ = io.Copy(io.Discard, r.Body)
			answer(w, r)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
	})
	return front.URL
}

// proxyTo hands requests on to a server.
func proxyTo(t *testing.T, base string) *httputil.ReverseProxy {
	t.Helper()
	behind, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(behind)
}

func body(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}
}

func drip(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		if _, err := w.Write([]byte(" ")); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		}
	}
}

func flood(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	block := bytes.Repeat([]byte("x"), 1<<20)
	for range 1 << 10 {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// bomb answers with a quarter of a megabyte that unpacks to a quarter of a
// gigabyte, though nobody asked for gzip.
func bomb() http.HandlerFunc {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	block := make([]byte, 1<<20)
	for range 256 {
		_, _ = z.Write(block) // a buffer takes everything
	}
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(packed.Bytes())
	}
}

// raw answers with bytes of its own and hangs up.
func raw(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, buffer, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		fmt.Fprint(buffer, text)
		buffer.Flush()
	}
}
