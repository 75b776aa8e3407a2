package mockidserver_test

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"

	"threepid-conformance/mockidserver/control"
)

// residentMB is the memory of this process, server and clients.
func residentMB(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("the resident memory is not readable here: ", err)
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	kilobytes, err := strconv.Atoi(strings.Fields(after)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kilobytes >> 10
}

// Ten thousand requests, fifty at a time, in scopes that stay open.
func TestTenThousandRequestsInOpenScopes(t *testing.T) {
	const clients, allowedMB = 50, 64
	rounds := 50
	if raceDetector {
		rounds = 5
	}
	total := clients * rounds * 4
	w := newWorld(t)
	before := residentMB(t)

	// Connections stay, so they are opened before the heap is looked at.
	w.crowd(clients, 1, true)
	heapBefore := heapMB()
	scopes := w.crowd(clients, rounds, false)

	// As it is, with whatever garbage there is.
	after := residentMB(t)

	seen := 0
	used := map[int64]bool{}
	for i, scope := range scopes {
		journal := must(scope.Journal(t.Context()))(t)
		if journal.Dropped > 0 {
			t.Errorf("scope %d: %d entries dropped", i, journal.Dropped)
		}
		last := int64(0)
		for n, entry := range journal.Entries {
			want := []control.Endpoint{control.EmailRequestToken, control.EmailSubmitToken, control.Bind, control.HashDetails}[n%4]
			if entry.Seq <= last || used[entry.Seq] || entry.Endpoint != want || entry.Status != 200 {
				t.Fatalf("scope %d, entry %d: %s after #%d", i, n, entry, last)
			}
			last, used[entry.Seq] = entry.Seq, true
		}
		seen += len(journal.Entries)
	}
	if seen != total {
		t.Errorf("%d requests were made, %d are in the journal", total, seen)
	}
	t.Logf("resident: %d MB before, %d MB with %d requests in %d open scopes", before, after, total, clients)
	if after-before > allowedMB && !raceDetector {
		t.Errorf("%d MB more than before, allowed are %d", after-before, allowedMB)
	}

	clear(used)
	full := heapMB()
	for _, scope := range scopes {
		if _, err := scope.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	closed := heapMB()
	t.Logf("heap: %d MB before, %d MB with open scopes, %d MB after they closed", heapBefore, full, closed)
	if closed-heapBefore > max(2, (full-heapBefore)/4) {
		t.Errorf("%d MB of %d MB are still in use after the scopes closed", closed-heapBefore, full-heapBefore)
	}
}

// crowd lets many clients go through their flow at once.
func (w *world) crowd(clients, rounds int, closed bool) []*control.Scope {
	w.t.Helper()
	scopes := make([]*control.Scope, clients)
	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			scopes[i] = w.flow(i, rounds)
			if closed && scopes[i] != nil {
				if _, err := scopes[i].Close(w.t.Context()); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	group.Wait()
	if w.t.Failed() {
		w.t.FailNow()
	}
	return scopes
}

// heapMB is the memory in use after garbage collection.
func heapMB() int {
	debug.FreeOSMemory()
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int(memory.HeapAlloc >> 20)
}

// flow is a user's life in one scope, four requests a round.
func (w *world) flow(i, rounds int) *control.Scope {
	mxid, email, secret := fmt.Sprintf("@load%d:hs.test", i), fmt.Sprintf("load%d@example.org", i), fmt.Sprintf("load-secret-%d", i)
	fail := func(err error) bool {
		if err != nil {
			w.t.Error(err)
		}
		return err != nil
	}
	scope, err := w.client.OpenScope(w.t.Context(), mxid, control.MXID(mxid), control.Address(email))
	if fail(err) {
		return nil
	}
	token, err := scope.MintToken(w.t.Context(), mxid)
	if fail(err) {
		return nil
	}
	request := func(method, path string, body any) answer {
		a, err := w.try(method, "/_matrix/identity/v2/"+path, token, body)
		if err == nil && a.status != 200 {
			err = fmt.Errorf("%s: %d %s", path, a.status, a.body)
		}
		fail(err)
		return a
	}
	for n := range rounds {
		own := fmt.Sprintf("%s-%d", secret, n)
		sid := request(http.MethodPost, "validate/email/requestToken", object{"client_secret": own, "email": email, "send_attempt": 1}).text("sid")
		codes, err := w.client.Codes(w.t.Context(), control.SID(sid))
		if fail(err) || len(codes) != 1 {
			w.t.Errorf("%d codes", len(codes))
			return scope
		}
		request(http.MethodPost, "validate/email/submitToken", object{"sid": sid, "client_secret": own, "token": codes[0].Token})
		request(http.MethodPost, "3pid/bind", object{"sid": sid, "client_secret": own, "mxid": mxid})
		request(http.MethodGet, "hash_details?"+url.Values{"n": {fmt.Sprint(n)}}.Encode(), nil)
	}
	return scope
}
