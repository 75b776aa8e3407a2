package exchange

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"threepid-conformance/harness/masking"
)

// What a list of two identifiers costs is typical of a run.
const twoIdentifiers = `{"threepids":[` +
	`{"medium":"email","address":"alice@example.org","validated_at":1700000000000,"added_at":1700000000001},` +
	`{"medium":"msisdn","address":"12015550123","validated_at":1700000000000,"added_at":1700000000001}]}`

// list is a request for the identifiers of an account.
var list = Request{Method: http.MethodGet, Path: "/_matrix/client/v3/account/3pid", Token: "syt_c3BlYw_benchmark_0"}

// benchmarked is a client that records into a file, for a fake homeserver.
func benchmarked(b *testing.B) *Client {
	b.Helper()
	server := httptest.NewServer(canned{status: http.StatusOK, body: twoIdentifiers})
	b.Cleanup(server.Close)
	file, err := os.Create(filepath.Join(b.TempDir(), "exchanges.jsonl"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = file.Close() })
	return NewClient(server.URL, modern, NewRecorder(file, masking.New(""), "p1-"), enough)
}

// One exchange with everything: sent, checked, masked, recorded. What BenchmarkBare
// takes is the network's and net/http's.
func BenchmarkDo(b *testing.B) {
	c := benchmarked(b)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%10 == 0 { // about as many as a spec sends
			c.recorder.Begin("getAccount3PIDs get-003-item-required-fields: lists what was added")
		}
		if _, err := c.Do(b.Context(), list); err != nil {
			b.Fatal(err)
		}
	}
}

// The same request over the same transport, with nothing around it.
func BenchmarkBare(b *testing.B) {
	c := benchmarked(b)
	b.ReportAllocs()
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), enough)
		req, _, err := c.build(ctx, list)
		if err != nil {
			b.Fatal(err)
		}
		resp, err := c.transport.RoundTrip(req)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadAll(resp.Body); err != nil {
			b.Fatal(err)
		}
		_ = resp.Body.Close()
		cancel()
	}
}

// answered is an answer as it comes from the network.
func answered(b *testing.B) *Response {
	b.Helper()
	a, err := benchmarked(b).Do(b.Context(), list)
	if err != nil {
		b.Fatal(err)
	}
	return a
}

// What an answer breaks that no spec has to ask for, the first time and when the
// same answer comes again.
func BenchmarkJudge(b *testing.B) {
	a := answered(b)
	for _, name := range []string{"new", "again"} {
		b.Run(name, func(b *testing.B) {
			c := benchmarked(b)
			b.ReportAllocs()
			for b.Loop() {
				if name == "new" {
					clear(c.checked.found)
				}
				if found := c.judge(a, nil); len(found) > 0 {
					b.Fatal(found)
				}
			}
		})
	}
}

// Masking and the line in exchanges.jsonl, by the number of secrets that the run
// has had so far, which must not matter.
func BenchmarkRecord(b *testing.B) {
	for _, secrets := range []int{0, 1_000, 16_000} {
		b.Run(fmt.Sprintf("secrets=%d", secrets), func(b *testing.B) {
			c, a := benchmarked(b), answered(b)
			for n := range secrets {
				c.recorder.Secret("access_token", fmt.Sprintf("syt_c3BlYw_%08d_a", n))
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%10 == 0 {
					c.recorder.Begin("getAccount3PIDs get-003-item-required-fields: lists what was added")
				}
				c.recorder.add(a, nil, nil)
			}
		})
	}
}
