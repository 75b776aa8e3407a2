package store

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"threepid-conformance/mockidserver/control"
)

// SessionLifetime is how long a session lives after it was made or validated.
// Spec: identity-service-api/#establishing-associations.
const SessionLifetime = 24 * time.Hour

// What can be wrong with a session; each has an error code in the spec.
var (
	ErrNoSession    = errors.New("no session has this sid and client_secret")
	ErrNotValidated = errors.New("the session has not been validated")
	ErrExpired      = errors.New("the session has expired")
	ErrWrongToken   = errors.New("the token is not one that was sent for this session")
)

// ThreePID is a medium and a canonical address.
type ThreePID struct{ Medium, Address string }

// A sessionKey identifies a session to a client that repeats its request.
type sessionKey struct {
	service string
	pid     ThreePID
	secret  string
}

type session struct {
	sid         string
	key         sessionKey
	sendAttempt int64
	nextLink    string
	codes       []control.Code
	validated   time.Time // zero: not yet
	modified    time.Time
}

// maxCodes bounds the messages kept per session.
const maxCodes = 100

// Link makes the link of an email from sid, client_secret and token; "" for none.
type Link func(sid, secret, token string) string

// RequestToken starts a session, or repeats an unvalidated one with the same
// service, identifier and secret. A message is "sent" if the session is new or
// sendAttempt is greater than before. It returns the sid, whether the session
// is new, and the message, nil if none was sent.
func (s *Store) RequestToken(scope, service string, pid ThreePID, secret, nextLink string, sendAttempt int64, link Link) (sid string, isNew bool, sent *control.Code) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := sessionKey{service, pid, secret}
	var found *session
	if same := s.sessions.find(func(x *session) bool { return x.key == key }); len(same) > 0 {
		found = same[len(same)-1]
	}
	if found == nil || !found.validated.IsZero() || s.expired(found) {
		found = s.newSession(scope, key)
		isNew = true
	} else if sendAttempt <= found.sendAttempt {
		return found.sid, false, nil
	}
	found.sendAttempt, found.nextLink = sendAttempt, nextLink
	return found.sid, isNew, s.send(found, link)
}

// newSession makes a session. The caller holds the lock.
func (s *Store) newSession(scope string, key sessionKey) *session {
	made := &session{sid: Random(), key: key, modified: s.now()}
	s.sessions.put(s.owner(scope), made.sid, made)
	return made
}

// send notes a message with a new token. The caller holds the lock.
func (s *Store) send(to *session, link Link) *control.Code {
	code := control.Code{
		Service: to.key.service, Medium: to.key.pid.Medium, Address: to.key.pid.Address,
		SID: to.sid, ClientSecret: to.key.secret, SendAttempt: to.sendAttempt, Sent: s.now(),
	}
	if code.Medium == control.MSISDN {
		code.Token = sixDigits()
	} else {
		code.Token = Random()
	}
	if link != nil {
		code.Link = link(code.SID, code.ClientSecret, code.Token)
	}
	to.codes = append(to.codes, code)
	if len(to.codes) > maxCodes {
		to.codes = slices.Clone(to.codes[1:])
	}
	return &code
}

func sixDigits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return fmt.Sprintf("%06d", n)
}

// Create makes a session without a message, or, unvalidated, with one.
func (s *Store) Create(scope, service string, pid ThreePID, secret string, validated bool, link Link) control.Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := s.newSession(scope, sessionKey{service, pid, secret})
	if validated {
		made.validated = s.now()
	} else {
		made.sendAttempt = 1
		s.send(made, link)
	}
	return s.describe(made)
}

// SubmitToken validates a session and returns its next_link. A second time with
// the right token is no error. Every token sent for the session counts.
func (s *Store) SubmitToken(service, sid, secret, token string) (nextLink string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.lookup(service, sid, secret)
	if err != nil {
		return "", err
	}
	matches := func(c control.Code) bool { return subtle.ConstantTimeCompare([]byte(c.Token), []byte(token)) == 1 }
	if !slices.ContainsFunc(found.codes, matches) {
		return "", ErrWrongToken
	}
	if found.validated.IsZero() {
		found.validated = s.now()
		found.modified = found.validated
	}
	return found.nextLink, nil
}

// Validated returns a session that has been validated.
func (s *Store) Validated(service, sid, secret string) (control.Session, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, err := s.lookup(service, sid, secret)
	if err != nil {
		return control.Session{}, err
	}
	if found.validated.IsZero() {
		return control.Session{}, ErrNotValidated
	}
	return s.describe(found), nil
}

// lookup finds a live session. The caller holds the lock.
func (s *Store) lookup(service, sid, secret string) (*session, error) {
	found, ok := s.sessions.get(sid)
	if !ok || found.key.service != service || subtle.ConstantTimeCompare([]byte(found.key.secret), []byte(secret)) != 1 {
		return nil, ErrNoSession
	}
	if s.expired(found) {
		return nil, ErrExpired
	}
	return found, nil
}

func (s *Store) expired(x *session) bool { return s.now().Sub(x.modified) > SessionLifetime }

// Session describes a session.
func (s *Store) Session(sid string) (control.Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions.get(sid)
	if !ok {
		return control.Session{}, false
	}
	return s.describe(found), true
}

// Expire makes a session older than its lifetime.
func (s *Store) Expire(sid string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.sessions.get(sid)
	if ok {
		found.modified = s.now().Add(-SessionLifetime - time.Second)
	}
	return ok
}

func (s *Store) describe(x *session) control.Session {
	described := control.Session{
		SID: x.sid, ClientSecret: x.key.secret, Service: x.key.service,
		Medium: x.key.pid.Medium, Address: x.key.pid.Address,
		Validated: !x.validated.IsZero(), Expired: s.expired(x), SendAttempt: x.sendAttempt,
	}
	if described.Validated {
		described.ValidatedAt = x.validated.UnixMilli()
	}
	return described
}

// Codes returns the messages of the sessions with a sid, client_secret or
// address, oldest first.
func (s *Store) Codes(key control.Key) []control.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return collectCodes(s.sessions.find(func(x *session) bool {
		return control.Keys{SID: x.sid, ClientSecret: x.key.secret, Address: x.key.pid.Address}.Has(key)
	}))
}

// ScopeCodes returns the messages of a scope's sessions, oldest first.
func (s *Store) ScopeCodes(scope string) []control.Code {
	s.mu.Lock()
	defer s.mu.Unlock()
	return collectCodes(s.sessions.of(scope))
}

func collectCodes(sessions []*session) []control.Code {
	codes := []control.Code{}
	for _, x := range sessions {
		codes = append(codes, x.codes...)
	}
	slices.SortStableFunc(codes, func(a, b control.Code) int { return a.Sent.Compare(b.Sent) })
	return codes
}
