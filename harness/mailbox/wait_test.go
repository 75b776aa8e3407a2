package mailbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"threepid-conformance/harness/mailbox"
)

func TestWaitForReturnsWhatIsThere(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address := freshAddress()
		server.deliverText(t, address, "first", "x")
		server.deliverText(t, address, "second", "x")

		if mails := server.waitFor(t, address, 1); len(mails) != 2 {
			t.Errorf("want both mails although one was enough, got %s", subjects(mails))
		}
	})
}

func TestWaitForLooksLessAndLessOften(t *testing.T) {
	var searches atomic.Int32
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/search") {
			searches.Add(1)
		}
		_, _ = io.WriteString(w, `{"messages":[]}`)
	}))
	defer empty.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, err := mailbox.New(empty.URL).WaitFor(ctx, "bob@x", 1); err == nil {
		t.Fatal("want an error")
	}

	// After 2, 4, 8, 16, 32 ms and then every 50; 150 without growing pauses.
	if n := searches.Load(); n < 2 || n > 12 {
		t.Errorf("want about ten searches in 300 ms, got %d", n)
	}
}

func TestWaitForSaysWhatCameInstead(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		address, other := freshAddress(), freshAddress()
		server.deliverText(t, address, "the first", "x")
		server.deliverText(t, other, "not yours", "x")
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()

		mails, err := server.WaitFor(ctx, address, 2)
		if mails != nil || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("want no mails and a deadline error, got %v, %v", mails, err)
		}
		for _, want := range []string{server.URL(), "2 mail(s) to " + address, "got 1", `"the first" to ` + address, `"not yours" to ` + other} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("want %q in the error, got: %v", want, err)
			}
		}
	})
}

func TestWaitForSaysThatNothingCame(t *testing.T) {
	server := startCatcher(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()

	_, err := server.WaitFor(ctx, "bob@example.org", 1)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "got 0") ||
		!strings.Contains(err.Error(), "no mail to another address") {
		t.Errorf("want an error saying that the mailbox is empty, got: %v", err)
	}
}

func TestWaitForDoesNotWaitForABrokenMailbox(t *testing.T) {
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "database is locked", http.StatusInternalServerError)
	}))
	defer broken.Close()

	_, err := mailbox.New(broken.URL).WaitFor(t.Context(), "bob@example.org", 1)
	if err == nil || !strings.Contains(err.Error(), "500") || !strings.Contains(err.Error(), "database is locked") {
		t.Errorf("want the mailbox's own error, got: %v", err)
	}
}

func TestConcurrentDeliveriesAndWaits(t *testing.T) {
	onEachServer(t, func(t *testing.T, server mailServer) {
		const users, mailsEach = 8, 5
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var work sync.WaitGroup
		for range users {
			address := freshAddress()
			for i := range mailsEach {
				work.Go(func() {
					if err := server.send([]string{address}, textMail(address, fmt.Sprint(i), "x")...); err != nil {
						t.Error(err)
					}
				})
			}
			work.Go(func() {
				mails, err := server.WaitFor(ctx, address, mailsEach)
				if err != nil {
					t.Error(err)
				} else if len(mails) != mailsEach {
					t.Errorf("want %d mails, got %s", mailsEach, subjects(mails))
				}
			})
		}
		work.Wait()
	})
}
