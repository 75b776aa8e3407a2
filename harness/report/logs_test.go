package report

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"

	"threepid-conformance/harness/exchange"
)

func TestTheWindowOfALogIsTheTimeOfTheExchanges(t *testing.T) {
	at := time.Date(2026, 11, 24, 14, 0, 1, 500e6, time.Local)
	records := []exchange.Record{{Started: at.UTC().Format(time.RFC3339Nano), Millis: 20}}
	clock := func(d time.Duration) string { return at.Add(d).Format("2006-01-02 15:04:05.000") }
	for name, c := range map[string]struct{ log, want string }{
		"Synapse, with a traceback": {
			strings.ReplaceAll(clock(-time.Second)+" INFO before\n"+clock(time.Millisecond)+" ERROR during\nTraceback\n  File x\n"+clock(time.Second)+" INFO after\n", ".", ","),
			strings.ReplaceAll(clock(time.Millisecond), ".", ",") + " ERROR during\nTraceback\n  File x",
		},
		"with a time zone": {
			`time="` + at.UTC().Format("2006-01-02T15:04:05.000Z") + `" level=info during` + "\n",
			`time="` + at.UTC().Format("2006-01-02T15:04:05.000Z") + `" level=info during`,
		},
		"whole seconds":    {at.Format("2006-01-02 15:04:05") + " during\n", ""},
		"without a time":   {"during\n", ""},
		"secrets by value": {clock(0) + " got syt_canary\n", clock(0) + " got <access_token 1>"},
		"secrets by name":  {clock(0) + " {'client_secret': 'cs.abcdef', 'sid': 'x'} ?token=abcdefg&b\n", clock(0) + " {'client_secret': '<client_secret>', 'sid': 'x'} ?token=<token>&b"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			dir := t.TempDir()
			g.Expect(os.WriteFile(filepath.Join(dir, "target-no-mail.log"), []byte(c.log), 0o600)).To(Succeed())
			logs := targetLogs{dir: dir, read: map[string][]logEntry{}, hide: func(s string) string { return strings.ReplaceAll(s, "syt_canary", "<access_token 1>") }}
			w, ok := logs.window("no-mail", records)
			g.Expect(ok).To(Equal(c.want != ""))
			g.Expect(w.Lines).To(Equal(c.want))
			_, ok = logs.window("", records)
			g.Expect(ok).To(BeFalse(), "another configuration has a log of its own")
		})
	}
}

func TestAWindowIsNoLongerThanAReaderTakes(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	line := "2026-11-24T14:00:00.001Z " + strings.Repeat("x", 80) + "\n"
	g.Expect(os.WriteFile(filepath.Join(dir, LogFile("")), []byte(strings.Repeat(line, 1000)), 0o600)).To(Succeed())
	logs := targetLogs{dir: dir, read: map[string][]logEntry{}, hide: func(s string) string { return s }}
	w, ok := logs.window("", []exchange.Record{{Started: "2026-11-24T14:00:00Z", Millis: 3}})
	g.Expect(ok).To(BeTrue())
	g.Expect(len(w.Lines)).To(BeNumerically("<", shownOfLog+200))
	g.Expect(w.Lines).To(HaveSuffix("… the log goes on"))
}

func TestLogsAreRewrittenWithoutSecrets(t *testing.T) {
	g := NewWithT(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"target.log":         "creds: {'client_secret': 'cs.JEGJLKC4', 'sid': 'x'} syt_canary\n",
		"target-no-mail.log": `POST {"password": "hunter2hunter2", "m.login.password": 1} /submit?token=abcdef&sid=1` + "\n",
		"exchanges.jsonl":    "syt_canary\n", // not a log
	} {
		g.Expect(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600)).To(Succeed())
	}
	g.Expect(HideInLogs(dir, func(s string) string { return strings.ReplaceAll(s, "syt_canary", "<access_token 1>") })).To(Succeed())
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		g.Expect(err).NotTo(HaveOccurred())
		return string(text)
	}
	g.Expect(read("target.log")).To(Equal("creds: {'client_secret': '<client_secret>', 'sid': 'x'} <access_token 1>\n"))
	g.Expect(read("target-no-mail.log")).To(Equal(`POST {"password": "<password>", "m.login.password": 1} /submit?token=<token>&sid=1` + "\n"))
	g.Expect(read("exchanges.jsonl")).To(Equal("syt_canary\n"))
}
