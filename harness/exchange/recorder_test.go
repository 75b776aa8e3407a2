package exchange

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/masking"
	"threepid-conformance/harness/requirements"
	"threepid-conformance/harness/verdict"
)

func TestALineOfExchangesJSONL(t *testing.T) {
	g := NewWithT(t)
	base := serve(t, canned{status: 400, body: `{"errcode":"Nope","error":"no"}`})
	client := connect(t, base, modern, enough)
	client.recorder.Begin("bind3PID: a spec")
	before := time.Now()
	r := call(t, "bind3PID")
	r.Body = map[string]any{"sid": "s1"}
	client.answer(t, r)

	text, err := os.ReadFile(client.path)
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(string(text)).To(HaveSuffix("}\n"))
	var record map[string]any
	g.Expect(json.Unmarshal(text, &record)).To(Succeed())
	g.Expect(record).To(And(
		HaveKeyWithValue("id", "p1-1"),
		HaveKeyWithValue("spec", "bind3PID: a spec"),
		HaveKeyWithValue("operation", "bind3PID"),
		HaveKeyWithValue("ms", BeNumerically(">", 0)),
		HaveKeyWithValue("request", And(HaveKeyWithValue("method", "POST"), HaveKeyWithValue("url", base+r.Path), HaveKeyWithValue("body", `{"sid":"s1"}`))),
		HaveKeyWithValue("response", And(HaveKeyWithValue("status", 400.0), HaveKeyWithValue("body", `{"errcode":"Nope","error":"no"}`))),
		HaveKeyWithValue("findings", HaveLen(1)),
		Not(HaveKey("error")),
	))
	started, err := time.Parse(time.RFC3339Nano, record["started"].(string))
	g.Expect(err).NotTo(HaveOccurred())
	g.Expect(started).To(BeTemporally("~", before, time.Minute))
	g.Expect(record["started"]).To(HaveSuffix("Z"))
}

func TestAnUnansweredRequestIsALineToo(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, "http://127.0.0.1:1", modern, enough)
	failure := client.refused(t, t.Context(), call(t, "bind3PID"))
	record := client.lines(t)[0]
	g.Expect(failure.Why).To(And(HavePrefix("no answer: "), ContainSubstring("connection refused")))
	g.Expect(record.Error).To(Equal(failure.Why))
	g.Expect(record.Response).To(BeNil())
	g.Expect(record.Request.Method).To(Equal(http.MethodPost))
	g.Expect(client.recorder.Last().String()).To(And(
		HavePrefix("sent  POST http://127.0.0.1:1/"), ContainSubstring("\ncame  "+failure.Why), ContainSubstring("(exchange p1-1 in exchanges.jsonl)")))
}

func TestBeginForgetsWhatTheSpecBeforeSaw(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, canned{status: 200, body: `[]`}), modern, enough)
	r := client.recorder
	r.Begin("first")
	client.answer(t, call(t, "bind3PID"))
	client.answer(t, call(t, "bind3PID"))
	g.Expect(r.Seen()).To(Equal([]string{"p1-1", "p1-2"}))
	g.Expect(r.Findings()).To(HaveLen(2))
	g.Expect(r.Findings()[1]).To(And(HaveField("Spec", "first"), HaveField("Exchange", "p1-2")))

	r.Begin("second")
	g.Expect(r.Seen()).To(BeEmpty())
	g.Expect(r.Findings()).To(BeEmpty())
	g.Expect(r.Last()).To(BeNil())
	client.answer(t, call(t, "bind3PID"))
	g.Expect(r.Seen()).To(Equal([]string{"p1-3"}), "an id is given once in a run")
	g.Expect(client.lines(t)[2].Spec).To(Equal("second"))
}

func TestLastIsAResponseOfAnOperation(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, granted), modern, enough)
	a := client.answer(t, call(t, "bind3PID"))
	client.answer(t, Request{Method: http.MethodGet, Path: "/_matrix/client/versions"})
	g.Expect(client.recorder.Last()).To(BeIdenticalTo(a))
}

func TestFileAddsAFindingAboutTheLatestExchange(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, granted), modern, enough)
	r := client.recorder
	r.Secret("client_secret", "s3cr3t-value")
	r.Begin("a spec")
	row := requirements.Row{Operation: "bind3PID", Requirement: "bind-005-success-200"}
	r.File(verdict.Finding{Row: row, Message: "before any exchange"})
	client.answer(t, call(t, "bind3PID"))
	r.File(verdict.Finding{Row: row, Strictly: true, Message: "got s3cr3t-value"})
	r.File(verdict.Finding{Row: row, Message: "about another", Exchange: "p1-0"})
	g.Expect(r.Findings()).To(Equal([]verdict.Finding{
		{Row: row, Message: "before any exchange", Spec: "a spec"},
		{Row: row, Strictly: true, Message: "got <client_secret 1>", Spec: "a spec", Exchange: "p1-1"},
		{Row: row, Message: "about another", Spec: "a spec", Exchange: "p1-0"},
	}))
}

func TestLongBodiesAreCutAtAWholeCharacter(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		cut  bool
		keep int
	}{
		"at the limit": {strings.Repeat("a", maxEvidence), false, maxEvidence},
		"one more":     {strings.Repeat("a", maxEvidence+1), true, maxEvidence},
		"within an ö":  {"a" + strings.Repeat("ö", maxEvidence), true, maxEvidence - 1},
	} {
		g := NewWithT(t)
		client := connect(t, serve(t, canned{status: 200, body: c.body}), modern, enough)
		r := call(t, "bind3PID")
		r.Raw = []byte(c.body)
		a := client.answer(t, r)
		record := client.lines(t)[0]
		for _, m := range []Message{record.Request, *record.Response} {
			g.Expect(m.Truncated).To(Equal(c.cut), name)
			g.Expect(m.Body).To(Equal(c.body[:c.keep]), name)
		}
		g.Expect(string(a.Body)).To(Equal(c.body), "%s: the answer itself is whole", name)
		g.Expect(len(a.String())).To(BeNumerically("<", 2000), "%s: a failure message is short", name)
	}
}

