package store

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"threepid-conformance/mockidserver/control"
)

var alice = ThreePID{"email", "alice@example.org"}

func TestSendAttempt(t *testing.T) {
	s := New()
	request := func(attempt int64, service string, pid ThreePID, secret string) (string, bool) {
		sid, _, sent := s.RequestToken("", service, pid, secret, "", attempt, nil)
		return sid, sent != nil
	}
	first, sent := request(1, "identity", alice, "s")
	if !sent {
		t.Fatal("nothing was sent")
	}
	for _, c := range []struct {
		attempt int64
		sent    bool
	}{{1, false}, {0, false}, {-5, false}, {2, true}, {2, false}, {1, false}, {10, true}} {
		if sid, sent := request(c.attempt, "identity", alice, "s"); sid != first || sent != c.sent {
			t.Errorf("attempt %d: same sid %v, sent %v", c.attempt, sid == first, sent)
		}
	}
	for name, other := range map[string]func() (string, bool){
		"secret":  func() (string, bool) { return request(1, "identity", alice, "t") },
		"address": func() (string, bool) { return request(1, "identity", ThreePID{"email", "bob@example.org"}, "s") },
		"service": func() (string, bool) { return request(1, "sms", alice, "s") },
	} {
		if sid, sent := other(); sid == first || !sent {
			t.Errorf("another %s: same sid %v, sent %v", name, sid == first, sent)
		}
	}
	if codes := s.Codes(control.SID(first)); len(codes) != 3 {
		t.Errorf("%d codes", len(codes))
	}
}

func TestSessionLife(t *testing.T) {
	s := New()
	now := time.Now()
	s.now = func() time.Time { return now }
	sid, _, code := s.RequestToken("", "identity", alice, "secret", "https://next", 1, nil)

	if _, err := s.Validated("identity", sid, "secret"); !errors.Is(err, ErrNotValidated) {
		t.Errorf("before: %v", err)
	}
	for _, c := range []struct {
		service, sid, secret, token string
		want                        error
	}{
		{"identity", "unknown", "secret", code.Token, ErrNoSession},
		{"identity", sid, "SECRET", code.Token, ErrNoSession},
		{"identity", sid, "secre", code.Token, ErrNoSession},
		{"sms", sid, "secret", code.Token, ErrNoSession},
		{"identity", sid, "secret", "wrong", ErrWrongToken},
	} {
		if _, err := s.SubmitToken(c.service, c.sid, c.secret, c.token); !errors.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	now = now.Add(20 * time.Hour)
	for range 2 {
		if next, err := s.SubmitToken("identity", sid, "secret", code.Token); err != nil || next != "https://next" {
			t.Errorf("right token: %q, %v", next, err)
		}
	}
	now = now.Add(20 * time.Hour) // validating started the lifetime anew
	if x, err := s.Validated("identity", sid, "secret"); err != nil || x.ValidatedAt != now.Add(-20*time.Hour).UnixMilli() {
		t.Errorf("after: %+v, %v", x, err)
	}
	// A validated session is over for requestToken.
	if again, isNew, sent := s.RequestToken("", "identity", alice, "secret", "", 1, nil); again == sid || !isNew || sent == nil {
		t.Error("a validated session was reused")
	}
	now = now.Add(5 * time.Hour)
	if _, err := s.Validated("identity", sid, "secret"); !errors.Is(err, ErrExpired) {
		t.Errorf("too old: %v", err)
	}
}

func TestFreeForgetsOneScope(t *testing.T) {
	s := New()
	for _, scope := range []string{"a", "b"} {
		s.Open(scope)
		pid := ThreePID{"email", scope}
		s.RequestToken(scope, "identity", pid, "s", "", 1, nil)
		s.IssueToken(scope, "@"+scope+":hs", true)
		s.AcceptTerms(scope, "@"+scope+":hs", []string{"https://terms"})
		s.Bind(scope, Binding{ThreePID: pid, MXID: "@" + scope + ":hs"})
		s.StoreInvite(scope, Invite{Token: scope, PublicKey: "key of " + scope})
	}
	count := func() string {
		return fmt.Sprint(len(s.sessions.rows), len(s.tokens.rows), len(s.accounts.rows), len(s.bindings.rows), len(s.invites.rows))
	}
	if got := count(); got != "2 2 2 2 2" {
		t.Fatal(got)
	}
	s.Free("a")
	if got := count(); got != "1 1 1 1 1" {
		t.Error(got)
	}
	if _, ok := s.Binding(ThreePID{"email", "b"}); !ok || !s.Accepted("@b:hs", []string{"https://terms"}) {
		t.Error("another scope lost something")
	}
	s.Free("b")
	if got := count(); got != "0 0 0 0 0" {
		t.Error(got)
	}
	// A request that outlives its scope leaves rows that belong to none.
	s.Bind("b", Binding{ThreePID: alice})
	if len(s.bindings.of("b")) != 0 || len(s.bindings.of("")) != 1 {
		t.Errorf("rows: %v", s.bindings.rows)
	}
}

func TestTablesAreBounded(t *testing.T) {
	s := New()
	for i := range maxRows + 10 {
		s.Bind("", Binding{ThreePID: ThreePID{"email", fmt.Sprint(i)}})
	}
	_, oldest := s.Binding(ThreePID{"email", "9"})
	_, next := s.Binding(ThreePID{"email", "10"})
	if len(s.bindings.rows) != maxRows || oldest || !next {
		t.Errorf("%d rows, the tenth %v, the next %v", len(s.bindings.rows), oldest, next)
	}
}