func TestBytesThatAreNoTextMakeAValidLine(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, canned{status: 200, header: http.Header{"X-Odd": {"\xff"}}, body: "{\"a\":\"\xff\x00\"}\n\u2028"}), modern, enough)
	r := call(t, "bind3PID")
	r.Raw = []byte{0xfe, 0x00, '\n'}
	client.answer(t, r)
	g.Expect(client.lines(t)).To(HaveLen(1))
	g.Expect(client.lines(t)[0].Response.Body).To(Equal("{\"a\":\"\uFFFD\x00\"}\n\u2028"))
}

func TestTheFirstErrorOfWritingIsKept(t *testing.T) {
	g := NewWithT(t)
	path := filepath.Join(t.TempDir(), "exchanges.jsonl")
	g.Expect(os.WriteFile(path, nil, 0o600)).To(Succeed())
	file, err := os.Open(path) // for reading only
	g.Expect(err).NotTo(HaveOccurred())
	r := NewRecorder(file, masking.New(""), "x")
	c := NewClient(serve(t, granted), modern, r, enough)
	send := func() {
		_, err := c.Do(t.Context(), call(t, "bind3PID"))
		g.Expect(err).NotTo(HaveOccurred(), "the spec goes on")
	}
	send()
	first := r.Err()
	g.Expect(first).To(MatchError(And(ContainSubstring("cannot be written to "+path), ContainSubstring("bad file descriptor"))))
	g.Expect(file.Close()).To(Succeed())
	send()
	g.Expect(r.Err()).To(BeIdenticalTo(first))
	g.Expect(r.Seen()).To(HaveLen(2))
}

// Two processes of many goroutines append to one file.
func TestConcurrentUse(t *testing.T) {
	const processes, workers, requests = 2, 8, 10
	g := NewWithT(t)
	base := serve(t, canned{status: 200, body: `{"threepids":[` + strings.Repeat(address+",", 20) + address + `]}`})
	first := connect(t, base, modern, enough)
	file, err := os.OpenFile(first.path, os.O_APPEND|os.O_WRONLY, 0o600)
	g.Expect(err).NotTo(HaveOccurred())
	defer file.Close()
	recorder := NewRecorder(file, masking.New(""), "p2-")
	second := recordedClient{Client: NewClient(base, modern, recorder, enough), recorder: recorder}
	var wg sync.WaitGroup
	for _, client := range []recordedClient{first, second} {
		for worker := range workers {
			wg.Go(func() {
				for n := range requests {
					r := call(t, "getAccount3PIDs")
					r.Token = fmt.Sprintf("token-%d-%d", worker, n)
					if _, err := client.Do(t.Context(), r); err != nil {
						t.Error(err)
					}
					client.recorder.File(verdict.Finding{Message: "x"})
					_ = client.recorder.Last().String()
					client.recorder.Findings()
				}
			})
		}
	}
	wg.Wait()

	var ids []string
	for _, record := range first.lines(t) {
		ids = append(ids, record.ID)
	}
	g.Expect(ids).To(HaveLen(processes * workers * requests))
	g.Expect(ids).To(ConsistOf(append(first.recorder.Seen(), second.recorder.Seen()...)))
	g.Expect(first.recorder.Findings()).To(HaveLen(workers * requests))
}

// What came to another party stands among the spec's exchanges, by that party's
// clock and without secrets.
func TestAWitnessIsRecordedWithoutSecrets(t *testing.T) {
	g := NewWithT(t)
	client := connect(t, serve(t, granted), modern, enough)
	client.recorder.Begin("bind3PID: a spec")
	client.answer(t, call(t, "bind3PID"))
	client.recorder.Secret("id_access_token", "1d.access-token")
	client.recorder.Witness(Record{
		Party: IdentityServer, Started: "2026-01-02T03:04:05Z",
		Request: Message{
			Method: http.MethodPost, URL: "https://is.example/bind?access_token=1d.access-token",
			Headers: map[string][]string{"Authorization": {"Bearer 1d.access-token"}},
			Body:    `{"client_secret":"s3cr3t-value"}`, Truncated: true,
		},
		Response: &Message{Status: http.StatusNotFound, Body: `{"error":"no s3cr3t-value"}`},
		Notes:    []string{"looked for s3cr3t-value"},
	})
	g.Expect(client.recorder.Seen()).To(Equal([]string{"p1-1", "p1-2"}))
	g.Expect(client.lines(t)[1]).To(Equal(Record{
		ID: "p1-2", Spec: "bind3PID: a spec", Party: IdentityServer, Started: "2026-01-02T03:04:05Z",
		Request: Message{
			Method: http.MethodPost, URL: "https://is.example/bind?access_token=<id_access_token 1>",
			Headers: map[string][]string{"Authorization": {"Bearer <id_access_token 1>"}},
			Body:    `{"client_secret":"<client_secret 1>"}`, Truncated: true,
		},
		Response: &Message{Status: http.StatusNotFound, Headers: nil, Body: `{"error":"no <client_secret 1>"}`},
		Notes:    []string{"looked for <client_secret 1>"},
	}))
	g.Expect(client.recorder.Last()).To(HaveField("ID", "p1-1"), "it is no answer of the homeserver")
}
